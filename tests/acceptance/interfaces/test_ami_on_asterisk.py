"""The manager interface on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from controller.asterisk.ami import AmiClient, AmiState
from controller.errors import AsteriskNotFound, AsteriskRefused, AsteriskTimeout, AsteriskUnreachable
from tests.support.bare_asterisk import BareAsterisk
from tests.support.patience import LONGEST_WAIT


async def test_values_are_kept_in_asterisks_database(ami: AmiClient) -> None:
    await ami.database_put("spool", "a/1", "ünï: x")
    await ami.database_put("spool", "b", "2")
    assert await ami.database_get("spool", "a/1") == "ünï: x"
    assert await ami.database_tree("spool") == {"a/1": "ünï: x", "b": "2"}
    for key in ("a/1", "b"):
        await ami.database_delete("spool", key)
    assert await ami.database_tree("spool") == {}
    with pytest.raises(AsteriskNotFound):
        await ami.database_get("spool", "b")
    with pytest.raises(AsteriskNotFound):
        await ami.database_delete("spool", "b")


async def test_a_tree_larger_than_any_buffer_comes_whole(ami: AmiClient) -> None:
    value = "é" * 500
    await asyncio.gather(*(ami.database_put("many", str(number), value) for number in range(200)))
    assert await ami.database_tree("many") == {str(number): value for number in range(200)}
    await asyncio.gather(*(ami.database_delete("many", str(number)) for number in range(200)))


async def test_reloads_tell_their_outcome(ami: AmiClient) -> None:
    await ami.reload("res_musiconhold.so")
    with pytest.raises(AsteriskRefused):
        await ami.reload("nowhere.so")
    with pytest.raises(AsteriskRefused):
        await ami.load_module("nowhere.so")


async def test_settings_and_status_are_told(ami: AmiClient) -> None:
    assert (await ami.core_settings())["AsteriskVersion"].startswith("22.")
    assert "CoreCurrentCalls" in await ami.core_status()
    await ami.ping()


async def test_a_line_break_never_reaches_the_manager(ami: AmiClient) -> None:
    with pytest.raises(AsteriskRefused, match="line break"):
        await ami.database_put("spool", "x", "1\r\nAction: Command\r\nCommand: core stop now")
    await ami.ping()


async def test_a_wrong_secret_is_told_at_once(bare_asterisk: BareAsterisk, ami: AmiClient) -> None:
    client = bare_asterisk.ami(secret="wrong")
    with pytest.raises(AsteriskRefused):
        await asyncio.wait_for(client.run(), LONGEST_WAIT)
    assert client.state is AmiState.REFUSED


async def test_events_reach_their_handler(bare_asterisk: BareAsterisk) -> None:
    client = bare_asterisk.ami()
    booted: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
    client.on_event("FullyBooted", booted.put_nowait)
    running = asyncio.create_task(client.run())
    assert (await asyncio.wait_for(booted.get(), LONGEST_WAIT))["Status"] == "Fully Booted"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert client.state is AmiState.DISCONNECTED
    with pytest.raises(AsteriskUnreachable):
        await client.ping()


async def test_a_restarted_asterisk_is_logged_in_to_again(bare_asterisk: BareAsterisk, ami: AmiClient) -> None:
    welcomed: asyncio.Queue[int] = asyncio.Queue()

    async def welcome() -> None:
        await ami.ping()
        welcomed.put_nowait(ami.connections)

    ami.on_ready(welcome)
    await bare_asterisk.kill()
    await bare_asterisk.start()
    assert await asyncio.wait_for(welcomed.get(), LONGEST_WAIT) == 2


async def test_an_asterisk_that_stands_still_costs_no_more_than_the_limit(bare_asterisk: BareAsterisk) -> None:
    client = bare_asterisk.ami(action_timeout=0.2, connect_timeout=0.5, ping_interval=0.1)
    logins: asyncio.Queue[int] = asyncio.Queue()

    async def welcome() -> None:
        logins.put_nowait(client.connections)

    client.on_ready(welcome)
    running = asyncio.create_task(client.run())
    assert await asyncio.wait_for(logins.get(), LONGEST_WAIT) == 1
    with bare_asterisk.standing_still():
        with suppress(AsteriskTimeout, AsteriskUnreachable):
            async with asyncio.timeout(LONGEST_WAIT):  # a thread may stop a moment later than it was told to
                while True:
                    await client.ping()
        for _ in range(2):
            with pytest.raises((AsteriskTimeout, AsteriskUnreachable)):
                await client.ping()
    assert await asyncio.wait_for(logins.get(), LONGEST_WAIT) == 2
    await client.ping()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
