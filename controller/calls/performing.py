"""Which module carries out which effect, and how each stands in the trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.calls.line import Line
from controller.calls.playing import play
from controller.calls.prompting import CallPrompts
from controller.calls.waiting import send_digits, wait_for_input, wait_for_silence
from controller.script.effects import (
    CollectDigits,
    Effect,
    Play,
    Prompt,
    SendDigits,
    Silence,
    Sound,
    Speech,
    Tone,
    WaitForDigit,
    WaitForSilence,
)
from controller.script.outcomes import Failed, Outcome


class Performers:
    """Carries out effects on a line. Everything they need beyond the line and the prompts is given here."""

    async def perform(self, line: Line, effect: Effect, prompts: CallPrompts) -> Outcome:
        """Carry out one effect and tell how it ended; raises `playing.Lost` when the connection went meanwhile."""
        if isinstance(effect, Play):
            return await play(line, effect, prompts)
        if isinstance(effect, WaitForDigit | CollectDigits):
            return await wait_for_input(line, effect)
        if isinstance(effect, WaitForSilence):
            return await wait_for_silence(line, effect)
        if isinstance(effect, SendDigits):
            return await send_digits(line, effect)
        return Failed(f"{type(effect).__name__} is not available on this call")


def describe(effect: Effect) -> Iterator[tuple[str, dict[str, Any]]]:
    """The effect as lines of the trace: each an event's name and its fields, the same that the simulator prints."""
    if isinstance(effect, Play):
        yield from map(_describe_prompt, effect.prompts)
    elif isinstance(effect, WaitForDigit):
        yield "wait_digit", {"seconds": effect.seconds}
    elif isinstance(effect, CollectDigits):
        yield "collect_digits", {"var": effect.variable, "seconds": effect.seconds}
    elif isinstance(effect, WaitForSilence):
        yield "wait_silence", {"seconds": effect.seconds}
    elif isinstance(effect, SendDigits):
        yield "dial_digits", {"digits": effect.digits}


def _describe_prompt(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    if isinstance(prompt, Speech):
        return "say", {"text": " ".join(prompt.text.split())}
    if isinstance(prompt, Silence):
        return "silence", {"seconds": prompt.seconds}
    if isinstance(prompt, Tone):
        return "beep", {}
    return "sound", {"id": prompt.sound_id if isinstance(prompt, Sound) else prompt.name}
