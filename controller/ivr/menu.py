"""The commands of a menu: coming to it, and taking the caller's choice. No script can write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command
from controller.script.commands.machine import Machine
from controller.script.effects import CollectDigits, Effect, WaitForDigit
from controller.script.outcomes import HungUp, Outcome, Reaction

CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class EnterMenu(Command):
    """Begin a menu: nothing has gone wrong in it yet, and its digits are choices, whatever was bound before.

    ivr: its name.
    """

    name: ClassVar[str] = "Menu"
    heeds_digits: ClassVar[bool] = True
    ivr: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.menu_failures = 0
        machine.state.bindings.clear()
        machine.state.act_on_digit = True
        return None

    def binds_only(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class EnterRouting(Command):
    """Begin what a number's routing says: digits lead nowhere until something asks for them."""

    name: ClassVar[str] = "Routing"
    routes: ClassVar[bool] = True
    heeds_digits: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.bindings.clear()
        machine.state.act_on_digit = True
        return None

    def binds_only(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class EnterScript(Command):
    """Begin a script as a call to its own number would: 1 is bound to its start, and its switches are on."""

    name: ClassVar[str] = "Script"
    heeds_digits: ClassVar[bool] = True
    start: str

    def perform(self, machine: Machine) -> Effect | None:
        state = machine.state
        state.bindings.clear()
        state.bindings["1"] = self.start
        state.act_on_digit = state.act_on_feature = True
        state.sound_pausing = False
        return None

    def binds_only(self) -> Mapping[str, str]:
        return {"1": self.start}


@dataclass(frozen=True, slots=True)
class Leave(Command):
    """Go on at a label that a menu leads to. `forget`: keys pressed before are not meant for what is there."""

    name: ClassVar[str] = "Go"
    falls_through: ClassVar[bool] = False
    label: str
    forget: bool = False

    def perform(self, machine: Machine) -> Effect | None:
        if self.forget:
            machine.state.typed_ahead = ""
        machine.jump(self.label)
        return None

    def jumps(self) -> tuple[str, ...]:
        return (self.label,)


@dataclass(frozen=True, slots=True)
class Choose(Command):
    """Wait for a choice, and go where it leads.

    A choice that begins no other acts at its last digit; one that does waits `digit_timeout` seconds for more. Digits
    that fit no choice end the wait at once. After no input within `timeout` seconds, or a wrong choice, the prompt is
    played again, `repeat` times in all; after that the caller goes on at the label `no_input` or `wrong_choice`.

    choices: the digits of each, and the label where it leads. prompt: the label of the menu's prompt.
    """

    name: ClassVar[str] = "Choose"
    takes_digits: ClassVar[bool] = True
    falls_through: ClassVar[bool] = False
    choices: tuple[tuple[str, str], ...]
    timeout: float
    digit_timeout: float
    repeat: int
    prompt: str
    no_input: str
    wrong_choice: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.collected = ""
        return self._go_on(machine)

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        machine.state.collected += digit
        if self._decided(machine.state.collected) or not isinstance(machine.state.pending, CollectDigits):
            return Reaction.STOP
        return Reaction.RESTART_TIMER

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        state = machine.state
        if isinstance(outcome, HungUp):
            return None
        if isinstance(state.pending, CollectDigits):
            self._take(machine)
            return None
        if not state.collected:
            self._fail(machine, self.no_input)
            return None
        return self._go_on(machine)

    def lasts(self) -> tuple[float, float]:
        longest = max((len(digits) for digits, _ in self.choices), default=1)
        return 0.0, self.timeout + self.digit_timeout * longest

    def jumps(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*(label for _, label in self.choices), self.no_input, self.wrong_choice)))

    def retries(self) -> tuple[str, int]:
        return self.prompt, self.repeat

    def __str__(self) -> str:
        return f"{self.name}({'|'.join(digits for digits, _ in self.choices)})"

    def _decided(self, digits: str) -> bool:
        """Whether no further digit can make another choice of these."""
        return bool(digits) and not any(
            len(choice) > len(digits) and choice.startswith(digits) for choice, _ in self.choices
        )

    def _go_on(self, machine: Machine) -> Effect | None:
        """Take what was typed ahead; then take the choice, or wait for (the rest of) it."""
        state = machine.state
        while state.typed_ahead and not self._decided(state.collected):
            state.collected, state.typed_ahead = state.collected + state.typed_ahead[0], state.typed_ahead[1:]
        if self._decided(state.collected):
            self._take(machine)
            return None
        return CollectDigits(CHOICE, self.digit_timeout) if state.collected else WaitForDigit(self.timeout)

    def _take(self, machine: Machine) -> None:
        digits, machine.state.collected = machine.state.collected, ""
        label = dict(self.choices).get(digits)
        if label is None:
            self._fail(machine, self.wrong_choice)
        else:
            machine.jump(label)

    def _fail(self, machine: Machine, otherwise: str) -> None:
        state = machine.state
        state.menu_failures += 1
        target = machine.program.target(self.prompt)
        if state.menu_failures <= self.repeat and target is not None:
            # The same menu once more: no jump that anybody chose.
            state.position = target
        else:
            machine.jump(otherwise)
