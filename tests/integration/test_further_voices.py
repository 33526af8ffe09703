"""Voices of other hosts are fetched by their checksum, whole or not at all; each voice can be heard."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
import soundfile  # type: ignore[import-untyped]
from rich.console import Console

from controller.commands.voice_samples import record_voices
from controller.embedded.progress import Progress
from controller.errors import SpeechError
from controller.programs import ProgramTree
from controller.script.voice_ids import VOICES
from controller.speech.neural.download import fetch_voice
from controller.speech.neural.models import find_models
from tests.support.asterisk import PROJECT

MODEL = b"a model of a voice"
CHECKSUM = hashlib.sha256(MODEL).hexdigest()
DESCRIPTION = json.dumps({"language": {"code": "de_DE"}, "dataset": "thorsten"})


@pytest.fixture
def host(tmp_path: Path) -> str:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "voice.onnx").write_bytes(MODEL)
    (tmp_path / "host" / "voice.onnx.json").write_text(DESCRIPTION)
    return (tmp_path / "host" / "voice.onnx").as_uri()


def fetch(folder: Path, url: str, checksum: str = CHECKSUM, name: str = "de_DE-thorsten-medium") -> None:
    fetch_voice(name, url, checksum, folder, Progress(io.StringIO()))


def test_a_voice_of_another_host_is_there_with_its_language_and_gender(tmp_path: Path, host: str) -> None:
    fetch(tmp_path / "voices", host, CHECKSUM.upper())
    (model,) = find_models([tmp_path / "voices"])
    assert (model.name, model.tag, model.gender) == ("de_DE-thorsten-medium", "de-de", "Male")
    assert model.path.read_bytes() == MODEL


def test_a_model_of_another_checksum_leaves_nothing_and_what_was_there_stays(tmp_path: Path, host: str) -> None:
    folder = tmp_path / "voices"
    fetch(folder, host)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "host" / "voice.onnx").write_bytes(b"another model")
    with pytest.raises(SpeechError, match="checksum"):
        fetch(folder, host)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "checksum", "description", "words"),
    [
        ("../../etc/passwd", CHECKSUM, DESCRIPTION, "Not a valid name of a voice"),
        ("voice", "abc", DESCRIPTION, "Not a valid SHA-256"),
        ("voice", CHECKSUM, "<html>", "does not describe a voice"),
        ("voice", CHECKSUM, "[]", "does not describe a voice"),
    ],
)
def test_what_is_no_voice_is_refused_with_the_reason(
    tmp_path: Path, host: str, name: str, checksum: str, description: str, words: str
) -> None:
    (tmp_path / "host" / "voice.onnx.json").write_text(description)
    with pytest.raises(SpeechError, match=words):
        fetch(tmp_path / "voices", host, checksum, name)
    assert not list(tmp_path.glob("voices/*"))
    assert not list(tmp_path.glob("voices/.*"))


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/voice.onnx", "voice.onnx", "http://127.0.0.1:1/voice.onnx", "file:///nowhere"]
)
def test_an_address_that_gives_nothing_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(SpeechError, match=r"voice\.onnx|nowhere"):
        fetch(tmp_path / "voices", url)


async def test_each_voice_speaks_into_a_file_of_its_own(
    tools: ProgramTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RINGPOST_TOOLS", str(tools.root))
    printed = io.StringIO()
    folder = tmp_path / "heard"
    await record_voices(PROJECT / "config" / "ringpost.yaml", folder, "Hello.", Console(file=printed, width=300))
    written = sorted(folder.iterdir())
    assert [int(path.name.partition("-")[0]) for path in written] == sorted(voice.id for voice in VOICES)
    for path in written:
        samples, rate = soundfile.read(path)
        assert rate == 8000
        assert abs(samples).max() > 0.1
    assert "0000-Diane.wav: flite:slt" in printed.getvalue()
