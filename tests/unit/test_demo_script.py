"""The demo's first impression: its menu leads where it says, for every key and for a caller who presses none."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.script.effects import CollectDigits, Effect, End, Play, Sound, Speech, WaitForDigit
from controller.script.engine import Engine
from controller.script.outcomes import DigitPressed, Finished, Reaction
from controller.script.parser import parse
from controller.script.state import State

PROGRAM = parse((Path(__file__).parents[2] / "config/scripts/welcome.txt").read_text())


def _call(keys: list[str]) -> tuple[list[str], Engine]:
    """What is heard when `keys` are pressed, one item at each wait for input, "" for none; and the engine."""
    engine = Engine(PROGRAM, State.for_incoming(phonenumber="+12015550101", callerid="+12015550199"))
    heard: list[str] = []
    effect: Effect = engine.start()
    for _ in range(100):
        if isinstance(effect, End):
            return heard, engine
        if isinstance(effect, Play):
            heard += [prompt.text for prompt in effect.prompts if isinstance(prompt, Speech)]
            heard += [f"~{prompt.sound_id}~" for prompt in effect.prompts if isinstance(prompt, Sound)]
        elif isinstance(effect, WaitForDigit | CollectDigits):
            for key in keys.pop(0) if keys else "":
                if engine.observe(DigitPressed(key)) is Reaction.STOP:
                    break
        effect = engine.resume(Finished())
    raise AssertionError("the demo does not end")


@pytest.mark.parametrize(
    ("keys", "said", "not_said"),
    [
        (["1"], "open from nine to five", "zip code"),
        (["2", "07305"], "will call you back", "did not get"),
        (["3"], "Goodbye", "open from"),
        (["2", "", "1"], "open from nine to five", "will call you back"),
        (["", "1"], "open from nine to five", "could not help"),
        ([], "could not help", "open from"),
        (["9", "9", "9", "9"], "could not help", "open from"),
    ],
)
def test_the_demos_menu_leads_where_it_says(keys: list[str], said: str, not_said: str) -> None:
    heard, _ = _call(keys)
    text = " ".join(heard)
    assert heard[-1].endswith("Goodbye!")
    assert "Welcome to Ringpost." in text
    assert "~chime~" in text
    assert said in text
    assert not_said not in text


def test_the_demo_reads_the_zip_code_back_digit_by_digit_and_posts_it() -> None:
    heard, engine = _call(["2", "07305"])
    assert "0 7 3 0 5" in " ".join(heard).replace(",", "").replace(".", "")
    assert engine.state.variables["zip"] == "07305"


def test_the_demos_prompt_is_interrupted_by_a_digit() -> None:
    engine = Engine(PROGRAM, State.for_incoming())
    assert isinstance(engine.start(), Play)
    assert engine.observe(DigitPressed("1")) is Reaction.STOP
    effect = engine.resume(Finished())
    assert isinstance(effect, Play)
    assert "nine to five" in str(effect.prompts)


def test_the_demos_script_has_nothing_to_complain_about() -> None:
    assert PROGRAM.diagnostics == ()
