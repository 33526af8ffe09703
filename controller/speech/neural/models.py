"""Models: the voices of the neural engine, as files on this machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

ENDS_BYTES = 1_048_576

# What model files do not say of themselves, by the name of the data set that a model was trained on (piper's voices).
_WOMEN = """
    alba amy cori daniela eva_k hfc_female jenny_dioco kathleen kerstin kristin lessac ljspeech paola ramona siwis
    southern_english_female
"""
_MEN = """
    alan ald bryce carlfm danny davefx gilles hfc_male joe john karlsson kusal norman northern_english_male pavoque
    riccardo ryan thorsten tom
"""
GENDER_OF = dict.fromkeys(_WOMEN.split(), "Female") | dict.fromkeys(_MEN.split(), "Male")


@dataclass(frozen=True, slots=True)
class Model:
    """A voice's file. `name`: that of the file, e.g. en_US-joe-medium; `tag`: its language as of RFC 5646, in lower
    case; `gender`: Female, Male, or empty where nobody knows; `licence`: what its makers ask for, as far as it is said.
    """

    name: str
    path: Path
    tag: str
    gender: str
    licence: str

    @property
    def primary(self) -> str:
        """The language without the region."""
        return self.tag.partition("-")[0]

    @property
    def version(self) -> str:
        """What tells this file from another of its name, the same on every machine: its length, and the hash of its
        ends, where a model that was trained anew differs."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            ends = file.read(ENDS_BYTES)
            file.seek(max(0, size - ENDS_BYTES))
            ends += file.read(ENDS_BYTES)
        return f"{self.name} {size} {hashlib.sha256(ends).hexdigest()}"


def find_models(folders: Iterable[Path]) -> tuple[Model, ...]:
    """The models in these folders (NAME.onnx beside NAME.onnx.json), by name; the first of a name counts.

    A model whose description cannot be read is left out, with a line in the log.
    """
    found: dict[str, Model] = {}
    for folder in folders:
        for path in _files(folder):
            try:
                model = _read(path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("a voice cannot be used", file=str(path), reason=f"{type(error).__name__}: {error}")
                continue
            found.setdefault(model.name, model)
    return tuple(found[name] for name in sorted(found))


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.onnx"))) if folder.is_dir() else iter(())


def _read(path: Path) -> Model:
    described = json.loads(Path(f"{path}.json").read_bytes())
    language = described["language"]["code"] if "language" in described else described["espeak"]["voice"]
    data_set = str(described.get("dataset") or "").lower()
    gender = str(described.get("gender") or GENDER_OF.get(data_set, ""))
    return Model(path.stem, path, language.replace("_", "-").lower(), gender.capitalize(), _licence(path, described))


def _licence(path: Path, described: dict[str, object]) -> str:
    """What the model's card says, the file MODEL_CARD beside it or NAME.onnx.txt; else what its description says."""
    for card in (Path(f"{path}.txt"), path.with_name("MODEL_CARD")):
        if card.is_file():
            for line in card.read_text(encoding="utf-8", errors="replace").splitlines():
                name, _, value = line.strip("* \t").partition(":")
                if name.lower() in ("license", "licence") and value.strip():
                    return value.strip()[:100]
    return str(described.get("license") or "")[:100]
