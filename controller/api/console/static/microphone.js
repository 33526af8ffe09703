// Hands what a microphone hears to the page, block by block (AudioWorklet).
class Microphone extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice());
    return true;
  }
}
registerProcessor("microphone", Microphone);
