// The live parts of the console. Every page works without this, but for what moves by itself.
"use strict";

// A part that the server renders anew whenever something has happened; one that begins to live later tells so itself.
const streams = new WeakMap();
document.querySelectorAll("[data-live]").forEach(follow);
document.addEventListener("live", (event) => follow(event.target));
function follow(part) {
  streams.get(part)?.close();
  const events = new EventSource(part.dataset.live);
  streams.set(part, events);
  const told = document.getElementById("live-state");
  events.addEventListener("part", (event) => {
    // A player that plays is not taken away; the focus, and how far something is scrolled, stay where they were.
    if ([...part.querySelectorAll("audio")].some((audio) => !audio.paused)) return;
    const places = () => [...part.querySelectorAll("a, audio, [tabindex]")];
    const focused = places().indexOf(document.activeElement), link = document.activeElement?.getAttribute("href");
    const scrolled = [...part.querySelectorAll(".wide")].map((each) => each.scrollLeft);
    part.innerHTML = event.data;
    part.querySelectorAll(".wide").forEach((each, index) => { each.scrollLeft = scrolled[index] ?? 0; });
    if (focused >= 0) (places().find((each) => link && each.getAttribute("href") === link) ?? places()[focused])?.focus();
    if (told) told.textContent = document.body.dataset.liveWords;
    tick();
  });
  events.addEventListener("over", () => { events.close(); if (told) told.textContent = ""; });
  events.onerror = () => { if (told) told.textContent = document.body.dataset.connectingWords; };
}

// Clocks of calls in progress.
function tick() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}
setInterval(tick, 1000);
tick();

// Forms that ask first, and the one behind a link that logs in once.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
document.querySelector("form[data-submit-now]")?.submit();

// A script is checked while it is typed.
const editor = document.querySelector("textarea[data-check]");
if (editor) {
  let waiting, asked = 0;
  editor.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const mine = ++asked;
      const answer = await fetch(editor.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(editor.form)) });
      const html = await answer.text();
      if (answer.ok && mine === asked) document.getElementById("findings").innerHTML = html;
    }, 400);
  });
}
