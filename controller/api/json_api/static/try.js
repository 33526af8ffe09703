// The page to try the JSON interface: a form is sent as a request, and the answer shown below it.
"use strict";

for (const form of document.querySelectorAll("form[data-try]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const input of form.querySelectorAll("input")) {
      if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(input.name, input.value);
    }
    const shown = form.parentElement.querySelector("[role=status]");
    const headers = { Authorization: `Bearer ${document.getElementById("token").value}` };
    const body = form.querySelector("textarea")?.value;
    if (body) headers["Content-Type"] = "application/json";
    try {
      const answer = await fetch(query.size ? `${path}?${query}` : path, { method: form.dataset.method, headers, body });
      const text = await answer.text();
      let told = text;
      try { told = JSON.stringify(JSON.parse(text), null, 2); } catch { /* as it is */ }
      shown.textContent = `${answer.status} ${answer.statusText}\n${told}`;
    } catch (error) {
      shown.textContent = String(error);
    }
  });
}
