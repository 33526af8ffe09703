"""A call's prompts: what the engine wants played, as media that Asterisk can fetch; and what the call records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from controller.directory.current import CurrentDirectory
from controller.errors import SpeechError, StoreError
from controller.script.effects import Prompt, Silence, Sound, SpecialSound, Speech
from controller.script.program import Program
from controller.script.voice_ids import FULL_VOLUME, NORMAL_RATE
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Medium, Prompts
from controller.speech.quota import SpeechMade, SpeechQuota, told_nobody


@dataclass(frozen=True, slots=True)
class PromptSources:
    """Where prompts come from: speech engines, the YAML's sounds, stored sounds.

    media_url: the address under which Asterisk reaches the controller's media, without a trailing slash. quota: what
    speech may be made for each licence key. speech_made: told of what was synthesized.
    """

    prompts: Prompts
    directory: CurrentDirectory
    library: SoundLibrary
    media_url: str
    quota: SpeechQuota = field(default_factory=SpeechQuota)
    speech_made: SpeechMade = told_nobody


class CallPrompts:
    """The prompts of one licence key. rate, volume: of what is spoken, see `Prompts.speech`."""

    def __init__(
        self, sources: PromptSources, license_key: str, rate: int = NORMAL_RATE, volume: int = FULL_VOLUME
    ) -> None:
        self._sources = sources
        self.license_key = license_key
        self._manner = rate, volume
        self._wide = False
        self._stand_ins: list[str] = []

    def spoken(self, rate: int, volume: int) -> CallPrompts:
        """The same prompts, spoken so fast and so loud."""
        return CallPrompts(self._sources, self.license_key, rate, volume)

    def carried(self, *, wide: bool) -> None:
        """Whether the call carries 16 kHz: media are then those that have as much."""
        self._wide = wide

    def take_stand_ins(self) -> list[str]:
        """Why other engines than the voices' own spoke what was made since this was last asked, for the trace."""
        taken, self._stand_ins = self._stand_ins, []
        return taken

    def ready(self, prompt: Prompt) -> tuple[str, float] | None:
        """The media URI and length in seconds of a prompt that needs no work any more; else None."""
        medium: Medium | None = None
        if isinstance(prompt, Speech):
            medium = self._sources.prompts.cached_speech(prompt.text, prompt.voice, *self._manner)
        elif isinstance(prompt, Sound):
            path = self._file(prompt.sound_id)
            if path is not None:
                medium = self._sources.prompts.cached_sound(path)
            else:
                medium = self._sources.library.cached(self.license_key, prompt.sound_id)
        return None if medium is None else self._as_media(medium)

    def parts(self, speech: Speech) -> tuple[Speech, ...]:
        """A text that has to be made, in its sentences."""
        return tuple(replace(speech, text=part) for part in self._sources.prompts.parts_of(speech.text, speech.voice))

    async def make(
        self, prompt: Prompt, *, urgent: bool = True, stand_in: str = "", spare_seconds: float = 0.0
    ) -> tuple[str, float]:
        """The media URI and length in seconds of any prompt, made now if need be. SpeechError when it cannot be.

        urgent: somebody waits for it on a line. stand_in: why another engine than the voice's own has to speak.
        spare_seconds: so long is heard what was made before.
        """
        prompts = self._sources.prompts
        if isinstance(prompt, Speech):
            return self._as_media(await self._spoken(prompt, urgent, stand_in, spare_seconds))
        if isinstance(prompt, Silence):
            return self._as_media(await prompts.silence(prompt.seconds))
        if isinstance(prompt, Sound):
            path = self._file(prompt.sound_id)
            if path is not None:
                return self._as_media(await prompts.sound(path))
            return self._as_media(await self._stored(prompt.sound_id))
        if isinstance(prompt, SpecialSound):
            return self._as_media(await prompts.house_sound(prompt.name))
        return self._as_media(await prompts.beep())

    async def prepare(self, program: Program, voice: int) -> None:
        """Make all that the program can say, as far as it is known before the call. SpeechError for the first text
        that cannot be spoken.
        """
        for text, spoken_by in program.speeches(voice):
            speech = Speech(text, spoken_by)
            if self.ready(speech) is None:
                await self.make(speech, urgent=False)

    async def missing_sound(self, program: Program) -> str | None:
        """The id of a sound that the program plays and the key does not have; None when it has them all. StoreError.

        A sound that the program records itself is none of them.
        """
        recorded = set(program.recorded_sounds())
        for sound_id in program.sounds():
            if sound_id in recorded or self._file(sound_id) is not None:
                continue
            if await self._sources.library.find(self.license_key, sound_id) is None:
                return sound_id
        return None

    def why_not_recordable(self, sound_id: str) -> str:
        """Why this sound cannot be recorded over; empty when it can. What the YAML states, the YAML owns."""
        if self._file(sound_id) is not None:
            return f"the sound “{sound_id}” is a file of the configuration and is not recorded over"
        return ""

    async def _spoken(self, prompt: Speech, urgent: bool, stand_in: str, spare: float) -> Medium:
        self._sources.quota.admit(self.license_key)
        made = partial(self._sources.speech_made, self.license_key, prompt.text)
        medium = await self._sources.prompts.speech(
            prompt.text,
            prompt.voice,
            *self._manner,
            made,
            urgent=urgent,
            stand_in=stand_in,
            spare_seconds=spare,
        )
        if medium.stand_in:
            self._stand_ins.append(medium.stand_in)
        self._sources.quota.count(self.license_key, medium.seconds)
        return medium

    async def _stored(self, sound_id: str) -> Medium:
        try:
            medium = await self._sources.library.find(self.license_key, sound_id)
        except StoreError as error:
            raise SpeechError(f"the sound “{sound_id}” could not be looked up: {error}") from error
        if medium is None:
            raise SpeechError(f"there is no sound “{sound_id}”")
        return medium

    def _file(self, sound_id: str) -> Path | None:
        return self._sources.directory.snapshot.sound(self.license_key, sound_id)

    def _as_media(self, medium: Medium) -> tuple[str, float]:
        ending = ".wav16" if self._wide and self._sources.prompts.has_wide(medium) else ".wav"
        return f"sound:{self._sources.media_url}/media/{medium.content_hash}{ending}", medium.seconds
