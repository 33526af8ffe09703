"""A stand-in for the packages of the speech environment: the worker program runs as it is, and tones are its speech."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import controller
from controller.speech.neural.environment import REQUIREMENTS
from controller.speech.neural.models import find_models
from controller.speech.neural.piper_engine import Piper

_PIPER = '''
"""Speaks a character as 10 ms of a tone; does what a text between braces says; notes each text in the folder's log."""
import os, struct, time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(__file__).parent.parent

@dataclass
class SynthesisConfig:
    speaker_id: object = None
    length_scale: float = 1.0
    noise_scale: object = None
    noise_w_scale: object = None

class PiperVoice:
    def __init__(self, session, config):
        self.config = config

    def synthesize(self, text, manner):
        print("a library prints what it likes")
        with (FOLDER / "log").open("a") as log:
            log.write(text + "\\n")
        if "{abort}" in text:
            os.abort()
        if "{error}" in text:
            raise ValueError("no such phoneme")
        while "{wait}" in text and not (FOLDER / "go").exists():
            time.sleep(0.01)
        period = struct.pack("<80h", *([12000] * 40 + [-12000] * 40))
        yield SimpleNamespace(audio_int16_bytes=period * max(1, round(2 * len(text) * manner.length_scale)))
'''
_CONFIG = """
from types import SimpleNamespace

class PiperConfig:
    @staticmethod
    def from_dict(described):
        return SimpleNamespace(sample_rate=16000, length_scale=1.0)
"""
_ONNXRUNTIME = """
class SessionOptions:
    pass

class InferenceSession:
    def __init__(self, model, sess_options, providers):
        open(model, "rb").close()
"""


class StandIn:
    """The packages and the voices in a folder, and engines that use them."""

    def __init__(self, folder: Path, *voices: tuple[str, str, str]) -> None:
        """voices: name, language code and data set (which decides the gender)."""
        self.folder = folder
        packages = {"piper/__init__.py": _PIPER, "piper/config.py": _CONFIG, "onnxruntime.py": _ONNXRUNTIME}
        for name, source in packages.items():
            path = folder / "packages" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        self.voices = folder / "voices"
        self.voices.mkdir()
        for name, code, data_set in voices or (("en_US-joe-medium", "en_US", "joe"),):
            (self.voices / f"{name}.onnx").write_bytes(b"a model")
            described = {"language": {"code": code}, "dataset": data_set}
            (self.voices / f"{name}.onnx.json").write_text(json.dumps(described))

    def engine(self, **options: Any) -> Piper:
        """The engine, its worker run by this Python with the stand-in's packages."""
        models = find_models([self.voices])
        return Piper(Path(sys.executable), models, env={"PYTHONPATH": str(self.folder / "packages")}, **options)

    def install(self, speech: Path) -> None:
        """Put them where a service finds its neural engine: the speech folder of its state directory."""
        python = speech / "environment" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nPYTHONPATH={self.folder / "packages"} exec {sys.executable} "$@"\n')
        python.chmod(0o755)
        shutil.copytree(self.voices, speech / "voices")
        release = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
        (speech / "installed.json").write_text(json.dumps({"packages": release}))

    def let_go(self) -> None:
        """Have texts with `{wait}` go on."""
        (self.folder / "packages" / "go").touch()

    def spoken(self) -> list[str]:
        """What the workers were asked to speak, in turn."""
        log = self.folder / "packages" / "log"
        return log.read_text().splitlines() if log.exists() else []


def imports_of_the_product() -> Iterator[str]:
    """The lines of the package that import piper, with their file."""
    root = Path(controller.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for line in path.read_text().splitlines():
            if line.strip().startswith(("import piper", "from piper")):
                yield f"{path.relative_to(root)}: {line.strip()}"
