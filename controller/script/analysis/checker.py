"""The checker: what is wrong or doubtful in a script, beyond what can be read from each command alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from controller.number_kinds import special_reason
from controller.script.analysis.flow_graph import FlowGraph
from controller.script.analysis.transfers import transfer_doubts
from controller.script.analysis.unset_variables import unset_variables
from controller.script.commands.call_control import (
    CONFERENCE_KEY,
    DebugEmail,
    ErrorEmail,
    StatusChangePostURL,
)
from controller.script.commands.command import Command, Speaking, dynamic
from controller.script.commands.data import QueryExternalServer
from controller.script.commands.flow import EndCall
from controller.script.commands.kind import SUBSTITUTION
from controller.script.commands.kinds import SOUND, VOICE
from controller.script.commands.speech import ChangeVoiceID, PlaySound, PlaySpecialSoundFile, Say
from controller.script.diagnostics import Diagnostic, Severity, in_order
from controller.script.program import Program, Step
from controller.script.state import SYSTEM_VARIABLES
from controller.script.url_text import authority, quoted


@dataclass(frozen=True, slots=True)
class Context:
    """Where a script shall run, as far as it is known: what is None is not checked.

    sounds: the ids of the sounds that the licence key has. sound_unplayable: why one of them cannot be played, empty if
    it can. special_sounds: the names of the built-in sounds.
    variables: those that the call has before the script begins. url_refused: that the guard would not let a URL
    through, and why ("refused by …"), None if it would. voice_missing: why nobody can speak with a voice id, None if
    somebody can. unheard_voices: for each voice that speech control in a text names and nobody has, what is heard then,
    in a sentence. number_refused: why a number (E.164, or digits as written) may not be called, None if it may.
    open_transfers: whether calls may be transferred to a number that the caller or a queried server names; False is an
    error, None a warning. mail: whether mail can be sent.
    """

    sounds: Collection[str] | None = None
    sound_unplayable: Callable[[str], str] | None = None
    special_sounds: Collection[str] | None = None
    variables: Collection[str] = field(default=())
    url_refused: Callable[[str], str | None] | None = None
    voice_missing: Callable[[int], str | None] | None = None
    unheard_voices: Callable[[str], Iterable[str]] | None = None
    number_refused: Callable[[str], str | None] | None = special_reason
    open_transfers: bool | None = None
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
        known = {*SYSTEM_VARIABLES, CONFERENCE_KEY, *(name.lower() for name in self._context.variables)}
        for step, code, message in unset_variables(self._program, self._graph, known):
            yield _at(step, "warning", code, message)
        yield from self._loops()
        recorded = set(self._program.recorded_sounds())
        for step in self._program.steps:
            yield from self._step(step, recorded)
        yield from transfer_doubts(
            self._program, self._context.number_refused, open_transfers=self._context.open_transfers
        )

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

    def _loops(self) -> Iterator[Diagnostic]:
        graph = self._graph
        timeless = [
            position for position in range(graph.end) if graph.reachable[position] and not self._takes_time(position)
        ]
        reported: set[int] = set()
        if graph.reachable[graph.frame]:
            timeless.append(graph.frame)
        for loop in graph.loops(timeless):
            if graph.frame in loop and not self._program.quick_start:
                # A call that was placed waits for silence there.
                message = "On a call that comes in, this loop takes no time; after 1,000 commands it is stopped."
                yield _at(self._back_jump(loop), "warning", "loop-without-time", message)
            elif self._graph.leaves(loop):
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
        for code, message in command.doubts():
            yield _at(step, "warning", code, message)
        if isinstance(command, Speaking):
            yield from self._sound(step, recorded)
            yield from self._voices(step, command)
        elif isinstance(command, (StatusChangePostURL, QueryExternalServer)):
            yield from self._url(step, command.url)
        elif isinstance(command, (DebugEmail, ErrorEmail)) and self._context.mail is False:
            message = f"There is no mail server; the trace that {command.name} asks for is kept with the call."
            yield _at(step, "warning", "no-mail-server", message)
        elif isinstance(command, ChangeVoiceID) and self._context.voice_missing is not None:
            voice = VOICE.read(command.voice)
            reason = None if voice is None else self._context.voice_missing(voice)
            if reason:
                yield _at(step, "warning", "voice-missing", f"The default voice speaks instead of {voice}: {reason}.")

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
        host = authority(url)
        # Where a variable makes the host, or the scheme, only the call can tell.
        if self._context.url_refused is None or dynamic(host or url):
            return
        reason = self._context.url_refused(quoted(SUBSTITUTION.sub("x", url)))
        if reason:
            yield _at(step, "error", "url-refused", f"This URL is {reason}.")


def _at(step: Step, severity: Severity, code: str, message: str) -> Diagnostic:
    return Diagnostic(step.line, step.column, severity, code, message)
