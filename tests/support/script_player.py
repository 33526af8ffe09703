"""A call without a telephone: plays a script through the engine, one effect at a time.

At every step the state goes through JSON into a new engine, as if the controller had been restarted there.
"""

from __future__ import annotations

import json

from controller.script.effects import Effect, End
from controller.script.engine import Engine
from controller.script.outcomes import (
    Detected,
    DigitPressed,
    Failed,
    Fetched,
    Finished,
    Note,
    Outcome,
    Reaction,
    TimeTold,
    TransferFailed,
)
from controller.script.parser import parse
from controller.script.program import Program
from controller.script.state import State


class Player:
    """One run of a script. `effect` is the one under way."""

    def __init__(self, script: str | Program, state: State | None = None) -> None:
        self.program = parse(script) if isinstance(script, str) else script
        self.notes: list[Note] = []
        given = state or State.for_incoming(phonenumber="+12015550101", callerid="+12015550110", key_seed="seed")
        self._engine = Engine(self.program, given)
        self.effect: Effect = self._engine.start()
        self._restart()

    @property
    def state(self) -> State:
        return self._engine.state

    @property
    def variables(self) -> dict[str, str]:
        return self.state.variables

    def resume(self, outcome: Outcome | None = None, seconds: float | None = None) -> Effect:
        """Answer the effect under way, which took so long; gives the next one. What came about took a second."""
        outcome = outcome or Finished()
        if seconds is None:
            seconds = 0.0 if isinstance(outcome, (Failed, TransferFailed, Fetched, TimeTold)) else 1.0
        self.effect = self._engine.resume(outcome, seconds)
        self._restart()
        return self.effect

    def press(self, digits: str) -> list[Reaction]:
        """Press digits one after the other; an effect that the engine stops is over at once."""
        return [self._react(self._engine.observe(DigitPressed(digit))) for digit in digits]

    def detect(self, what: str, evidence: str = "") -> Reaction:
        return self._react(self._engine.observe(Detected(what, evidence)))

    def run(self, outcome: Outcome | None = None, *, most: int = 10_000) -> list[Effect]:
        """Answer every effect in the same way until the end; gives them all, the one under way included."""
        played = [self.effect]
        while not isinstance(self.effect, End):
            assert len(played) <= most, "the script does not end"
            played.append(self.resume(outcome))
        return played

    def noted(self, event: str) -> list[tuple[str, ...]]:
        """The values of all notes of this event so far."""
        return [tuple(value for _, value in note.fields) for note in self.notes if note.event == event]

    def _react(self, reaction: Reaction) -> Reaction:
        self._restart()
        if reaction is Reaction.STOP:
            self.resume()
        return reaction

    def _restart(self) -> None:
        self.notes.extend(self._engine.take_notes())
        stored = json.dumps(self._engine.state.to_json())
        state = State.from_json(stored)
        assert state == self._engine.state
        self._engine = Engine(self.program, state)
        assert self._engine.again() == self.effect
        assert not self._engine.take_notes()
