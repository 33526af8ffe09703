"""The simulator: runs a program without a telephone, on a virtual clock, the same way each time.

It carries out effects as a live call does, as far as that can be done without a line. What a script hears back is the
`Situation`. How long things last: a text 60 ms a character of its words without tags, at least half a second, and its
pauses on top; a sound as long as the situation says; a transfer rings for three seconds, or its whole time when nobody
answers; a conversation (transfer, conference) lasts ten seconds, until the others end it; an echo test too, until the
caller hangs up; a recording ends by silence, for the other side says nothing after its greeting.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from enum import Enum, auto
from math import inf

from controller.number_kinds import special_reason
from controller.script.commands.command import Command
from controller.script.effects import (
    CollectDigits,
    Echo,
    Effect,
    End,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Play,
    Prompt,
    Record,
    SendDigits,
    Silence,
    Sound,
    Speech,
    TakeMessage,
    TellTime,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.engine import Engine
from controller.script.outcomes import (
    Detected,
    DigitPressed,
    Failed,
    Fetched,
    Finished,
    HungUp,
    Outcome,
    Reaction,
    Recorded,
    SilenceHeard,
    TimeTold,
    TransferFailed,
    Transferred,
)
from controller.script.program import Program
from controller.script.simulation.situation import HANG_UP, Keypad, ScriptedKeypad, Situation
from controller.script.state import State
from controller.script.transcript import Told, TranscriptLine, tell_beginning, tell_end, tell_note, tell_prompt

LONGEST_RUN_SECONDS = 3600.0
MOST_LINES = 100_000
BEEP_SECONDS = 0.35
_MINUTES_OF_DAY = 24 * 60
RING_SECONDS = 3.0
CONVERSATION_SECONDS = 10.0
FETCH_SECONDS = 0.2
FETCHED_CHARACTERS = 500
REGULAR_ENDS = frozenset({"end-of-script", "end-call", "hung-up", "transferred", "busy", "no-service", "disconnected"})


class _Happening(Enum):
    """Why time stopped passing."""

    TIME = auto()
    STOPPED = auto()
    HUNG_UP = auto()
    LIMIT = auto()


_Passing = Generator[TranscriptLine, None, _Happening]
_Performing = Generator[TranscriptLine, None, Outcome | None]


class Simulation:
    """One simulated call. `run()` gives its lines; afterwards `end` says why it ended, and `steps` what was run.

    steps: the position of each command that was performed, and whether it jumped, in order.
    """

    def __init__(
        self, program: Program, state: State, situation: Situation | None = None, keypad: Keypad | None = None
    ) -> None:
        self.now = 0.0
        self.end = ""
        self.steps: list[tuple[int, bool]] = []
        self._engine = _NotingEngine(program, state)
        self._situation = situation or Situation()
        self._keypad = keypad or ScriptedKeypad()
        self._detections = list(self._situation.other_end.detections)
        self._recorded: dict[str, float] = {}
        self._lines = 0
        self._input_of: Command | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The variables as they stand now."""
        return self._engine.state.variables

    @property
    def regular(self) -> bool:
        """Whether the run ended as a script may end, not by a limit."""
        return self.end in REGULAR_ENDS

    def run(self) -> Iterator[TranscriptLine]:
        """Run to the end, which always comes: after an hour of virtual time or 100,000 lines at the latest."""
        effect = self._engine.start()
        yield from self._notes()
        while not isinstance(effect, End):
            yield from self._lines_of(tell_beginning(effect))
            began = self.now
            outcome = yield from self._perform(effect)
            if outcome is None or self._lines >= MOST_LINES:
                self.end = "call-length-limit" if outcome is None else "line-limit"
                yield TranscriptLine(self.now, "end", {"reason": self.end})
                return
            if not isinstance(effect, Transfer):  # told at its answer
                yield from self._lines_of(tell_end(effect, outcome, self._engine.state.collected))
            effect = self._engine.resume(outcome, self.now - began)
            if self._engine.performed:
                self._end_input()
            yield from self._notes()
        self.end = effect.reason
        yield TranscriptLine(self.now, "end", {"reason": effect.reason})

    def _lines_of(self, told: Iterator[Told]) -> Iterator[TranscriptLine]:
        for event, fields in told:
            self._lines += 1
            yield TranscriptLine(self.now, event, fields)

    def _notes(self) -> Iterator[TranscriptLine]:
        positions = iter(self._engine.performed)
        for note in self._engine.take_notes():
            if note.event == "step":
                self.steps.append((next(positions), False))
            elif note.event == "jump" and self.steps:
                self.steps[-1] = (self.steps[-1][0], True)
            told = tell_note(note)
            if told is not None:
                yield from self._lines_of(iter((told,)))
        self._engine.performed.clear()

    def _perform(self, effect: Effect) -> _Performing:
        """Carry out one effect; None when the run has reached its limit."""
        match effect:
            case Play():
                return (yield from self._play(effect))
            case WaitForDigit() | CollectDigits():
                return (yield from self._wait_for_input(effect))
            case ListenForSilence():
                return (yield from self._wait_for_silence(effect))
            case SendDigits():
                tone = (effect.tone_ms + effect.gap_ms) / 1000
                seconds = sum(0.5 if digit == "w" else tone for digit in effect.digits)
                return _outcome((yield from self._pass(seconds)))
            case Record():
                return (yield from self._record(effect.sound_id, effect))
            case TakeMessage():
                return (yield from self._record(f"message for {effect.mailbox}", effect))
            case TellTime():
                minutes = self._situation.minute_of_week + int(self.now // 60)
                return TimeTold(minutes // _MINUTES_OF_DAY % 7, minutes % _MINUTES_OF_DAY)
            case Transfer():
                return (yield from self._transfer(effect))
            case JoinConference():
                return _outcome((yield from self._pass(CONVERSATION_SECONDS)))
            case Echo():
                return _outcome((yield from self._pass(CONVERSATION_SECONDS)), HungUp())
            case FetchUrl():
                body = self._situation.pages.get(effect.url)
                answer = Fetched(404, "") if body is None else Fetched(200, body[:FETCHED_CHARACTERS])
                return _outcome((yield from self._pass(max(FETCH_SECONDS, effect.least_seconds))), answer)
            case _:
                return Finished()

    def _play(self, effect: Play) -> _Performing:
        began = self.now
        lengths = [self._length(prompt) for prompt in effect.prompts]
        missing = "; ".join(f"there is no sound “{words}”" for words, seconds in lengths if seconds is None)
        for prompt, (words, seconds) in zip(effect.prompts, lengths, strict=True):
            if effect.pausing:
                happening = yield from self._pass(max(0.0, self._situation.other_end.talks_until - self.now))
                if happening is not _Happening.TIME:
                    return _outcome(happening, missing=missing)
            if isinstance(prompt, Speech) and not words:
                prompt = Silence(seconds or 0.0)
            if seconds != 0:
                yield from self._lines_of(iter((tell_prompt(prompt, words),)))
            if seconds is None:
                continue
            happening = yield from self._pass(seconds)
            if happening is not _Happening.TIME:
                return _outcome(happening, missing=missing)
        # What takes no time is no progress: without this, a script could play nothing for ever.
        return Finished(missing) if self.now > began else Failed(missing or "there is nothing to be heard")

    def _length(self, prompt: Prompt) -> tuple[str, float | None]:
        """The words, or the name, and the seconds of a prompt; None for a sound that is not there."""
        match prompt:
            case Speech():
                spoken = self._situation.spoken(prompt.text)
                return spoken.words, spoken.seconds
            case Silence():
                return "", prompt.seconds
            case Tone():
                return "", BEEP_SECONDS
            case Sound():
                recorded = self._recorded.get(prompt.sound_id)
                known = self._situation.sound_seconds(prompt.sound_id) if recorded is None else recorded
                return prompt.sound_id, known
            case _:
                return prompt.name, self._situation.house_sounds.get(prompt.name)

    def _wait_for_input(self, effect: WaitForDigit | CollectDigits) -> _Performing:
        # A menu goes on to wait for the rest of a choice: that is still the same wait.
        command = self._engine.program.command(self._engine.state.current)
        if self._input_of is None or self._input_of is not command:
            self._input_of = command
            self._keypad.input_begins(self.now, effect.seconds)
        return _outcome((yield from self._pass(effect.seconds)))

    def _end_input(self) -> None:
        if self._input_of is not None:
            self._input_of = None
            self._keypad.input_ends()

    def _wait_for_silence(self, effect: ListenForSilence) -> _Performing:
        talks = max(0.0, self._situation.other_end.talks_until - self.now)
        needed, limit = talks + effect.seconds, effect.limit * effect.tries
        happening = yield from self._pass(min(needed, limit))
        return _outcome(happening, SilenceHeard(needed <= limit))

    def _record(self, sound_id: str, effect: Record | TakeMessage) -> _Performing:
        began = self.now
        talks = max(0.0, self._situation.other_end.talks_until - self.now)
        happening = yield from self._pass(min(effect.maximum_seconds, talks + effect.silence_seconds))
        if happening is _Happening.LIMIT:
            return None
        seconds = self._recorded[sound_id] = self.now - began
        return Recorded(seconds, hung_up=happening is _Happening.HUNG_UP)

    def _transfer(self, effect: Transfer) -> _Performing:
        # As on a live call, nobody is called for such a number. A phone of ours is `sip:NAME`.
        refused = not effect.number.startswith("sip:") and special_reason(effect.number) is not None
        if refused:
            outcome: Outcome = TransferFailed("refused")
            yield from self._lines_of(tell_end(effect, outcome))
            return outcome
        result = self._situation.transfer
        happening = yield from self._pass(effect.ring_seconds if result == "noanswer" else RING_SECONDS)
        if happening is not _Happening.TIME:
            return _outcome(happening)
        outcome = Transferred() if result == "answered" else TransferFailed(result)
        yield from self._lines_of(tell_end(effect, outcome))
        if isinstance(outcome, TransferFailed):
            return outcome
        return _outcome((yield from self._pass(CONVERSATION_SECONDS)), outcome)

    def _pass(self, seconds: float) -> _Passing:
        """Let time pass, and tell the engine what happens meanwhile."""
        deadline = self.now + seconds
        while True:
            limit = min(deadline, self._situation.hang_up_at, LONGEST_RUN_SECONDS)
            detection = self._detections[0] if self._detections else (inf, "")
            until = max(self.now, min(limit, detection[0]))
            press = self._keypad.next(self.now, until)
            if press is not None:
                self.now = max(self.now, press.t)
                if press.digit == HANG_UP:
                    return _Happening.HUNG_UP
                reaction = self._engine.observe(DigitPressed(press.digit))
            else:
                self.now = until
                if detection[0] > limit:
                    return self._why_over()
                del self._detections[0]
                reaction = self._engine.observe(Detected(detection[1]))
            yield from self._notes()
            if reaction is Reaction.STOP:
                return _Happening.STOPPED
            if reaction is Reaction.RESTART_TIMER:
                deadline = self.now + seconds
            if self._lines >= MOST_LINES:
                return _Happening.LIMIT

    def _why_over(self) -> _Happening:
        if self.now >= self._situation.hang_up_at:
            return _Happening.HUNG_UP
        return _Happening.LIMIT if self.now >= LONGEST_RUN_SECONDS else _Happening.TIME


class _NotingEngine(Engine):
    """An engine that notes the positions of the commands that it performs."""

    def __init__(self, program: Program, state: State) -> None:
        super().__init__(program, state)
        self.performed: list[int] = []

    def _step(self, command: Command) -> None:
        self.performed.append(self.state.position)
        super()._step(command)


def _outcome(happening: _Happening, otherwise: Outcome | None = None, *, missing: str = "") -> Outcome | None:
    """What the engine is told; `otherwise` when time ran out. None at the run's limit. missing: as in Finished."""
    match happening:
        case _Happening.HUNG_UP:
            return HungUp()
        case _Happening.LIMIT:
            return None
        case _Happening.TIME:
            return otherwise or Finished()
        case _:
            return Finished(missing)
