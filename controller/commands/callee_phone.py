"""The other party of `ringpost call --answered-by`: a test phone at the demo's trunk that takes the call, or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from controller.commands.running_command import AnsweredBy
from controller.commands.trial import KeyPress
from controller.commands.trunk_phone import phone_at_trunk
from controller.commands.watching import CallWatch
from controller.config.load import Configuration
from controller.errors import SoftphoneError
from controller.script.simulation.situation import FAX_TONE_SECONDS, HUMAN_GREETING_SECONDS, MACHINE_GREETING_SECONDS
from controller.softphone.answering import AnsweringLine, IncomingCall
from controller.softphone.call_audio import Samples, hum, talk

RING_SECONDS = 1.0
LONGEST_CALL_SECONDS = 3600.0


@asynccontextmanager
async def callee_at_trunk(
    configuration: Configuration, who: AnsweredBy, presses: list[KeyPress], watch: CallWatch
) -> AsyncIterator[None]:
    """Somebody who takes the calls that go out through the demo's trunk, as long as the context lasts.

    ConfigurationError without a trunk on this machine, UnsupportedSystem without SIPp, SoftphoneError.
    """
    phone, trunk = phone_at_trunk(configuration, "ringpost call --answered-by")
    async with (
        phone,
        phone.answering(port=trunk.port) as line,
        asyncio.TaskGroup() as tasks,
    ):
        taking = tasks.create_task(_take_calls(line, who, presses, watch))
        try:
            yield
        finally:
            taking.cancel()


async def _take_calls(line: AnsweringLine, who: AnsweredBy, presses: list[KeyPress], watch: CallWatch) -> None:
    while True:
        try:
            call = await line.next_call(LONGEST_CALL_SECONDS)
        except SoftphoneError:
            continue
        with suppress(SoftphoneError):  # the call may end at any moment
            await _take(call, who, presses, watch)


async def _take(call: IncomingCall, who: AnsweredBy, presses: list[KeyPress], watch: CallWatch) -> None:
    if who == "busy":
        await call.refuse(486)
        return
    await call.ring()
    if who == "nobody":
        return
    await asyncio.sleep(RING_SECONDS)
    await call.answer()
    answered = call.now
    speaking = asyncio.create_task(call.play(_said_by(who)))
    try:
        for press in sorted(presses, key=lambda press: press.seconds):
            await asyncio.sleep(max(0.0, answered + press.seconds - call.now))
            watch.say("pressing", press.digits, "bold cyan")
            await call.press(press.digits)
        await call.ended(LONGEST_CALL_SECONDS)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


def _said_by(who: AnsweredBy) -> Samples:
    """What is heard first: a murmur as long as a greeting, or the answering tone of a fax (ITU-T V.25)."""
    if who == "fax":
        return hum(FAX_TONE_SECONDS, 2100)
    return talk(MACHINE_GREETING_SECONDS if who == "machine" else HUMAN_GREETING_SECONDS)
