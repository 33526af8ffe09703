"""`ringpost try`: a real call to the running system, told as it happens.

The call is a real one: SIP by SIPp, RTP and RFC 4733 digits, through the demo's trunk.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import aiohttp
from rich.console import Console

from controller.commands.watching import Addresses, CallWatch
from controller.errors import RingpostError, SoftphoneError
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall

DIAL_SECONDS = 15.0
LONGEST_TRY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class KeyPress:
    """Digits, and when they are pressed, in seconds after the answer."""

    digits: str
    seconds: float

    @classmethod
    def parse(cls, text: str) -> KeyPress:
        """`1@3`: digit 1 three seconds after the answer; `1234#@2.5`. RingpostError when it is not of that form."""
        match = re.fullmatch(r"([0-9*#A-Da-d]+)@(\d+(?:\.\d+)?)", text.strip())
        if match is None:
            raise RingpostError(f"“{text}” is not DIGITS@SECONDS, such as 1@3 or 1234#@2.5")
        return cls(match[1].upper(), float(match[2]))


class Trial:
    """One try: dials, presses, listens, and prints a line for each thing that happens."""

    def __init__(self, addresses: Addresses, phone: Softphone, console: Console) -> None:
        self._phone = phone
        self._watch = CallWatch(addresses, console)

    async def run(self, number: str, caller: str, presses: list[KeyPress], hang_up_after: float | None) -> bool:
        """Make the call. True when it was answered and came to its end; RingpostError when it could not be tried."""
        async with aiohttp.ClientSession(trust_env=False) as http, self._watch.watching(http, {"their_number": caller}):
            return await self._call(number, caller, presses, hang_up_after)

    async def _call(self, number: str, caller: str, presses: list[KeyPress], hang_up_after: float | None) -> bool:
        self._watch.say("dialling", number, "bold")
        try:
            call = await self._phone.dial(number, caller=caller, timeout=DIAL_SECONDS)
            await call.answered(DIAL_SECONDS)
        except SoftphoneError as error:
            self._watch.say("refused", str(error), "red")
            return False
        pressing = asyncio.create_task(self._press(call, presses))
        try:
            if hang_up_after is not None:
                await self._hang_up_after(call, hang_up_after)
            await call.ended(LONGEST_TRY_SECONDS)
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
        await self._watch.rest()
        return True

    async def _hang_up_after(self, call: PhoneCall, seconds: float) -> None:
        try:
            await call.ended(seconds)
        except SoftphoneError:
            self._watch.say("hanging up", "", "bold")
            await call.hang_up()

    async def _press(self, call: PhoneCall, presses: list[KeyPress]) -> None:
        answered = time.monotonic()
        for press in sorted(presses, key=lambda press: press.seconds):
            await asyncio.sleep(max(0.0, answered + press.seconds - time.monotonic()))
            self._watch.say("pressing", press.digits, "bold cyan")
            await call.press(press.digits)
