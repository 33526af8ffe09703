"""Rendering ahead: the speech engines of this machine, and every prompt that can be made before somebody calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import structlog

from controller.config.load import voices_of
from controller.config.settings import Settings
from controller.directory.did_rules import rule_of
from controller.directory.snapshot import Snapshot
from controller.errors import SpeechError
from controller.speech.metrics import SpeechMetrics
from controller.speech.prompts import Prompts
from controller.speech.shared_speech import SharedSpeech

log = structlog.get_logger()

AT_ONCE = 2
# How many prompts are made between two lines of the log that say how far it is.
TOLD_EVERY = 100


def build_prompts(
    settings: Settings, metrics: SpeechMetrics | None = None, shared: SharedSpeech | None = None
) -> Prompts:
    """The prompts of a state directory, spoken by the engines of this machine.

    ConfigurationError for a voice table or a command that cannot work.
    """
    return Prompts(settings.state_dir / "media", voices_of(settings), metrics=metrics, shared=shared)


async def prepare_prompts(prompts: Prompts, snapshot: Snapshot) -> int:
    """Render every text and convert every sound that calls to the snapshot's numbers can play; how many failed.

    What fails is logged and left out of the calls: a script with one bad sound still says the rest. What is there
    already costs a look into memory; how far the rest is stands in the log after every hundred.
    """
    slots = asyncio.Semaphore(AT_ONCE)
    texts = dict.fromkeys(_speeches(snapshot))
    sounds = [(key, sound_id) for key, known in snapshot.sounds.items() for sound_id in known]
    progress = _Progress(len(texts) + len(sounds))

    async def speech(text: str, voice: int) -> bool:
        async with slots:
            try:
                await prompts.speech(text, voice, synthesized=progress.rendered)
            except SpeechError as error:
                log.warning("a text could not be rendered", reason=str(error))
                return False
            finally:
                progress.done()
            return True

    async def sound(key: str, sound_id: str) -> bool:
        path = snapshot.sound(key, sound_id)
        if path is None:
            return True
        async with slots:
            try:
                await prompts.sound(path)
            except SpeechError as error:
                log.warning("a sound could not be converted", sound=sound_id, reason=str(error))
                return False
            finally:
                progress.done()
            return True

    results = await asyncio.gather(
        *(speech(text, voice) for text, voice in texts), *(sound(key, sound_id) for key, sound_id in sounds)
    )
    progress.over()
    return results.count(False)


class _Progress:
    """Says in the log how far rendering is."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._done = self._rendered = 0
        self._began = time.monotonic()

    def rendered(self) -> None:
        """A text was not there, and is now."""
        self._rendered += 1
        if self._rendered % TOLD_EVERY == 0:
            self._tell("prompts are being rendered")

    def done(self) -> None:
        """A prompt is there, or failed."""
        self._done += 1

    def over(self) -> None:
        """Nothing is left."""
        self._tell("prompts are ready")

    def _tell(self, event: str) -> None:
        seconds = round(time.monotonic() - self._began, 1)
        log.info(event, done=self._done, of=self._of, rendered=self._rendered, seconds=seconds)


def _speeches(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    for did in snapshot.dids.values():
        rule = rule_of(did)
        if rule is not None:
            yield from rule.program.speeches()
