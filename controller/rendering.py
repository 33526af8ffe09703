"""Rendering ahead: the speech engines of this machine, and every prompt that can be made before somebody calls."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence

import structlog

from controller.calls.treatment import treatment_of
from controller.directory.snapshot import Snapshot
from controller.embedded.debian import Tools
from controller.errors import SpeechError, UnsupportedSystem
from controller.settings import Settings
from controller.speech.command_template import CommandTemplate
from controller.speech.espeak import Espeak
from controller.speech.flite import Flite
from controller.speech.prompts import Prompts
from controller.speech.synthesizer import Synthesizer
from controller.speech.voices import Voices

log = structlog.get_logger()

AT_ONCE = 2


def build_prompts(settings: Settings) -> Prompts:
    """The prompts of a state directory, made by flite, espeak-ng and the engines that the configuration names.

    The programs are those that `ringpost run` unpacked, else the system's. ConfigurationError for a voice table or a
    command that cannot work.
    """
    tools = Tools(settings.tools_dir)
    engines: list[Synthesizer] = []
    if command := _command(tools, "flite"):
        engines.append(Flite(command))
    if command := _command(tools, "espeak-ng"):
        engines.append(Espeak(command, tools.environment() if tools.root.exists() else None))
    engines += [CommandTemplate(name, template) for name, template in settings.speech.commands.items()]
    return Prompts(settings.state_dir / "media", Voices(engines, settings.speech.voices))


def _command(tools: Tools, name: str) -> Sequence[str] | None:
    try:
        return tools.command(name)
    except UnsupportedSystem:
        found = shutil.which(name)
        return [found] if found else None


async def prepare_prompts(prompts: Prompts, snapshot: Snapshot) -> int:
    """Render every text and convert every sound that calls to the snapshot's numbers can play; how many failed.

    What fails is logged and left out of the calls: a script with one bad sound still says the rest.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def speech(text: str, voice: int) -> bool:
        async with slots:
            try:
                await prompts.speech(text, voice)
            except SpeechError as error:
                log.warning("a text could not be rendered", reason=str(error))
                return False
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
            return True

    results = await asyncio.gather(
        *(speech(text, voice) for text, voice in dict.fromkeys(_speeches(snapshot))),
        *(sound(key, sound_id) for key, sounds in snapshot.sounds.items() for sound_id in sounds),
    )
    return results.count(False)


def _speeches(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    for did in snapshot.dids.values():
        yield from treatment_of(did).program.speeches()
