"""The checker: what is wrong or doubtful in a script, beyond what can be read from each command alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from controller.numbers import is_emergency_or_premium
from controller.script.calls import (
    CONFERENCE_KEY,
    DebugEmail,
    ErrorEmail,
    StatusChangePostURL,
    TransferTo,
)
from controller.script.command import Command, Speaking, dynamic
from controller.script.data import IncreaseVariable, QueryExternalServer
from controller.script.diagnostics import Diagnostic, Severity, in_order
from controller.script.digits import GetDigits, WaitForDTMF
from controller.script.flow import EndCall
from controller.script.flowgraph import FlowGraph, components
from controller.script.kind import SUBSTITUTION
from controller.script.kinds import SECONDS, SOUND, VOICE
from controller.script.program import Program, Step
from controller.script.speaking import ChangeVoiceID, PlaySilence, PlaySound, PlaySpecialSoundFile, Say
from controller.script.state import SYSTEM_VARIABLES

LONGEST_WAIT = 600.0  # seconds; longer ones are more likely a slip than meant
_DYNAMIC_HOST = re.compile(r"[^/]*//[^/]*\[")


@dataclass(frozen=True, slots=True)
class Context:
    """Where a script shall run, as far as it is known: what is None is not checked.

    sounds: the ids of the sounds that the licence key has. sound_unplayable: why one of them cannot be played, empty if
    it can. special_sounds: the names of the sounds of the house.
    variables: those that the call has before the script begins. url_refused: that the guard would not let a URL
    through, and why ("refused by …"), None if it would. voice_missing: why nobody can speak with a voice id, None if
    somebody can. unheard_voices: for each voice that speech control in a text names and nobody has, what is heard then,
    in a sentence. number_refused: whether a number may not be called (E.164, or digits as written). mail: whether mail
    can be sent.
    """

    sounds: Collection[str] | None = None
    sound_unplayable: Callable[[str], str] | None = None
    special_sounds: Collection[str] | None = None
    variables: Collection[str] = field(default=())
    url_refused: Callable[[str], str | None] | None = None
    voice_missing: Callable[[int], str | None] | None = None
    unheard_voices: Callable[[str], Iterable[str]] | None = None
    number_refused: Callable[[str], bool] | None = is_emergency_or_premium
    mail: bool | None = None


NOWHERE = Context()


def check(program: Program, context: Context = NOWHERE) -> tuple[Diagnostic, ...]:
    """All that is wrong or doubtful in a script, in its order; the program's own diagnostics are part of it."""
    return in_order(_Check(program, context).run())


