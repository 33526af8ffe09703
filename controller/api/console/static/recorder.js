// Records with the microphone of this machine: what was heard becomes a WAV file in the form of the page, and is uploaded by it.
const form = document.getElementById("upload"), button = document.getElementById("record");
const state = document.getElementById("recorder-state");
// What is said comes with the page, in its language.
const said = document.getElementById("recorder").dataset;
// A file of 16 bits stays below the 20 MiB that are taken.
const LONGEST_SECONDS = 120;
let recording = null;

// Without a microphone, or over plain HTTP from elsewhere, there is nothing to record with.
if (navigator.mediaDevices && window.AudioWorkletNode) document.getElementById("recorder").hidden = false;

button.addEventListener("click", async () => {
  if (recording) return stop();
  button.disabled = true;
  try {
    recording = await start();
    button.textContent = said.stop;
  } catch {
    state.textContent = said.refused;
  }
  button.disabled = false;
});

async function start() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("./microphone.js", import.meta.url));
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  const blocks = [];
  let heard = 0;
  node.port.onmessage = (event) => {
    blocks.push(event.data);
    heard += event.data.length;
    state.textContent = said.recording.replace("{seconds}", Math.floor(heard / context.sampleRate));
  };
  context.createMediaStreamSource(stream).connect(node);
  const limit = setTimeout(stop, LONGEST_SECONDS * 1000);
  return { stream, context, blocks, limit };
}

async function stop() {
  const { stream, context, blocks, limit } = recording;
  recording = null;
  clearTimeout(limit);
  for (const track of stream.getTracks()) track.stop();
  await context.close();
  button.disabled = true;
  const files = new DataTransfer();
  files.items.add(new File([wav(blocks, context.sampleRate)], "recording.wav", { type: "audio/wav" }));
  form.elements.file.files = files.files;
  state.textContent = said.uploading;
  form.requestSubmit();
}

// 16 bits, one channel, at the rate of the microphone; the server makes of it what a telephone plays.
function wav(blocks, rate) {
  const samples = blocks.reduce((count, block) => count + block.length, 0);
  const file = new DataView(new ArrayBuffer(44 + 2 * samples));
  const text = (at, said) => [...said].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF"); file.setUint32(4, 36 + 2 * samples, true); text(8, "WAVEfmt ");
  file.setUint32(16, 16, true); file.setUint16(20, 1, true); file.setUint16(22, 1, true);
  file.setUint32(24, rate, true); file.setUint32(28, 2 * rate, true); file.setUint16(32, 2, true); file.setUint16(34, 16, true);
  text(36, "data"); file.setUint32(40, 2 * samples, true);
  let at = 44;
  for (const block of blocks) for (const each of block) { file.setInt16(at, Math.round(32767 * Math.max(-1, Math.min(1, each))), true); at += 2; }
  return file.buffer;
}
