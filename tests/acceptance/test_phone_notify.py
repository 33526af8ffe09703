"""Phone Notify! on a running house: programs place calls, and give numbers their scripts, while calls come and go."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk
from tests.support.house import KEY
from tests.support.live import LiveHouse, live_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear

MESSAGE, WELCOME = range(2)
SOUNDS = {"message": MESSAGE, "welcome": WELCOME}
CALLED = "2015590001"


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("phone-notify")
    async with live_house(folder, asterisk, tools, fresh_database, sounds=SOUNDS, scripts={}) as running:
        yield running


async def get(live: LiveHouse, operation: str, **parameters: Any) -> str:
    """The answer to a GET of the running service."""
    url = f"{live.house.url}/NotifyWS/PhoneNotify.asmx/{operation}?{urlencode(parameters)}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()
        assert answer.status == 200, text
        return text


def member(document: str, name: str) -> str:
    found = re.search(f"<{name}[^>]*>([^<]*)</{name}>", document)
    return found.group(1) if found else ""


async def keys(call: PhoneCall, number: int) -> str:
    """So many keys that the other side sent, as they come."""
    async with asyncio.timeout(LONGEST_WAIT):
        while len(call.keys) < number:
            await call.more_audio(1)
    return "".join(each.key for each in call.keys)


async def test_a_program_has_a_number_called_with_its_extension_and_is_told_what_became_of_it(live: LiveHouse) -> None:
    script = r"~\QuickStart()~ ~^message~ ~\WaitForDTMF(5)~"
    given = {"PhoneNumberToDial": f"{CALLED}x42", "TextToSay": script, "CallerID": "2015550101", "LicenseKey": KEY}
    queue_id = member(await get(live, "NotifyPhoneBasic", **given), "QueueID")
    call = await live.line.next_call()
    assert call.number == f"+1{CALLED}"
    assert call.caller.endswith("2015550101")
    await call.answer()
    assert await keys(call, 2) == "42"
    await hear(call, MESSAGE)
    with suppress(SoftphoneError):  # the call ends at the digit
        await call.press("5")
    await call.ended()
    await live.told(int(queue_id))
    told = await get(live, "GetQueueIDStatusWithAdvancedInfo", QueueID=queue_id, LicenseKey=KEY)
    assert (member(told, "ResponseCode"), member(told, "CallAnswered"), member(told, "CallComplete")) == (
        "1",
        "true",
        "true",
    )
    assert (member(told, "DigitsPressed"), member(told, "TryCount")) == ("5", "1")
    assert member(told, "TextToSay") == script


async def test_a_number_that_a_program_takes_runs_its_script_at_the_next_call(live: LiveHouse) -> None:
    number = "2015550102"
    assert "<string>2015550102</string>" in await get(live, "GetAvailableIncomingNumbers", AreaCodeFilter="201")
    assert (
        member(await get(live, "AssignIncomingNumber", IncomingPhoneNumber=number, LicenseKey=KEY), "boolean") == "true"
    )
    given = {"PhoneNumber": number, "Script": "~^welcome~", "LicenseKey": KEY}
    assert member(await get(live, "SetIncomingCallScript", **given), "boolean") == "true"
    call = await live.phone.dial(f"1{number}", caller="12015580999")
    await hear(call, WELCOME)
    assert (await call.ended()).by == "them"
