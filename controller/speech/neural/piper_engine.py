"""piper: neural voices, spoken by workers that keep their models loaded."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from controller.errors import SynthesisFailed
from controller.speech.neural.models import Model
from controller.speech.neural.worker import RawSpeech, Worker
from controller.speech.pcm import Samples
from controller.speech.sentences import sentences_of
from controller.speech.stretching import in_manner
from controller.speech.synthesizer import Manner, SpeechAudio

WORKER_PROGRAM = Path(__file__).with_name("worker_program.py")
MEGABYTES = 1500
# How long a call waits for an engine that is busy or slow, before another one speaks: more for a longer text.
PATIENCE_SECONDS = 1.5
PATIENCE_A_CHARACTER = 0.01
# How long it waits when texts of other calls are before its own.
BUSY_SECONDS = 0.3
RAISED = "+female"
RAISED_BY = 1.15
SENTENCE_SILENCE_SECONDS = 0.2
# How much chance is in a model's sound, and in its lengths; its own values are 0.667 and 0.8. The recogniser of
# `make bench-speech` understands the steadier voice better.
STEADINESS = {"noise": 0.1, "liveliness": 0.2}


class Piper:
    """Speaks with the models that are installed. `python`: the one of the environment that has piper; `env`: what its
    environment says beside what every engine's does; `release`: what tells one set of packages from another;
    `patience_seconds`: how long somebody on a line waits, and a little more for each character.
    """

    name = "piper"

    def __init__(
        self,
        python: Path,
        models: Sequence[Model],
        *,
        release: str = "",
        workers: int = 1,
        env: Mapping[str, str] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = patience_seconds
        self._models = {model.name: model for model in models}
        command = [str(python), "-s", "-P", str(WORKER_PROGRAM), str(MEGABYTES)]
        self.workers = tuple(Worker(command, env, now=now) for _ in range(workers))
        self._release = release

    @property
    def models(self) -> tuple[Model, ...]:
        """The installed models."""
        return tuple(self._models.values())

    def speaks(self, language: str) -> bool:
        """Whether a model has the language, in whatever region: a neighbour's neural voice is understood better than
        the right region's robot."""
        return any(model.primary == language.partition("-")[0] for model in self._models.values())

    def voice_for(self, language: str, gender: str) -> str:
        """The model of the language, the region first, then the gender. Where only men have a model, a man's voice is
        raised for a woman's id: the name then ends in `+female`.
        """
        primary = language.partition("-")[0]
        fitting = [model for model in self._models.values() if model.primary == primary]
        best = max(fitting, key=lambda model: (model.gender == gender, model.tag == language, not model.gender))
        return best.name + RAISED if gender == "Female" and best.gender == "Male" else best.name

    def licence_of(self, voice: str) -> str:
        """Under which terms a voice may be used, as far as its maker says."""
        model = self._models.get(voice.removesuffix(RAISED))
        return model.licence if model is not None else ""

    async def version(self) -> str:
        """The packages and the models; nothing is started for it. SynthesisFailed for a model that is gone."""
        try:
            models = await asyncio.to_thread(lambda: [model.version for model in self._models.values()])
        except OSError as error:
            raise SynthesisFailed(f"A voice of piper cannot be read: {error.strerror}.") from error
        return hashlib.sha256(
            "\n".join((self._release, str(RAISED_BY), str(STEADINESS), *models)).encode()
        ).hexdigest()[:16]

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        """Speak `text` sentence by sentence, so that a call's text waits for at most one sentence of another's.

        SynthesisFailed, also when somebody waits on a line and it takes too long. Pace and pitch are changed on the
        audio: a model that is asked for twice the pace speaks 1.6 times as fast.
        """
        model = self._models.get(manner.voice.removesuffix(RAISED))
        if model is None:
            raise SynthesisFailed(f"piper has no voice “{manner.voice}”; `ringpost voices` lists what is installed.")
        raised = RAISED_BY if manner.voice.endswith(RAISED) else 1.0
        patience = self._patience + PATIENCE_A_CHARACTER * len(text) + manner.spare_seconds if manner.urgent else None
        spoken: list[RawSpeech] = []
        if manner.urgent and self._is_too_busy(text, manner.spare_seconds):
            raise SynthesisFailed("piper has too many texts of other calls to speak first.")
        try:
            async with asyncio.timeout(patience):
                for sentence in sentences_of(text):
                    # So much slower that the raised voice has its pace.
                    request = {"model": str(model.path), "text": sentence, "stretch": raised, **STEADINESS}
                    worker = min(self.workers, key=lambda each: each.waiting)
                    spoken.append(await worker.speak(request, urgent=manner.urgent))
        except TimeoutError as error:
            raise SynthesisFailed(f"piper did not speak within {patience:.1f} seconds.") from error
        joined = _joined(spoken, raised)
        return await asyncio.to_thread(in_manner, joined, speed=manner.speed, pitch=manner.pitch)

    def _is_too_busy(self, text: str, spare: float) -> bool:
        """Whether texts of other calls, and this one behind them, take longer than a call waits when others do too.

        A call that is alone waits longer: nobody but it is held up.
        """
        worker = min(self.workers, key=lambda each: each.seconds_before_urgent)
        before = worker.seconds_before_urgent
        return before > 0 and before + worker.seconds_for(text) > min(BUSY_SECONDS, self._patience) + spare

    async def close(self) -> None:
        """End the workers."""
        await asyncio.gather(*(worker.close() for worker in self.workers))


def _joined(spoken: Sequence[RawSpeech], raised: float) -> SpeechAudio:
    """The sentences, so much higher, with a short silence between them."""
    if not spoken:
        return SpeechAudio(np.zeros(0, dtype=np.float32), 16_000)
    rate = round(spoken[0].rate * raised)
    rest: Samples = np.zeros(round(SENTENCE_SILENCE_SECONDS * rate), dtype=np.float32)
    pieces: list[Samples] = []
    for each in spoken:
        samples = np.frombuffer(each.samples[: len(each.samples) // 2 * 2], dtype="<i2")
        pieces += [samples.astype(np.float32) / np.float32(32768), rest]
    return SpeechAudio(np.concatenate(pieces[:-1]), rate)
