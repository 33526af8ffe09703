"""`ringpost sounds`: the sounds of a key from the command line."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.programs import ProgramTree


@pytest.fixture
def config(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: ProgramTree) -> Path:
    monkeypatch.setenv("DATABASE_URL", postgres)
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RINGPOST_TOOLS", str(tools.root))
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "chime.wav").write_bytes(audio("WAV", "PCM_16"))
    path = tmp_path / "ringpost.yaml"
    path.write_text("license_keys: {acme: {sounds: sounds, products: dialer}}\n")
    return path


def audio(format_: str, coding: str, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    sound = 0.4 * np.sin(2 * np.pi * 440 * np.arange(int(8000 * seconds)) / 8000)
    soundfile.write(file, sound, 8000, format=format_, subtype=coding)
    return file.getvalue()


async def run(config: Path, *arguments: str) -> Result:
    """The command, beside this event loop."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["sounds", *arguments, "--config", str(config)])


async def test_a_sound_is_added_listed_played_drawn_and_removed(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "anything.bin"
    file.write_bytes(audio("RAW", "ULAW", 2.5))
    added = await run(config, "add", "acme", "Test.Message", str(file))
    assert (added.exit_code, added.output) == (0, "test.message: 2.5 s\n")
    listed = json.loads((await run(config, "list", "acme", "--json")).stdout)
    assert listed == [
        {"name": "chime", "seconds": 1.0, "source": "configuration"},
        {"name": "test.message", "seconds": 2.5, "source": "database"},
    ]
    assert "test.message" in (await run(config, "list", "acme")).output
    played, drawn = tmp_path / "out.wav", tmp_path / "out.png"
    assert (await run(config, "play", "acme", "test.message", str(played))).exit_code == 0
    assert (soundfile.info(str(played)).samplerate, soundfile.info(str(played)).frames) == (8000, 20_000)
    assert (await run(config, "draw", "acme", "chime", str(drawn), "--width", "300")).exit_code == 0
    assert drawn.read_bytes()[16:20] == (300).to_bytes(4, "big")
    assert (await run(config, "remove", "acme", "test.message")).output == "removed\n"
    assert [each["name"] for each in json.loads((await run(config, "list", "acme", "--json")).stdout)] == ["chime"]


async def test_what_cannot_be_done_is_told_with_its_reason(config: Path, tmp_path: Path) -> None:
    text, empty = tmp_path / "letter.wav", tmp_path / "empty.mp3"
    text.write_text("This is no sound. " * 200)
    empty.write_bytes(b"")
    for arguments, reason in {
        ("add", "acme", "x", str(text)): "not audio",
        ("add", "acme", "x", str(empty)): "empty",
        ("add", "acme", "x", str(tmp_path / "nothing")): "cannot be read",
        ("add", "acme", "chime", str(tmp_path / "sounds" / "chime.wav")): "belongs to the configuration",
        ("add", "acme", "a|b", str(tmp_path / "sounds" / "chime.wav")): "1 to 100 characters",
        ("add", "nobody", "x", str(text)): "There is no licence key",
        ("play", "acme", "x", str(tmp_path / "x.wav")): "There is no sound",
        ("draw", "acme", "x", str(tmp_path / "x.png")): "There is no sound",
        ("draw", "acme", "chime", "/nonexistent/x.png"): "no such file",
        ("remove", "acme", "x"): "There is none of this name",
        ("remove", "acme", "chime"): "a file of the configuration",
    }.items():
        refused = await run(config, *arguments)
        assert refused.exit_code == 1, arguments
        assert reason in " ".join(refused.output.split()), (arguments, refused.output)
