"""Who guesses passwords is refused for a while: counted by source, from what Asterisk tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from controller.asterisk.ami import AmiClient
from controller.asterisk.security_events import read_failed_login
from controller.errors import AsteriskUnreachable
from controller.running.bans import BanRules, Bans
from tests.support.patience import LONGEST_WAIT

RULES = BanRules(after=3, seconds=600, never=(ip_network("127.0.0.0/8"),))


class Manager:
    """AMI, as far as bans need it."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Mapping[str, str]], None]] = {}
        self.reloads = 0
        self.away = False
        self.reloaded, self.refused = asyncio.Event(), asyncio.Event()

    def on_event(self, name: str, handler: Callable[[Mapping[str, str]], None]) -> None:
        self.handlers[name] = handler

    async def reload(self, module: str) -> None:
        assert module == "res_pjsip.so"
        if self.away:
            self.refused.set()
            raise AsteriskUnreachable("away")
        self.reloads += 1
        self.reloaded.set()

    def tell(self, address: str, event: str = "ChallengeResponseFailed", service: str = "PJSIP") -> None:
        headers = {"Event": event, "Service": service, "AccountID": "alice", "RemoteAddress": address}
        self.handlers[event](headers)


class Room:
    def __init__(self, file: Path | None, carriers: tuple[str, ...] = ()) -> None:
        self.manager, self.clock = Manager(), [0.0]
        self.bans = Bans(
            cast("AmiClient", self.manager), file, RULES, lambda: carriers, CollectorRegistry(), lambda: self.clock[0]
        )

    def fail(self, address: str, times: int = 3, event: str = "ChallengeResponseFailed") -> None:
        for _ in range(times):
            self.manager.tell(address, event)


@pytest.mark.parametrize(
    ("address", "event", "banned"),
    [
        ("IPV4/UDP/192.0.2.7/5060", "ChallengeResponseFailed", ["192.0.2.7"]),
        ("IPV4/TCP/192.0.2.7/5060", "InvalidPassword", ["192.0.2.7"]),
        ("IPV4/TLS/192.0.2.7/5060", "InvalidAccountID", ["192.0.2.7"]),
        ("IPV4/UDP/192.0.2.7/5060", "InvalidAccountID", []),  # anybody can write that address on a packet
        ("IPV6/UDP/2001:db8:1:2::9/5060", "ChallengeResponseFailed", ["2001:db8:1:2::/64"]),
        ("IPV6/TCP/::ffff:192.0.2.7/5060", "ChallengeResponseFailed", ["192.0.2.7"]),
        ("IPV4/UDP/127.0.0.1/5060", "ChallengeResponseFailed", []),
        ("IPV4/UDP/nonsense/5060", "ChallengeResponseFailed", []),
        ("192.0.2.7", "ChallengeResponseFailed", []),
    ],
)
def test_a_source_is_banned_by_what_it_is_known_to_have_sent(address: str, event: str, banned: list[str]) -> None:
    room = Room(None)
    room.fail(address, 2, event)
    assert room.bans.banned == []
    room.fail(address, 1, event)
    assert room.bans.banned == banned


def test_a_phone_that_fails_now_and_then_is_no_attacker() -> None:
    room = Room(None)
    for _ in range(20):
        room.fail("IPV4/UDP/192.0.2.7/5060", 1)
        room.clock[0] += 31
    assert room.bans.banned == []


def test_what_is_no_login_of_sip_is_not_counted() -> None:
    assert read_failed_login({"Event": "SuccessfulAuth", "RemoteAddress": "IPV4/UDP/192.0.2.7/5060"}) is None
    room = Room(None)
    for _ in range(9):
        room.manager.tell("IPV4/TCP/192.0.2.7/5038", service="AMI")
    assert room.bans.banned == []


async def test_asterisk_reads_the_list_when_somebody_comes_on_it_and_when_the_time_is_over(tmp_path: Path) -> None:
    file = tmp_path / "pjsip_banned.conf"
    room = Room(file, carriers=("198.51.100.0/24",))
    running = asyncio.create_task(room.bans.run())
    try:
        room.fail("IPV4/UDP/198.51.100.4/5060")  # a carrier's
        room.fail("IPV4/UDP/192.0.2.7/5060")
        await asyncio.wait_for(room.manager.reloaded.wait(), LONGEST_WAIT)
        assert file.read_text() == "; Written by Ringpost.\n[ringpost-banned]\ntype = acl\ndeny = 192.0.2.7\n"
        assert file.stat().st_mode & 0o777 == 0o600
        room.manager.reloaded.clear()
        room.clock[0] = 601.0
        room.fail("IPV4/UDP/192.0.2.8/5060")
        async with asyncio.timeout(LONGEST_WAIT):
            while "192.0.2.7" in file.read_text():  # a list that was begun before the time was over may come first
                await room.manager.reloaded.wait()
                room.manager.reloaded.clear()
        assert room.bans.banned == ["192.0.2.8"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_list_that_asterisk_did_not_hear_of_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.running.bans.AGAIN_SECONDS", 0.01)
    file = tmp_path / "pjsip_banned.conf"
    room = Room(file)
    room.manager.away = True
    room.fail("IPV4/UDP/192.0.2.7/5060")
    running = asyncio.create_task(room.bans.run())
    try:
        await asyncio.wait_for(room.manager.refused.wait(), LONGEST_WAIT)
        room.manager.away = False
        await asyncio.wait_for(room.manager.reloaded.wait(), LONGEST_WAIT)
        assert "192.0.2.7" in file.read_text()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
