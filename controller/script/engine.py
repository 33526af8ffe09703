"""The engine: a script and a call take turns. The engine says what the call must do, the call says how it ended."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from controller.script.commands.command import Command, Speaking
from controller.script.commands.kinds import DIGITS
from controller.script.commands.machine import LONGEST_VALUE, Machine
from controller.script.effects import Effect, End, Play, Prompt
from controller.script.frame import FIRST_SILENCE, GREETING, RING, TRANSFER
from controller.script.outcomes import (
    Detected,
    DigitPressed,
    Failed,
    Fetched,
    Finished,
    HungUp,
    Note,
    Observation,
    Outcome,
    Reaction,
    Recorded,
    TimeTold,
    TransferAsked,
    TransferFailed,
)
from controller.script.program import Program
from controller.script.state import OPERATORS_TRANSFER_LABEL, State

MOST_TIMELESS_STEPS = 1000
# So many commands each second of the call makes good again: a script that runs more for long is stopped, or one call
# could keep the journal busy with nothing but its own steps.
STEPS_A_SECOND = 100
# Every call of a number runs the same commands: each is put into words once.
_written = lru_cache(maxsize=10_000)(str)
# What ends so may have ended at once: it counts as time only when it took as long as this. A loop of failures is
# stopped like one of commands alone.
_MAY_TAKE_NO_TIME = (Failed, TransferFailed, Fetched, TimeTold)
LEAST_SECONDS = 0.1
# Leads to the wait for the end of a greeting; no script can have a label of this name.
_GREETING_FIRST = "~greeting"
_RESTARTING = frozenset({"MACHINE", "FAX", "RING"})


class Engine:
    """Runs `program` from `state` on. It holds nothing else: the state is all that must be kept to go on elsewhere.

    The call passes every digit and every detection to `observe` the moment it is noticed, whatever the effect under
    way, and does what the reaction says. No outcome and no observation raises.
    """

    def __init__(self, program: Program, state: State) -> None:
        self.program = program
        self.state = state
        self._machine = Machine(program, state)

    def start(self) -> Effect:
        """The first effect; of a script that has started already, the one under way."""
        if self.state.pending is not None:
            return self.state.pending
        self._jump_if_due()
        return self._run()

    def again(self) -> Effect:
        """The effect under way: for whoever takes the call over, to be carried out from its beginning."""
        return self.start()

    def resume(self, outcome: Outcome, seconds: float = 0.0) -> Effect:
        """Take the outcome of the effect under way, and give the next effect. After `End` it gives `End` again.

        seconds: how long the effect took.
        """
        state = self.state
        if state.pending is None:
            return self.start()
        if isinstance(state.pending, End):
            return state.pending
        command = self.program.command(state.current)
        state.waited += seconds
        if seconds >= LEAST_SECONDS or not isinstance(outcome, _MAY_TAKE_NO_TIME):
            state.timeless_steps = max(0, state.timeless_steps - ceil(seconds * STEPS_A_SECOND))
        ended = None if command is None else command.finish(self._machine, outcome)
        self._note_failure(command, outcome)
        state.pending = None
        state.stopping = False
        if isinstance(outcome, HungUp) or (isinstance(outcome, Recorded) and outcome.hung_up):
            return self._end(End("hung-up"))
        if isinstance(ended, End):
            return self._end(ended)
        if ended is not None and not state.jump:
            state.pending = ended
            return ended
        state.collected = ""
        self._jump_if_due()
        return self._run()

    def observe(self, observation: Observation) -> Reaction:
        """Take notice of something that happens meanwhile; says what the call must do with the effect under way."""
        if isinstance(observation, DigitPressed):
            return self._digit(observation.digit.upper())
        if isinstance(observation, TransferAsked):
            return self._transfer_asked(observation.number)
        return self._detected(observation)

    @property
    def converses(self) -> bool:
        """Whether two people talk, or may at once: the call is transferred, in a conference, or about to be."""
        state = self.state
        command = None if state.pending is None else self.program.command(state.current)
        return bool(state.asked_transfer) or (command is not None and command.conversation)

    def take_notes(self) -> list[Note]:
        """What was done since the notes were last taken, in order."""
        notes, self._machine.notes = self._machine.notes, []
        return notes

    def _run(self) -> Effect:
        machine, state = self._machine, self.state
        while True:
            command = self.program.command(state.position)
            if command is None:
                return self._end(End("end-of-script"))
            if state.timeless_steps >= MOST_TIMELESS_STEPS:
                machine.error(
                    f"The script ran {MOST_TIMELESS_STEPS} commands more than its time allows"
                    f" ({STEPS_A_SECOND} a second), and was stopped."
                )
                return self._end(End("step-limit"))
            state.current = state.position
            effect = self._play() if isinstance(command, Speaking) else self._perform(command)
            self._jump_if_due()
            if isinstance(effect, End):
                return self._end(effect)
            if effect is not None:
                state.pending = effect
                return effect

    def _perform(self, command: Command) -> Effect | None:
        self._step(command)
        return command.perform(self._machine)

    def _play(self) -> Effect | None:
        """All that is heard from here on, up to the next command that is not heard."""
        prompts: list[Prompt] = []
        while isinstance(command := self.program.command(self.state.position), Speaking):
            self._step(command)
            prompts.extend(command.prompts(self._machine))
        return Play(tuple(prompts), self.state.sound_pausing) if prompts else None

    def _step(self, command: Command) -> None:
        self.state.position += 1
        self.state.timeless_steps += 1
        self._machine.note("step", command=_written(command))

    def _note_failure(self, command: Command | None, outcome: Outcome) -> None:
        if isinstance(outcome, Finished) and outcome.missing:
            self._machine.error(outcome.missing)
        elif isinstance(outcome, Failed):
            named = command is not None and command.name
            self._machine.error(f"{named}: {outcome.reason}" if named else outcome.reason)

    def _end(self, end: End) -> End:
        self.state.pending = end
        self.state.jump = ""
        return end

    def _jump_if_due(self) -> None:
        state = self.state
        label, state.jump = state.jump, ""
        if not label:
            return
        if label == _GREETING_FIRST:
            state.position = GREETING
            return
        begins = max(0, state.position)
        self._machine.jump_away(label)
        if label == "start" and self._in_frame:
            # Nothing was said yet that could be said again, whatever place the script calls its start.
            state.position = begins

    @property
    def _in_frame(self) -> bool:
        """Whether the script has not begun yet, or not yet again."""
        return TRANSFER < self.state.current < 0

    def _set_up(self, label: str) -> None:
        """Before the frame is left for a place within the script: what the script sets at its beginning is set."""
        state, target = self.state, self.program.target(label)
        if not self._in_frame or label == "start" or target == RING:
            return
        state.position = max(0, state.position)
        while state.position != target and state.position < self.program.settings:
            self._perform(self.program.steps[state.position].command)

    def _digit(self, digit: str) -> Reaction:
        machine, state = self._machine, self.state
        if digit not in DIGITS or isinstance(state.pending, End):
            return Reaction.GO_ON
        command = None if state.pending is None else self.program.command(state.current)
        if self._is_secret(command):
            machine.note("digit", digit="*")
        else:
            state.digits_dialled = (state.digits_dialled + digit)[:LONGEST_VALUE]
            state.variables["digitsdialed"] = (state.variables.get("digitsdialed", "") + digit)[:LONGEST_VALUE]
            machine.note("digit", digit=digit)
        if command is not None and command.conversation:
            return Reaction.GO_ON
        if state.stopping or state.jump:
            machine.type_ahead(digit)
            return Reaction.GO_ON
        if label := machine.binding(digit):
            self._set_up(label)
            return self._leave(command, label)
        if command is None:
            machine.type_ahead(digit)
            return Reaction.GO_ON
        reaction = command.take_digit(machine, digit)
        if isinstance(command, Speaking) and state.act_on_digit and self._next_takes_digits():
            reaction = Reaction.STOP
        if reaction is Reaction.STOP:
            state.stopping = True
        return reaction

    def _transfer_asked(self, number: str) -> Reaction:
        """Leave the script for the transfer that an operator asks for, unless people talk on the call already."""
        state = self.state
        if isinstance(state.pending, End) or self.converses or not number:
            self._machine.note("transfer_asked", result="too late", number=number)
            return Reaction.GO_ON
        self._machine.note("transfer_asked", number=number)
        state.asked_transfer = number[:LONGEST_VALUE]
        self._set_up(OPERATORS_TRANSFER_LABEL)
        command = None if state.pending is None else self.program.command(state.current)
        return self._leave(command, OPERATORS_TRANSFER_LABEL)

    def _is_secret(self, command: Command | None) -> bool:
        """Whether a digit is meant for a command that takes secrets, be it during the prompt before it."""
        if isinstance(command, Speaking):
            command = self.program.command(self.state.position)
        return command is not None and command.takes_secrets

    def _next_takes_digits(self) -> bool:
        command = self.program.command(self.state.position)
        return command is not None and command.takes_digits

    def _leave(self, command: Command | None, label: str) -> Reaction:
        """Jump to a label as soon as what is under way is over, and stop it, if it can be stopped.

        What was typed ahead was meant for what is left now; what is typed from here on is meant for what comes.
        """
        self.state.jump = label
        self.state.typed_ahead = ""
        if command is None or not command.interruptible:
            return Reaction.GO_ON
        self.state.stopping = True
        return Reaction.STOP

    def _detected(self, observation: Detected) -> Reaction:
        state, what = self.state, observation.what.strip().upper()[:20]
        if isinstance(state.pending, End) or not what:
            return Reaction.GO_ON
        self._machine.note("detected", what=what, **({"by": observation.evidence} if observation.evidence else {}))
        if what == "RING":
            rings = state.variables.get("incallringcount", "")
            state.variables["incallringcount"] = str(int(rings) + 1 if rings.isdecimal() else 1)
        else:
            state.machine_detection = what
            state.variables["machinedetection"] = what
        if what not in _RESTARTING or what in state.detections:
            return Reaction.GO_ON
        state.detections.append(what)
        command = None if state.pending is None else self.program.command(state.current)
        busy = state.stopping or state.jump or (command is not None and command.conversation)
        label = self._label_for(what)
        if state.act_on_feature and not busy:
            self._set_up(label)
        if busy or not state.act_on_feature:
            return Reaction.GO_ON
        if what == "MACHINE":
            return self._machine_greets(command, label)
        reaction = self._leave(command, label)
        if label == "start" and state.current == FIRST_SILENCE:
            # Nothing was said yet that would have to be said again: the silence is waited for.
            state.stopping = False
            return Reaction.GO_ON
        return reaction

    def _machine_greets(self, command: Command | None, label: str) -> Reaction:
        """Go on at the label when the greeting is over: what is said before that is not recorded."""
        state = self.state
        if state.current == FIRST_SILENCE:
            state.jump, state.typed_ahead = label, ""
            return Reaction.GO_ON
        state.after_greeting = label
        return self._leave(command, _GREETING_FIRST)

    def _label_for(self, what: str) -> str:
        if what == "RING":
            return "ring"
        return "amd" if "amd" in self.program.labels else "start"
