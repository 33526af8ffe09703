"""The program that speaks: run by the speech environment's own Python, never imported by Ringpost.

A message is its length (4 bytes, big endian) and a JSON object. Requests come on standard input, one is answered after
the other on standard output; an answer with sound is followed by its samples (16 bit, little endian, mono):

    {"id": 7, "model": "/…/en_US-joe-medium.onnx", "speaker": null, "stretch": 1.0, "text": "Hello."}
    {"id": 7, "rate": 22050, "bytes": 21504}  or  {"id": 7, "error": "…"}

The end of standard input ends the program. Only the standard library and the speech environment's packages are here.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

MOST_REQUEST_BYTES = 1_000_000
MOST_MODELS = 4
# So the kernel ends this process before any other of the service when memory runs out.
FIRST_TO_GO = "800"


def main(arguments: list[str]) -> int:
    """Answer requests until they end. Argument: the most memory, in megabytes."""
    limit = int(arguments[0]) * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    voices = Voices()
    while (request := read_request(sys.stdin.buffer)) is not None:
        try:
            rate, samples = voices.speak(request)
            answer = {"id": request.get("id"), "rate": rate, "bytes": len(samples)}
        except MemoryError:
            return 1  # a fresh process has room again
        except Exception as error:  # whatever a library raises, the next text may be spoken
            samples, answer = b"", {"id": request.get("id"), "error": f"{type(error).__name__}: {error}"[:500]}
        encoded = json.dumps(answer).encode()
        answers.write(struct.pack(">I", len(encoded)) + encoded + samples)
        answers.flush()
    return 0


def read_request(stream: BinaryIO) -> dict[str, Any] | None:
    """The next request; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    if length > MOST_REQUEST_BYTES:
        return None
    request = json.loads(stream.read(length))
    return request if isinstance(request, dict) else {}


class Voices:
    """Speaks with piper's models; the most lately used stay loaded."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[str, Any] = OrderedDict()

    def speak(self, request: dict[str, Any]) -> tuple[int, bytes]:
        """The rate in Hz and the samples of a text, sentence after sentence."""
        from piper import SynthesisConfig

        voice = self._voice(request["model"])
        manner = SynthesisConfig(
            speaker_id=request.get("speaker"),
            length_scale=voice.config.length_scale * float(request["stretch"]),
            noise_scale=request.get("noise"),
            noise_w_scale=request.get("liveliness"),
        )
        chunks = [chunk.audio_int16_bytes for chunk in voice.synthesize(request["text"], manner)]
        return int(voice.config.sample_rate), b"".join(chunks)

    def _voice(self, model: str) -> Any:
        if model not in self._loaded:
            import onnxruntime
            from piper import PiperVoice
            from piper.config import PiperConfig

            options = onnxruntime.SessionOptions()
            # One core a process: several processes share the machine better than threads that wait for each other.
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_bytes()))
            session = onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])
            self._loaded[model] = PiperVoice(session=session, config=config)
            while len(self._loaded) > MOST_MODELS:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(model)
        return self._loaded[model]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
