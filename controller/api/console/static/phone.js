// The telephone of the console: SIP over the console's own address (JsSIP), the audio by WebRTC.
import JsSIP from "./jssip.js";

const page = document.getElementById("phone");
const { root, key, csrf } = page.dataset;
const state = document.getElementById("phone-state");
const dial = document.getElementById("dial"), text = document.getElementById("text");
const buttons = { call: document.getElementById("call"), hangUp: document.getElementById("hang-up"), mute: document.getElementById("mute") };
const keys = [...document.querySelectorAll("[data-digit]")];
const timeline = document.getElementById("timeline"), callName = document.getElementById("call-name");
// Asterisk tells accounts apart by their names; it asks for no host.
const HOST = "ringpost.invalid";
const AGAIN_MS = 3000, GATHERED_MS = 400;

let agent = null, account = null, call = null, retry = 0, attempt = 0;

// Messages come with the page, in its language.
const said = JSON.parse(page.dataset.words);
const _ = (message, values = {}) => (said[message] ?? message).replace(/%\((\w+)\)s/g, (_all, name) => values[name] ?? "");
const say = (words) => { state.textContent = words; };

function show() {
  const ready = Boolean(agent?.isRegistered());
  buttons.call.disabled = !ready || Boolean(call);
  buttons.hangUp.disabled = !call;
  buttons.mute.disabled = !call?.isEstablished();
  text.querySelector("button").disabled = !ready;
  for (const each of keys) each.disabled = !call?.isEstablished();
  dial.elements.number.disabled = Boolean(call);
}

// An account of its own for each connection: it is gone when the connection is.
async function connect() {
  const turn = ++attempt;
  clearTimeout(retry);
  agent?.removeAllListeners();
  agent?.stop();
  agent = null;
  show();
  say(_("Connecting …"));
  try {
    const fields = { csrf, key, number: dial.elements.number.value };
    const answer = await fetch(`${root}/phone/account`, { method: "POST", body: new URLSearchParams(fields) });
    if (answer.status === 403) return say(_("You are not logged in any more: load the page again."));
    if (!answer.ok) throw new Error(_("the console answered %(status)s", { status: answer.status }));
    const made = await answer.json();
    if (turn !== attempt) return; // another number was chosen meanwhile
    account = made;
  } catch (error) {
    return turn === attempt && later(error.message);
  }
  const query = new URLSearchParams({ name: account.name, number: account.number, key });
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new JsSIP.WebSocketInterface(`${scheme}://${location.host}${root}/phone/socket?${query}`);
  const mine = new JsSIP.UA({
    sockets: [socket], uri: `sip:${account.name}@${HOST}`, password: account.password,
    register: true, session_timers: false, user_agent: "Ringpost console",
  });
  agent = mine;
  mine.on("registered", () => { say(_("Ready. Calls show %(number)s.", account)); show(); });
  mine.on("registrationFailed", (event) => later(_("Asterisk refused the account: %(cause)s", event)));
  mine.on("disconnected", () => later(_("the connection is lost")));
  mine.on("newMessage", ({ originator, message, request }) => {
    if (originator === "remote") { bubble(_("from %(number)s", { number: message.remote_identity.uri.user }), request.body ?? "", false); message.accept(); }
  });
  mine.on("newRTCSession", ({ originator, session }) => {
    if (originator === "remote") session.terminate({ status_code: 480 });
  });
  mine.start();
}

function later(reason) {
  agent?.removeAllListeners();
  agent?.stop();
  agent = null;
  over(_("Not connected: %(reason)s. Trying again …", { reason }));
  clearTimeout(retry);
  retry = setTimeout(connect, AGAIN_MS);
}

function over(words) {
  if (call) call = null;
  document.getElementById("far").srcObject = null;
  buttons.mute.setAttribute("aria-pressed", "false");
  say(words);
  show();
}

