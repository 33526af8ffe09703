"""The load that the bench puts on a server measures what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.bench.calls import BARE_DIALPLAN, Percentiles, run_calls, run_key_calls
from tests.support.exchange import Exchange, exchange


@pytest.fixture(scope="module")
async def bare(tools: ProgramTree) -> AsyncIterator[Exchange]:
    async with exchange(tools, BARE_DIALPLAN) as running:
        yield running


async def test_sipp_alone_places_calls_and_tells_how_long_each_answer_took(tools: ProgramTree, bare: Exchange) -> None:
    result = await run_calls(
        tools.command("sipp"), bare.server, "quick", rate=50, count=50, hold_ms=100, processes={"asterisk": bare.pid}
    )

    assert (result.placed, result.answered, result.failed, result.reasons) == (50, 50, 0, {})
    assert 0 < result.invite_to_200.p50 <= result.invite_to_200.p99 <= result.invite_to_200.longest
    assert 0 < result.cpu_per_call("asterisk") < 100


async def test_calls_that_are_refused_are_counted_as_failed(tools: ProgramTree, bare: Exchange) -> None:
    result = await run_calls(tools.command("sipp"), bare.server, "nobody", rate=50, count=5)

    assert (result.answered, result.failed, result.invite_to_200) == (0, 5, Percentiles())
    assert sum(result.reasons.values()) == 5


async def test_calls_with_a_key_go_through_the_menu_and_are_hung_up(tools: ProgramTree, bare: Exchange) -> None:
    async with Softphone(tools.command("sipp"), server=bare.server) as phone:
        result = await run_key_calls(
            phone, "menu", "2", rate=20, count=20, processes={"asterisk": bare.pid, "sipp": phone.pid or 0}
        )

    assert (result.placed, result.answered, result.failed, result.reasons) == (20, 20, 0, {})
    assert result.cpu["asterisk"] > 0
