"""The keyboard as a keypad: keys in real time, the receiver, and a keyboard that is gone."""

from __future__ import annotations

from collections.abc import Iterable

from controller.commands.keyboard import KeyboardKeypad
from controller.script.parser import parse
from controller.script.simulation.simulator import Simulation
from controller.script.simulation.situation import HANG_UP, Press
from controller.script.state import State


class Hands:
    """Keys that are struck at given seconds, on a clock that nobody waits for."""

    def __init__(self, strokes: Iterable[tuple[float, str]]) -> None:
        self.now = 0.0
        self._strokes = list(strokes)

    def read_key(self, seconds: float) -> str | None:
        if self._strokes and self._strokes[0][0] <= self.now + seconds:
            at, key = self._strokes.pop(0)
            self.now = max(self.now, at)
            return key
        self.now += seconds
        return None

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def keypad(*strokes: tuple[float, str]) -> tuple[KeyboardKeypad, Hands]:
    hands = Hands(strokes)
    return KeyboardKeypad(hands.read_key, hands.clock, hands.sleep), hands


def test_a_key_is_pressed_when_it_is_struck() -> None:
    keys, _ = keypad((2.0, "5"))
    assert keys.next(0.0, 1.0) is None
    assert keys.next(1.0, 4.0) == Press(2.0, "5")


def test_time_passes_really_without_a_key() -> None:
    keys, hands = keypad()
    assert keys.next(0.0, 3.0) is None
    assert hands.now == 3.0


def test_other_keys_mean_nothing_and_letters_may_be_small() -> None:
    keys, _ = keypad((0.5, "x"), (0.6, "\n"), (0.7, "a"))
    assert keys.next(0.0, 1.0) == Press(0.7, "A")


def test_h_and_ctrl_d_hang_up() -> None:
    for key in ("h", "\x04"):
        keys, _ = keypad((0.5, key))
        assert keys.next(0.0, 1.0) == Press(0.5, HANG_UP)


def test_a_closed_keyboard_lets_the_call_go_on() -> None:
    keys, hands = keypad((0.5, ""), (0.6, "1"))
    assert keys.next(0.0, 2.0) is None
    assert hands.now == 2.0


def test_a_script_is_run_by_hand() -> None:
    keys, _ = keypad((0.3, "2"), (3.0, "h"))
    script = parse(r"~\AssignDTMF(2|two)~ Press two. ~\EndCall()~ ~\Label(two)~ You pressed two. ~\WaitForDTMF(9)~")
    lines = list(Simulation(script, State.for_incoming(), None, keys).run())
    assert [(line.event, line.t) for line in lines] == [
        ("say", 0.0),
        ("digit", 0.3),
        ("jump", 0.3),
        ("say", 0.3),
        ("wait_digit", 0.3 + 0.06 * len("You pressed two.")),
        ("end", 3.0),
    ]
