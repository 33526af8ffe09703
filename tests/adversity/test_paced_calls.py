"""Calls by the thousand over two controllers: none twice, none lost, and the trunk's limits hold, whoever is killed."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import asyncpg
import pytest

from controller.asterisk.configuration import SipTrunk
from controller.calls.model.response_codes import ResponseCode
from controller.programs import ProgramTree
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.busy_carrier import BUSY, BusyCarrier, busy_carrier
from tests.support.house import KEY, Customer, House, customer, running_house
from tests.support.patience import until
from tests.support.ports import free_port
from tests.support.sip_trace import SipTrace, TracedLeg, sip_trace
from tests.support.soak import SOAKING, soaking

CALLS = int(soaking(60, 10_000))
A_SECOND = int(soaking(20, 50))
CHANNELS = int(soaking(20, 50))
OVER_SECONDS = 300.0 + 10 * CALLS / A_SECOND
LEASE_SECONDS = 12
YAML = f"""
service: {{{{lease_seconds: {LEASE_SECONDS}}}}}
license_keys:
  acme: {{{{key: {KEY}, products: [phone], calls_per_minute: 100000, status_post_url: "{{url}}/calls"}}}}
trunks:
  carrier: {{{{host: 127.0.0.2, calls_per_second: {A_SECOND}, channels: {CHANNELS}}}}}
"""
SCRIPT = r"~\WaitForDTMF(30)~"


def _numbers() -> list[str]:
    return [f"1201{556 + number // 10_000}{number % 10_000:04d}" for number in range(CALLS)]


async def _order(house: House) -> None:
    """Queue all calls in one request."""
    asked = {
        "PhoneNumbersToDial": ";".join(_numbers()),
        "TextToSay": SCRIPT,
        "CallerID": "",
        "CallerIDname": "",
        "VoiceID": "0",
        "LicenseKey": KEY,
    }
    address = f"{house.url}/NotifyWS/PhoneNotify.asmx/NotifyMultiplePhoneBasic"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession() as http, http.post(address, data=urlencode(asked), headers=headers) as answer:
        text = await answer.text()
        assert text.count(f"<ResponseCode>{int(ResponseCode.QUEUED)}</ResponseCode>") == CALLS, text[:1000]


def _most_in_a_second(moments: list[datetime]) -> int:
    """The most calls that any rolling second has."""
    seconds = sorted(moment.timestamp() for moment in moments)
    return max(bisect_left(seconds, second + 1) - place for place, second in enumerate(seconds))


def _most_at_once(legs: list[TracedLeg]) -> int:
    """The most legs that were up, or asked for, at any time."""
    changes = [(leg.asked_at, 1) for leg in legs] + [(leg.ended_at, -1) for leg in legs if leg.ended_at]
    up = most = 0
    for _, change in sorted(changes):
        up += change
        most = max(most, up)
    return most


async def _over(dsn: str) -> list[asyncpg.Record]:
    """All calls, when they are over."""
    connection = await asyncpg.connect(dsn)
    try:

        async def none_is_open() -> bool:
            return not await connection.fetchval("SELECT count(*) FROM calls WHERE ended_at IS NULL")

        await until(none_is_open, OVER_SECONDS)
        return await connection.fetch("SELECT queue_id, ltrim(their_number, '+') AS number, response_code FROM calls")
    finally:
        await connection.close()


def _proven(carrier: BusyCarrier, traces: list[SipTrace], calls: list[asyncpg.Record], acme: Customer) -> str:
    """Each number was called once, each call ended once with its own code, and no limit was broken; the figures."""
    assert carrier.called == Counter(_numbers())
    codes = {call["number"]: call["response_code"] for call in calls}
    expected = {number: 8 if number[-1] in BUSY else 1 for number in _numbers()}
    # A call that ends while nobody looks ends all the same, and is reported so.
    unseen = [number for number in expected if codes[number] != expected[number]]
    posted = {post.headers["webhook-id"]: post for post in acme.posted}
    finals = Counter(post.form["QueueID"] for post in posted.values() if post.final)
    assert finals == Counter(str(call["queue_id"]) for call in calls)
    assert len(unseen) <= CHANNELS, unseen
    legs = [leg for trace in traces for leg in trace.legs.values() if leg.outgoing]
    assert Counter(leg.called for leg in legs) == Counter(_numbers())
    assert all(sum(leg.outgoing for leg in trace.legs.values()) for trace in traces), "both controllers called"
    most, at_once = _most_in_a_second([leg.asked_at for leg in legs]), _most_at_once(legs)
    assert at_once <= CHANNELS
    if SOAKING:
        # By the wire: on a machine that does nothing else Asterisk sends as soon as it is asked.
        assert most <= A_SECOND
    began, ended = min(leg.asked_at for leg in legs), max(leg.asked_at for leg in legs)
    took = max((ended - began).total_seconds(), 0.001)
    return (
        f"{len(legs)} calls in {took:.0f} s ({len(legs) / took:.1f} a second), at most {most} in a rolling second and"
        f" {at_once} at once; {len(unseen)} ended while no controller looked"
    )


@pytest.mark.timeout(int(OVER_SECONDS) + 300)
async def test_many_calls_of_two_controllers_are_each_made_once_within_the_limits_though_one_is_killed(
    tools: ProgramTree, postgres: str, tmp_path: Path
) -> None:
    trunk = SipTrunk("carrier", TRUNK_ADDRESS, port=free_port("udp", host=TRUNK_ADDRESS))
    async with AsyncExitStack() as stack:
        acme = await stack.enter_async_context(customer())
        carrier = await stack.enter_async_context(busy_carrier(TRUNK_ADDRESS, trunk.port))
        houses, traces = list[House](), list[SipTrace]()
        for name in ("first", "second"):
            folder = tmp_path / name
            folder.mkdir()
            entity = f"02:00:00:00:00:0{len(houses) + 1}"
            asterisk = await stack.enter_async_context(
                running_asterisk(tools, lease_seconds=LEASE_SECONDS, entity_id=entity, trunks=(trunk,))
            )
            traces.append(await stack.enter_async_context(sip_trace(asterisk)))
            yaml = YAML.format(url=acme.url)
            houses.append(
                await stack.enter_async_context(running_house(folder, asterisk, postgres, tools.root, yaml, "warning"))
            )
        await _order(houses[0])
        # Calls under way, of each of the two: the first ones by name, half of all by number.
        await until(lambda: carrier.called.total() >= CALLS // 2, OVER_SECONDS)
        await houses[0].kill()
        await houses[0].start()
        calls = await _over(postgres)
        assert len(calls) == CALLS
        await houses[1].delivered()
        async with asyncio.timeout(OVER_SECONDS):
            await acme.finals(CALLS, timeout=OVER_SECONDS)
        print(_proven(carrier, traces, calls, acme))
