"""The reference page is that of the commands as they are, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controller.script.analysis.checker import check
from controller.script.effects import CollectDigits, End, Play, Record, Speech, Tone, WaitForDigit
from controller.script.outcomes import Finished, Reaction, Recorded
from controller.script.parser import parse
from controller.script.reference import ReferenceEntry, entries, page
from controller.script.state import State
from controller.speech import markup
from controller.speech.house_sounds import HOUSE_SOUNDS
from tests.support.script_player import Player

PAGE = Path(__file__).parents[2] / "docs" / "call-script.md"


def test_the_page_in_the_repository_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m controller.script.reference > docs/call-script.md"
    )


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_entry_is_complete_and_its_example_uses_the_command(entry: ReferenceEntry) -> None:
    assert entry.meaning
    assert all(meaning for _, meaning in entry.arguments)
    assert rf"~\{entry.name}(" in entry.example


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
@pytest.mark.parametrize("incoming", [True, False], ids=["incoming", "outgoing"])
def test_an_example_is_right_and_runs_to_its_end(entry: ReferenceEntry, incoming: bool) -> None:
    program = parse(entry.example)
    assert [each for each in check(program) if each.severity == "error"] == []
    player = Player(program, State.for_incoming() if incoming else State.for_outgoing())
    while not isinstance(player.effect, End):
        if isinstance(player.effect, (WaitForDigit, CollectDigits)):
            player.press("2" if isinstance(player.effect, WaitForDigit) else "12345#"[:5])
        player.resume(Recorded(2.0) if isinstance(player.effect, Record) else Finished())
    assert player.noted("error") == []
    assert any(rf"{entry.name}(" in step for (step,) in player.noted("step"))
    assert player.effect.reason in ("end-of-script", "end-call", "transferred")


def test_the_reference_names_every_sound_of_the_house() -> None:
    (special,) = [each for each in entries() if each.name == "PlaySpecialSoundFile"]
    assert set(re.findall("`([a-z]+)`", special.meaning)) == set(HOUSE_SOUNDS)


def test_the_reference_shows_every_tag_of_speech_control_that_has_an_effect() -> None:
    text = page()
    section = text[text.index("## Speech control") : text.index("## What is Ringpost's own reading")]
    assert set(re.findall(r"<([a-z-]+)[ >]", section)) == markup.TAGS


def test_what_is_said_to_be_ringposts_own_reading_is_said_of_commands_that_there_are() -> None:
    text = page()
    section = text[text.index("## What is Ringpost's own reading") : text.index("## Limits")]
    names = re.findall(r"^\| ([A-Z]\w+(?:, \w+)?) \|", section, re.MULTILINE)
    assert {name for row in names for name in row.split(", ")} <= {each.name for each in entries()}


def test_the_example_on_top_of_the_page_runs() -> None:
    lines = page().split("\n")
    script = "\n".join(line for line in lines[: lines.index("## How a call runs")] if line.startswith("    "))
    player = Player(script)
    assert player.program.diagnostics == ()
    assert player.press("2") == [Reaction.STOP]
    assert player.effect == Play((Speech("Speak after the tone."), Tone()))
    assert isinstance(player.resume(), Record)
