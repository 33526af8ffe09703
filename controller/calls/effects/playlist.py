"""The playlist: what a Play has played, made ready part by part, so that the first is heard while the next is made."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from controller.calls.call_prompts import CallPrompts
from controller.calls.line.line import Line
from controller.errors import SpeechError
from controller.script.effects import Prompt, Silence, Sound, Speech
from controller.script.transcript import Told, tell_prompt
from controller.speech.heard_text import spoken

log = structlog.get_logger()

STAND_IN = "speech.stand_in"
# Silence is put together of these, so that the disk holds the same few media of it whatever scripts ask for.
SILENCES_MS = (60_000, 30_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10)
# Between the sentences of a text that is made sentence by sentence.
BETWEEN_PARTS = Silence(0.2)


@dataclass(slots=True)
class Playlist:
    """Media that follow each other. `told`: what each tells when it begins; its last entry, when all have been heard.

    missing: why prompts between them could not be made.
    """

    media: list[str] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    told: list[list[Told]] = field(default_factory=lambda: [[]])
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)
    begun: int = 0

    def add(self, uri: str, seconds: float, *told: Told) -> None:
        self.media.append(uri)
        self.lengths.append(seconds)
        self.seconds += seconds
        self.told[-1].extend(told)
        self.told.append([])

    def miss(self, reason: str, *told: Told) -> None:
        self.missing.append(reason)
        self.told[-1].extend(told)

    @property
    def is_left(self) -> bool:
        """Whether something has not been told yet."""
        return self.begun < len(self.told)

    def begin_next(self) -> list[Told]:
        """What is told now that the next medium begins, or the last has ended."""
        told = self.told[self.begun] if self.is_left else []
        self.begun += 1
        return told


@dataclass(frozen=True, slots=True)
class _Piece:
    """A prompt, or a part of one, and what is told when it begins. text: which text of the Play it is a part of. ready:
    its medium, where it was there from the beginning.
    """

    prompt: Prompt
    told: tuple[Told, ...] = ()
    text: int = -1
    ready: tuple[str, float] | None = None


class PlaylistMaker:
    """Makes the prompts of a Play ready, in their order. Prompts that cannot be made are left out."""

    def __init__(self, line: Line, wanted: Sequence[Prompt], prompts: CallPrompts) -> None:
        self._line = line
        self._prompts = prompts
        self._most_seconds = line.seconds_left()
        self._seconds = 0.0  # of what was made
        self._began = 0.0  # when the first of it was
        self._pieces = deque(_pieces(wanted, prompts))
        self._stand_ins: dict[int, str] = {}

    @property
    def is_done(self) -> bool:
        """Whether nothing is left. The call ends before what is beyond its longest time, and nothing is made for it."""
        return not self._pieces or self._seconds > self._most_seconds

    async def next(self, *, on_a_silent_line: bool) -> Playlist:
        """What can be heard next: as much as is ready, else one piece that is made now. Empty when nothing is left.

        on_a_silent_line: nothing is played meanwhile, so silence is sent.
        """
        playlist = Playlist()
        while not self.is_done:
            piece = self._pieces[0]
            ready = piece.ready
            if ready is None and piece.text not in self._stand_ins:
                ready = self._prompts.ready(piece.prompt)
            takes_time = ready is None and isinstance(piece.prompt, Speech | Sound)
            if takes_time and playlist.media:
                break
            self._pieces.popleft()
            if takes_time and on_a_silent_line:
                await self._line.send_silence()
            try:
                uri, seconds = ready or await self._make(piece)
            except SpeechError as error:
                log.error("a prompt could not be made", kind=type(piece.prompt).__name__, reason=str(error))
                playlist.miss(str(error), *piece.told)
                continue
            if seconds > 0:
                self._began = self._began or asyncio.get_running_loop().time()
                playlist.add(uri, seconds, *piece.told)
                self._seconds += seconds
        return playlist

    async def _make(self, piece: _Piece) -> tuple[str, float]:
        instead = self._stand_ins.get(piece.text, "")
        spare = max(0.0, self._began + self._seconds - asyncio.get_running_loop().time()) if self._began else 0.0
        made = await self._prompts.make(piece.prompt, stand_in=instead, spare_seconds=spare)
        for reason in self._prompts.take_stand_ins():
            if not instead:
                self._line.tell([(STAND_IN, {"reason": reason})])
            if piece.text >= 0:  # two voices by turns are worse than the lesser one
                self._stand_ins[piece.text] = reason
        return made


def _pieces(wanted: Sequence[Prompt], prompts: CallPrompts) -> Iterator[_Piece]:
    """The prompts, each with what is told when it begins: a silence in its pieces, a text that has to be made in its
    sentences, told once."""
    for number, prompt in enumerate(wanted):
        told: tuple[Told, ...] = (_told(prompt),)
        if isinstance(prompt, Silence):
            for silence in _silences(prompt.seconds):
                yield _Piece(silence, told)
                told = ()
        elif (ready := prompts.ready(prompt)) is not None:
            yield _Piece(prompt, told, ready=ready)
        elif isinstance(prompt, Speech) and len(parts := prompts.parts(prompt)) > 1:
            for part in parts[:-1]:
                yield _Piece(part, told, number)
                yield _Piece(BETWEEN_PARTS)
                told = ()
            yield _Piece(parts[-1], (), number)
        else:
            yield _Piece(prompt, told)


def _silences(seconds: float) -> Iterator[Silence]:
    """Silences of `SILENCES_MS` that are so long together, to a hundredth of a second, but not shorter than that."""
    left = max(round(seconds * 1000), SILENCES_MS[-1])
    for length in SILENCES_MS:
        count, left = divmod(left, length)
        for _ in range(count):
            yield Silence(length / 1000)


def _told(prompt: Prompt) -> Told:
    if not isinstance(prompt, Speech):
        return tell_prompt(prompt, "")
    heard = spoken(prompt.text)
    return tell_prompt(prompt if heard.words else Silence(heard.pauses), heard.words)
