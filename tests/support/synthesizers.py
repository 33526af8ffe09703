"""Speech engines for tests: a tone for each text, at once or when the test says so."""

from __future__ import annotations

import asyncio

import numpy as np

from controller.errors import SynthesisFailed
from controller.speech.synthesizer import Manner, SpeechAudio


class ToneSynthesizer:
    """Speaks each character as 10 ms of a tone at 16 kHz; notes what it was asked for."""

    def __init__(self, name: str = "tone", languages: tuple[str, ...] = ("en",), version: str = "1") -> None:
        self.name = name
        self.languages = languages
        self.number = version
        self.asked: list[tuple[str, Manner]] = []
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.started = asyncio.Event()
        self.two_at_once = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.running = self.most_running = 0

    def speaks(self, language: str) -> bool:
        return language in self.languages or language.split("-")[0] in self.languages

    def voice_for(self, language: str, gender: str) -> str:
        return f"{language}-{gender.lower()}"

    async def version(self) -> str:
        if self.broken:
            raise SynthesisFailed(f"{self.name} is broken")
        return self.number

    async def synthesize(self, text: str, manner: Manner) -> SpeechAudio:
        self.asked.append((text, manner))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.started.set()
        if self.running == 2:
            self.two_at_once.set()
        try:
            await self.gate.wait()
            if self.broken:
                raise SynthesisFailed(f"{self.name} is broken")
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.running -= 1
        times = np.arange(160 * len(text)) / 16000
        return SpeechAudio((0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 16000)
