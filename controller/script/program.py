"""A program: the steps of a script, its labels, and what is known of it before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from controller.script.commands.call_control import MaxRingTime, QuickStart, StatusChangePostURL
from controller.script.commands.command import Command, Speaking, dynamic
from controller.script.commands.flow import Label
from controller.script.commands.kinds import SOUND, URL
from controller.script.commands.recording import RecordAndSaveAs
from controller.script.commands.speech import ChangeVoiceID
from controller.script.diagnostics import Diagnostic, has_errors
from controller.script.frame import BUILT_IN_LABELS, FRAME
from controller.script.url_text import quoted


@dataclass(frozen=True, slots=True)
class Step:
    """A command and the place in the script where it starts: line and column from 1, or 0 where there is no text."""

    command: Command
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Program:
    """What a script says, in the order in which it says it.

    labels: the position of each label that the script defines (lower case); of a label defined twice, the first.
    diagnostics: what is wrong with the script by itself, whoever runs it; a program with errors runs all the same, and
    passes over what it cannot do.
    """

    steps: tuple[Step, ...]
    labels: Mapping[str, int]
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str = field(default="", repr=False)

    @classmethod
    def of(
        cls, steps: Iterable[Step | Command], diagnostics: Iterable[Diagnostic] = (), *, source: str = ""
    ) -> Program:
        """The program of these commands. `source` is what it was made from, to recognise it by."""
        placed = tuple(step if isinstance(step, Step) else Step(step) for step in steps)
        labels: dict[str, int] = {}
        for position, step in enumerate(placed):
            if isinstance(step.command, Label):
                for name in step.command.defines():
                    labels.setdefault(name, position)
        return cls(placed, MappingProxyType(labels), tuple(diagnostics), source)

    @property
    def ok(self) -> bool:
        """Whether there is no error in it; there may be warnings."""
        return not has_errors(self.diagnostics)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the source, in hexadecimal."""
        return sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()

    def command(self, position: int) -> Command | None:
        """The command at a position, those of the frame (below 0) included; None behind the end."""
        if position < 0:
            return FRAME.get(position)
        return self.steps[position].command if position < len(self.steps) else None

    def target(self, label: str) -> int | None:
        """The position of a label, in any case of letters. `start`, `amd` and `ring` are always there."""
        name = label.strip().lower()
        position = self.labels.get(name)
        return BUILT_IN_LABELS.get(name) if position is None else position

    @cached_property
    def settings(self) -> int:
        """How many commands at the beginning only set something: they hold for every part of the script."""
        for position, step in enumerate(self.steps):
            if not step.command.only_sets:
                return position
        return len(self.steps)

    @cached_property
    def quick_start(self) -> bool:
        """Whether an outgoing call starts to speak at the answer, without the wait for silence."""
        return any(isinstance(step.command, QuickStart) and step.command.wanted() for step in self.steps)

    @property
    def is_routing(self) -> bool:
        """Whether it is that of a number's routing: the call may be turned away before it is answered."""
        return bool(self.steps) and self.steps[0].command.routes

    @cached_property
    def max_ring_seconds(self) -> int:
        """How long an outgoing call rings before it is given up: 5 to 120 seconds."""
        for step in self.steps:
            if isinstance(step.command, MaxRingTime):
                return step.command.ring_seconds()
        return MaxRingTime.DEFAULT

    @cached_property
    def status_post_url(self) -> str:
        """Where changes of an outgoing call are posted before its script runs: what StatusChangePostURL says there.

        It counts if it stands at the beginning, among commands that only set something, and holds no variable.
        """
        for step in self.steps[: self.settings]:
            if isinstance(step.command, StatusChangePostURL):
                url = URL.read(step.command.url)
                return "" if url is None or dynamic(url) else quoted(url)
        return ""

    def recorded_sounds(self) -> Iterator[str]:
        """The ids under which the script records, as far as they are written out."""
        for step in self.steps:
            if isinstance(step.command, RecordAndSaveAs) and not dynamic(step.command.sound):
                sound = SOUND.read(step.command.sound)
                if sound is not None:
                    yield sound

    def speeches(self, voice: int = 0) -> Iterator[tuple[str, int]]:
        """The texts that can be rendered before the call, each with the id of the voice in force where it stands.

        voice: the one that the call starts with. Each pair is given once.
        """
        given: set[tuple[str, int]] = set()
        for step in self.steps:
            command = step.command
            if isinstance(command, ChangeVoiceID):
                voice = command.voice_id(voice)
            elif isinstance(command, Speaking):
                for text in command.texts(voice):
                    if (text, voice) not in given:
                        given.add((text, voice))
                        yield text, voice

    def sounds(self) -> Iterator[str]:
        """The ids of the sounds that the script plays, as far as they are written out, each once."""
        given: set[str] = set()
        for step in self.steps:
            if isinstance(step.command, Speaking):
                for sound in step.command.sounds():
                    if sound not in given:
                        given.add(sound)
                        yield sound
