"""Prompts: everything a caller can hear, as media that are made once and kept."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from controller.errors import AudioInvalid, SpeechError, SynthesisFailed, VoiceUnavailable
from controller.script.voice_ids import DEFAULT_VOICE, FULL_VOLUME, NORMAL_RATE
from controller.speech.audio import read_audio_file, to_telephone
from controller.speech.house_sounds import HOUSE_SOUNDS
from controller.speech.media_store import MediaStore, Medium
from controller.speech.metrics import SpeechMetrics
from controller.speech.pcm import Samples, TelephoneSound, beep, silence, to_pcm, wav_file
from controller.speech.rendering import ENGINES_AT_ONCE, RENDERING, Rendered, Renderer
from controller.speech.shared_speech import SharedSpeech
from controller.speech.sharing import SharedWork
from controller.speech.synthesizer import KeepsProcess
from controller.speech.text_parts import parts_of
from controller.speech.voices import Voices

__all__ = ["Medium", "Prompts"]

CONVERSIONS_AT_ONCE = 2
LONGEST_SILENCE_SECONDS = 3600.0


def _tell_nobody() -> None:
    """Nobody counts."""


class Prompts:
    """Speech, sounds, silence and the beep, from `directory` when they were made before, else made now.

    SpeechError when `directory` cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        voices: Voices,
        *,
        engines_at_once: int = ENGINES_AT_ONCE,
        metrics: SpeechMetrics | None = None,
        shared: SharedSpeech | None = None,
    ) -> None:
        self._metrics = metrics
        self._with_others = shared
        self._store = MediaStore(directory)
        self._voices = voices
        self._renderer = Renderer(voices, engines_at_once)
        self._shared = SharedWork[Medium]()
        self._conversions = asyncio.Semaphore(CONVERSIONS_AT_ONCE)
        self._versions: dict[str, str] = {}
        self._sounds: dict[Path, Medium] = {}

    @property
    def directory(self) -> Path:
        """The folder that holds the media."""
        return self._store.directory

    @property
    def voices(self) -> Voices:
        """The table of voices."""
        return self._voices

    def cached_speech(
        self, text: str, voice: int = DEFAULT_VOICE, rate: int = NORMAL_RATE, volume: int = FULL_VOLUME
    ) -> Medium | None:
        """The medium of a text that was spoken before, from memory alone; else None."""
        try:
            return self._store.get(self._speech_key(text, voice, rate, volume))
        except (KeyError, VoiceUnavailable):
            return None

    async def speech(
        self,
        text: str,
        voice: int = DEFAULT_VOICE,
        rate: int = NORMAL_RATE,
        volume: int = FULL_VOLUME,
        synthesized: Callable[[], None] = _tell_nobody,
        *,
        urgent: bool = False,
        stand_in: str = "",
        spare_seconds: float = 0.0,
    ) -> Medium:
        """A text, speech control included, spoken by the voice with that id.

        rate: 0 to 20, 10 is normal. volume: 0 to 100. A voice that no engine has is spoken by the default voice. Where
        the voice's engine fails, or keeps somebody waiting (`urgent`), another engine speaks; that is not kept. It
        speaks at once where `stand_in` says why it has to: it spoke the beginning already.
        spare_seconds: so long can `urgent` wait, because something is heard meanwhile.
        synthesized: told when the voice's engine has spoken it, and not when it was there already, or is being made for
        another. SynthesisFailed, VoiceUnavailable; SpeechError when it cannot be stored.
        """
        await self._ask_versions(text, voice)
        key = self._speech_key(text, voice, rate, volume)

        async def keep() -> Medium:
            # Text that is known only in a call is of no use to others, and its caller waits.
            others = None if urgent else self._with_others
            if others is not None and (found := await others.find(key)) is not None:
                return await asyncio.to_thread(self._keep, key, found)
            rendered = await self._renderer.render(
                text, voice, rate, volume, urgent=urgent, stand_in=stand_in, spare_seconds=spare_seconds
            )
            self._count(rendered)
            if not rendered.stood_in_for:
                if self._store.get(key) is None:  # an urgent rendering may have been quicker than one ahead
                    synthesized()
                if others is not None:
                    await others.keep(key, rendered.sound)
                return await asyncio.to_thread(self._keep, key, rendered.sound)
            medium = await asyncio.to_thread(self._store.put, rendered.sound)
            return replace(medium, stand_in="; ".join(rendered.stood_in_for.values()))

        # Who waits on a line does not share a rendering that takes its time.
        if stand_in:
            return await self._shared.do(f"{key} by another", keep)
        return await self._made(key, keep, work_key=f"{key} urgent" if urgent else key)

    def parts_of(self, text: str, voice: int = DEFAULT_VOICE) -> tuple[str, ...]:
        """A text in parts that can be spoken one by one, so that the first is heard early; itself where it has none."""
        try:
            language = self._voices.speaker(voice).voice.tag
        except VoiceUnavailable:
            return (text,)
        return parts_of(text, language)

    async def close(self) -> None:
        """End the processes that speech engines keep."""
        await self._voices.close()

    def _count(self, rendered: Rendered) -> None:
        if self._metrics is None:
            return
        for engine, seconds in rendered.engine_seconds.items():
            self._metrics.seconds.labels(engine).inc(seconds)
        for engine in rendered.stood_in_for:
            self._metrics.stand_ins.labels(engine).inc()

    def cached_sound(self, path: Path) -> Medium | None:
        """What the file was when `sound` last looked at it, from memory alone; None when it never did."""
        return self._sounds.get(path)

    async def sound(self, path: Path) -> Medium:
        """An audio file of any kind; converted anew when the file has changed. AudioInvalid."""
        try:
            facts = os.stat(path)  # noqa: PTH116 (microseconds)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise AudioInvalid(f"The sound file {path.name} cannot be read: {reason}.") from error
        key = _key("sound", str(path.absolute()), str(facts.st_mtime_ns), str(facts.st_size))  # noqa: ASYNC240
        medium = await self._kept(
            key, lambda: self._converted(lambda: to_telephone(read_audio_file(path), path.suffix))
        )
        self._sounds[path] = medium
        return medium

    async def sound_bytes(self, data: bytes, hint: str = "") -> Medium:
        """Audio of any kind. `hint`: its media type or a file's ending, for audio without a header. AudioInvalid."""
        return await asyncio.to_thread(self._store.put, await self._converted(lambda: to_telephone(data, hint)))

    def has(self, medium: Medium) -> bool:
        """Whether the medium's file is on the disk, whole; blocking."""
        return self._store.has_file(medium)

    def has_wide(self, medium: Medium) -> bool:
        """Whether the medium is there at 16 kHz too, from memory alone."""
        return self._store.has_wide(medium)

    async def take_in(self, sound: TelephoneSound) -> Medium:
        """A medium's files, as another controller made them. SpeechError when the disk does not take them."""
        return await asyncio.to_thread(self._store.put, sound)

    async def silence(self, seconds: float) -> Medium:
        """So much silence, to the millisecond; at most an hour."""
        seconds = round(min(max(seconds, 0.001), LONGEST_SILENCE_SECONDS), 3)
        key = _key("silence", f"{seconds:.3f}")
        return await self._kept(key, lambda: asyncio.to_thread(lambda: _narrow(silence(seconds))))

    async def beep(self) -> Medium:
        """The standard beep before a recording."""
        return await self._kept(_key("beep"), lambda: asyncio.to_thread(lambda: _narrow(beep())))

    async def house_sound(self, name: str) -> Medium:
        """A built-in sound, by its name in lower case. SpeechError when there is none of that name."""
        sound = HOUSE_SOUNDS.get(name)
        if sound is None:
            raise SpeechError(f"there is no built-in sound named “{name}”")
        key = _key("house", repr(sound))
        return await self._kept(key, lambda: asyncio.to_thread(lambda: _narrow(sound.samples())))

    def read(self, medium: Medium) -> bytes:
        """The medium's WAV file; blocking. SpeechError when it is gone."""
        return self.read_sound(medium).wav

    def read_sound(self, medium: Medium) -> TelephoneSound:
        """The medium's files; blocking. SpeechError when they are gone."""
        try:
            wide = self._store.path(medium, wide=True).read_bytes() if self.has_wide(medium) else b""
            return TelephoneSound(self._store.path(medium).read_bytes(), wide)
        except OSError as error:
            raise SpeechError(f"A prompt is no longer in {self.directory}: {error.strerror}.") from error

    async def self_test(self) -> None:
        """Have the default voice speak a word, past the cache. SpeechError that names the way out."""
        await self._renderer.render("ready", DEFAULT_VOICE, NORMAL_RATE, FULL_VOLUME)

    async def load_voices(self) -> None:
        """Have an engine that keeps a process load the default voice, so that the first caller does not wait for it.

        SpeechError.
        """
        if isinstance(self._voices.speaker(DEFAULT_VOICE).synthesizer, KeepsProcess):
            await self.self_test()

    async def is_ready(self) -> bool:
        """Whether media can be stored and an engine answers; cheap enough to ask every second."""
        if not await asyncio.to_thread(os.access, self.directory, os.W_OK | os.X_OK):
            return False
        try:
            await self._ask_versions("", DEFAULT_VOICE)
        except SpeechError:
            return False
        return True

    async def prune(self, unused_days: float, in_use: Callable[[Collection[str]], Awaitable[Collection[str]]]) -> int:
        """Remove media that were not used for so many days, and those that nothing refers to. Gives how many.

        in_use: which of some content hashes somebody else needs, such as the stored sounds of customers; what it
        raises ends the removal.
        """
        files = {medium.content_hash for medium in self._sounds.values()}
        await asyncio.to_thread(self._store.forget_unused, unused_days)
        removed = 0
        for hashes in await asyncio.to_thread(self._store.unreferenced, unused_days):
            kept = files.union(await in_use(hashes))
            removed += await asyncio.to_thread(self._store.remove, [each for each in hashes if each not in kept])
        if self._with_others is not None:
            await self._with_others.remove_unused(unused_days)
        return removed

    async def _ask_versions(self, text: str, voice: int) -> None:
        """Find out the versions that the key of this text needs: other engines only if it may change its voice."""
        main = self._voices.speaker(voice).synthesizer
        if main.name not in self._versions:
            self._versions[main.name] = await main.version()
        if _may_change_voice(text):
            for engine in self._voices.engines:
                if engine.name not in self._versions:
                    with suppress(SynthesisFailed):
                        self._versions[engine.name] = await engine.version()

    def _speech_key(self, text: str, voice: int, rate: int, volume: int) -> str:
        """KeyError when the engine's version is not known yet; VoiceUnavailable."""
        speaker = self._voices.speaker(voice)
        name = speaker.synthesizer.name
        engine = f"{name} {self._versions[name]}"
        if _may_change_voice(text):
            others = (f"{other} {version}" for other, version in sorted(self._versions.items()))
            engine = "\n".join((engine, self._voices.signature, *others))
        return _key("speech", engine, speaker.engine_voice, speaker.voice.tag, str(rate), str(volume), text)

    async def _made(
        self, key: str, make: Callable[[], Coroutine[None, None, Medium]], work_key: str | None = None
    ) -> Medium:
        medium = self._store.get(key)
        if medium is not None and self._store.has_file(medium):
            return medium
        return await self._shared.do(work_key or key, make)

    async def _kept(self, key: str, make: Callable[[], Awaitable[TelephoneSound]]) -> Medium:
        async def work() -> Medium:
            return await asyncio.to_thread(self._keep, key, await make())

        return await self._made(key, work)

    def _keep(self, key: str, sound: TelephoneSound) -> Medium:
        medium = self._store.put(sound)
        self._store.remember(key, medium)
        return medium

    async def _converted(self, convert: Callable[[], TelephoneSound]) -> TelephoneSound:
        async with self._conversions:
            return await asyncio.to_thread(convert)


def _narrow(samples: Samples) -> TelephoneSound:
    return TelephoneSound(wav_file([to_pcm(samples)]))


def _may_change_voice(text: str) -> bool:
    """Whether a text may be spoken by other engines than its voice's: it has tags, or another script."""
    return "<" in text or not text.isascii()


def _key(*parts: str) -> str:
    words = "\0".join((RENDERING, *parts))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