class _Check:
    def __init__(self, program: Program, context: Context) -> None:
        self._program = program
        self._context = context
        self._graph = FlowGraph(program)

    def run(self) -> Iterator[Diagnostic]:
        yield from self._program.diagnostics
        yield from self._unreachable()
        yield from self._unset_variables()
        yield from self._loops()
        recorded = set(self._program.recorded_sounds())
        for step in self._program.steps:
            yield from self._step(step, recorded)

    def _unreachable(self) -> Iterator[Diagnostic]:
        reachable = self._graph.reachable
        before: Command | None = None
        open_run = False
        for position, step in enumerate(self._program.steps):
            if reachable[position]:
                open_run = False
            elif not open_run:
                open_run = True
                if isinstance(before, EndCall) and isinstance(step.command, Say):
                    yield _at(step, "warning", "text-after-end", "This text is never heard: the call has ended.")
                else:
                    yield _at(step, "warning", "unreachable", "No call ever gets to this step.")
            before = step.command

    def _unset_variables(self) -> Iterator[Diagnostic]:
        """Variables that are read where nothing can have set them."""
        graph, steps = self._graph, self._program.steps
        numbers: dict[str, int] = {}
        sets: dict[int, int] = {}
        for position, step in enumerate(steps):
            for name in step.command.named("sets"):
                sets[position] = sets.get(position, 0) | 1 << numbers.setdefault(name, len(numbers))
            if _sets_any(step.command):
                return
        known = {*SYSTEM_VARIABLES, CONFERENCE_KEY, *(name.lower() for name in self._context.variables)}
        reads = [
            (position, name)
            for position, step in enumerate(steps)
            if graph.reachable[position]
            for name in _read_by(step.command)
            if name not in known
        ]
        may_be_set: dict[int, int] = {}
        if any(name in numbers for _, name in reads):
            may_be_set = self._may_be_set(sets)
        for position, name in reads:
            if name not in numbers:
                message = f"The variable {name[:60]!r} is read, and nothing sets it."
                yield _at(steps[position], "warning", "variable-never-set", message)
            elif not may_be_set.get(position, 0) >> numbers[name] & 1:
                message = f"The variable {name[:60]!r} is read before anything can have set it."
                yield _at(steps[position], "warning", "variable-not-set-yet", message)

    def _may_be_set(self, sets: dict[int, int]) -> dict[int, int]:
        """For each node, as bits, the variables that some way from the beginning has set before it."""
        graph = self._graph
        nodes = [node for node, there in enumerate(graph.reachable) if there]
        before: dict[int, int] = {}
        # Each component comes before those that lead to it, so that backwards everything that leads to one is done.
        for component in reversed(components(graph.edges, nodes, set(nodes))):
            within = 0
            for node in component:
                within |= before.get(node, 0)
            if len(component) > 1 or component[0] in graph.edges[component[0]]:
                for node in component:
                    within |= sets.get(node, 0)
            for node in component:
                before[node] = within
            for node in component:
                after = within | sets.get(node, 0)
                for following in graph.edges[node]:
                    before[following] = before.get(following, 0) | after
        return before

    def _loops(self) -> Iterator[Diagnostic]:
        graph = self._graph
        timeless = [
            position for position in range(graph.end) if graph.reachable[position] and not self._takes_time(position)
        ]
        reported: set[int] = set()
        for loop in graph.loops(timeless):
            if self._graph.leaves(loop):
                message = "This loop takes no time; after 1,000 commands it is stopped."
                yield _at(self._back_jump(loop), "warning", "loop-without-time", message)
            else:
                message = "This loop takes no time and never ends; after 1,000 commands the call is ended."
                yield _at(self._back_jump(loop), "error", "loop-without-time", message)
                reported.update(loop)
        for loop in graph.loops():
            if not reported.intersection(loop) and not self._graph.leaves(loop):
                message = "Nothing but a hang-up ends this loop."
                yield _at(self._back_jump(loop), "warning", "loop-without-exit", message)

    def _takes_time(self, position: int) -> bool:
        return self._graph.takes_time[position] and not self._passed_over(self._program.steps[position].command)

    def _passed_over(self, command: Command) -> str:
        """Why a sound is not heard although it is there, or one of the house is not there; empty if it is heard."""
        context = self._context
        if isinstance(command, PlaySound) and context.sound_unplayable is not None:
            return context.sound_unplayable(command.sound_id)
        if isinstance(command, PlaySpecialSoundFile) and context.special_sounds is not None:
            unknown = not dynamic(command.sound) and SOUND.read(command.sound) not in context.special_sounds
            return "there is no sound of this name" if unknown else ""
        return ""

    def _back_jump(self, loop: list[int]) -> Step:
        """The step that closes the loop: the last one that leads back."""
        last = max(node for node in loop if node < self._graph.end)
        return self._program.steps[last]

    def _step(self, step: Step, recorded: Collection[str]) -> Iterator[Diagnostic]:
        command = step.command
        if isinstance(command, Speaking):
            yield from self._sound(step, recorded)
            yield from self._voices(step, command)
        elif isinstance(command, (StatusChangePostURL, QueryExternalServer)):
            yield from self._url(step, command.url)
        elif isinstance(command, TransferTo):
            yield from self._number(step, command.number)
        elif isinstance(command, (DebugEmail, ErrorEmail)) and self._context.mail is False:
            message = f"There is no mail server; the trace that {command.name} asks for is kept with the call."
            yield _at(step, "warning", "no-mail-server", message)
        elif isinstance(command, ChangeVoiceID) and self._context.voice_missing is not None:
            voice = VOICE.read(command.voice)
            reason = None if voice is None else self._context.voice_missing(voice)
            if reason:
                yield _at(step, "warning", "voice-missing", f"The default voice speaks instead of {voice}: {reason}.")
        if isinstance(command, (WaitForDTMF, GetDigits, PlaySilence)):
            yield from _wait(step, command.seconds)

    def _sound(self, step: Step, recorded: Collection[str]) -> Iterator[Diagnostic]:
        command, context = step.command, self._context
        if isinstance(command, PlaySound):
            unknown = context.sounds is not None and not dynamic(command.sound_id)
            if unknown and command.sound_id not in context.sounds and command.sound_id not in recorded:  # type: ignore[operator]
                yield _at(step, "error", "unknown-sound", f"There is no sound {command.sound_id[:60]!r}.")
            elif reason := self._passed_over(command):
                yield _at(step, "warning", "unplayable-sound", f"This sound cannot be played: {reason}.")
        elif isinstance(command, PlaySpecialSoundFile) and self._passed_over(command):
            # Scripts that ran at the vendor name its sounds; what is not there is passed over, as it always was.
            message = f"There is no special sound {command.sound[:60]!r}; it is passed over."
            yield _at(step, "warning", "unknown-special-sound", message)

    def _voices(self, step: Step, command: Speaking) -> Iterator[Diagnostic]:
        if self._context.unheard_voices is not None:
            for text in command.texts():
                for message in self._context.unheard_voices(text):
                    yield _at(step, "warning", "voice-missing", message)

    def _url(self, step: Step, url: str) -> Iterator[Diagnostic]:
        if self._context.url_refused is None or _DYNAMIC_HOST.match(url):
            return
        reason = self._context.url_refused(SUBSTITUTION.sub("x", url))
        if reason:
            yield _at(step, "error", "url-refused", f"This URL is {reason}.")

    def _number(self, step: Step, number: str) -> Iterator[Diagnostic]:
        if self._context.number_refused is None or dynamic(number):
            return
        if self._context.number_refused(number):
            message = "A call may not be transferred to an emergency or premium-rate number."
            yield _at(step, "error", "number-refused", message)


def _wait(step: Step, seconds: str) -> Iterator[Diagnostic]:
    length = SECONDS.read(seconds)
    if dynamic(seconds):
        message = f"How long {step.command.name} waits depends on a variable; it may be up to an hour."
        yield _at(step, "warning", "unbounded-wait", message)
    elif length is not None and length > LONGEST_WAIT:
        yield _at(step, "warning", "unbounded-wait", f"{step.command.name} waits for more than ten minutes.")


def _read_by(command: Command) -> Iterator[str]:
    if not isinstance(command, IncreaseVariable):
        yield from command.named("reads")
    if isinstance(command, Say):
        return
    texts = (command.sound_id,) if isinstance(command, PlaySound) else command.arguments()
    for text in texts:
        if "[" in text:
            for match in SUBSTITUTION.finditer(text):
                yield match.group(1).lower()


def _sets_any(command: Command) -> bool:
    """Whether the name of the variable that it sets is made from a variable."""
    return any(dynamic(text) for text in command.given("sets"))


def _at(step: Step, severity: Severity, code: str, message: str) -> Diagnostic:
    return Diagnostic(step.line, step.column, severity, code, message)