dial.addEventListener("submit", (event) => {
  event.preventDefault();
  const to = dial.elements.to.value.replace(/[^0-9A-Za-z+*#]/g, "");
  if (call || !agent?.isRegistered() || !to) return;
  if (!navigator.mediaDevices) return say(_("Browsers give the microphone to pages over HTTPS and of localhost only."));
  let gathered = 0;
  const mine = agent.call(`sip:${encodeURIComponent(to)}@${HOST}`, {
    mediaConstraints: { audio: true, video: false },
    pcConfig: { iceServers: [] },
    eventHandlers: {
      // Without an address of its own in the offer, as browsers hide it, Asterisk takes the call for one on hold.
      sdp: (offer) => { if (offer.originator === "local") offer.sdp = offer.sdp.replaceAll("IN IP4 0.0.0.0", "IN IP4 127.0.0.1"); },
      icecandidate: (found) => { clearTimeout(gathered); gathered = setTimeout(found.ready, GATHERED_MS); },
      progress: () => say(_("Ringing %(to)s …", { to })),
      confirmed: () => {
        const [receiver] = mine.connection.getReceivers();
        const far = document.getElementById("far");
        far.srcObject = new MediaStream([receiver.track]);
        far.play().catch(() => say(_("The browser plays no sound: allow it for this page.")));
        say(_("In a call with %(to)s.", { to }));
        show();
      },
      ended: (end) => over(end.originator === "local" ? _("The call is over: you hung up.") : _("The call is over: the other side hung up.")),
      failed: (end) => over(failure(end.cause)),
    },
  });
  call = mine;
  say(_("Calling %(to)s …", { to }));
  callName.textContent = "";
  timeline.replaceChildren();
  show();
  watch(mine, account.name);
});

function failure(cause) {
  const { causes } = JsSIP.C;
  if (cause === causes.USER_DENIED_MEDIA_ACCESS) return _("No call: the browser did not give the microphone.");
  if (cause === causes.NOT_FOUND || cause === causes.ADDRESS_INCOMPLETE) return _("No call: this is not one of your numbers.");
  if (cause === causes.CANCELED) return _("The call is over: you hung up.");
  return _("No call: %(cause)s.", { cause });
}

// The page of the call, as it happens.
async function watch(mine, name) {
  while (call === mine) {
    const answer = await fetch(`${root}/phone/call?${new URLSearchParams({ name, key })}`).catch(() => null);
    const found = answer?.ok ? (await answer.json()).call : null;
    if (!found) { await new Promise((done) => setTimeout(done, 500)); continue; }
    const link = document.createElement("a");
    link.href = `${root}/calls/${found}`;
    link.textContent = _("Call %(queue_id)s", { queue_id: found });
    callName.replaceChildren(link);
    timeline.dataset.live = `${root}/calls/${found}/live`;
    timeline.dispatchEvent(new CustomEvent("live", { bubbles: true }));
    return;
  }
}

buttons.hangUp.addEventListener("click", () => call?.terminate());
buttons.mute.addEventListener("click", () => {
  const muted = buttons.mute.getAttribute("aria-pressed") !== "true";
  if (muted) call?.mute({ audio: true }); else call?.unmute({ audio: true });
  buttons.mute.setAttribute("aria-pressed", String(muted));
});

const press = (digit) => call?.isEstablished() && call.sendDTMF(digit, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 160 });
for (const each of keys) each.addEventListener("click", () => press(each.dataset.digit));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  if (/^[0-9*#]$/.test(event.key)) press(event.key);
});

text.addEventListener("submit", (event) => {
  event.preventDefault();
  const to = text.elements.to.value.replace(/[^0-9+]/g, ""), body = text.elements.body.value;
  if (!to || !agent?.isRegistered()) return;
  // Asterisk takes a text before anybody knows whose the number is.
  if (!isTexted(to)) return bubble(_("to %(to)s, not sent: this is not one of your numbers for texts", { to }), body, true);
  const told = bubble(_("to %(to)s, sending …", { to }), body, true);
  agent.sendMessage(`sip:${encodeURIComponent(to)}@${HOST}`, body, {
    eventHandlers: {
      succeeded: () => { told.textContent = _("to %(to)s, taken", { to }); },
      failed: (end) => { told.textContent = _("to %(to)s, refused: %(cause)s", { to, cause: end.cause }); },
    },
  });
  text.elements.body.value = "";
});

// Numbers are written with or without the country's code.
function isTexted(number) {
  const digits = number.replace(/[^0-9]/g, "");
  return digits.length >= 7 && [...document.querySelectorAll("#texted-numbers option")].some((each) => each.value.endsWith(digits));
}

function bubble(who, body, mine) {
  const made = document.createElement("div"), small = document.createElement("small");
  made.className = mine ? "bubble out" : "bubble";
  small.textContent = who;
  made.append(body, small);
  document.getElementById("texts").append(made);
  made.scrollIntoView({ block: "nearest" });
  return small;
}

dial.elements.number.addEventListener("change", connect);
window.addEventListener("pagehide", () => agent?.stop());
connect();
