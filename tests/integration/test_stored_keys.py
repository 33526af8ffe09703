"""Licence keys that are stored: alive at once on every controller, and of no use at once after they were revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from controller.api.console.store.people import People
from controller.api.console.store.sessions import Sessions
from controller.api.store.api_tokens import ApiTokens
from controller.calls.store.call_lookup import CallFilter
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey, Snapshot
from controller.directory.stored_keys import StoredKeys
from controller.errors import KeyRefused
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import THEM, over
from tests.support.patience import until
from tests.support.phone_notify import PhoneNotify, phone_notify, snapshot


@asynccontextmanager
async def room_with_keys(postgres: str, media: Path, fake: FakeAri) -> AsyncIterator[tuple[PhoneNotify, StoredKeys]]:
    """The interface, and the keys as another controller, or a command, has them."""
    async with phone_notify(postgres, media, fake=fake) as room:
        room.room.directory.on_change(room.room.dialer.directory_changed)
        following = asyncio.create_task(StoredKeys(room.room.database, room.room.directory).run())
        elsewhere = StoredKeys(room.room.database, CurrentDirectory(snapshot()))
        await elsewhere.load()
        try:
            yield room, elsewhere
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


async def test_a_key_places_calls_as_soon_as_it_is_made_and_none_once_it_is_revoked(
    postgres: str, tmp_path: Path
) -> None:
    fake = FakeAri()
    async with room_with_keys(postgres, tmp_path, fake) as (room, elsewhere):
        directory = room.room.directory
        room.room.dialer.is_connected = lambda: False  # so that the call waits
        settings = {"products": "phone", "destinations": ["US"], "status_post_url": "https://bolt.example/calls"}
        made = await elsewhere.create("bolt", settings)
        await until(lambda: "bolt" in directory.snapshot.license_keys)
        asked = {"PhoneNumberToDial": THEM, "TextToSay": "Hello", "CallerID": "", "CallerIDname": "", "VoiceID": "0"}
        assert "<ResponseCode>0<" in await room.get("NotifyPhoneBasic", **asked, LicenseKey=made.value.upper())

        queued = await room.room.lookup.find(CallFilter(limit=9))
        assert [call.license_key for call in queued] == ["bolt"]
        await elsewhere.revoke("bolt")
        await until(lambda: "bolt" not in directory.snapshot.license_keys)
        assert "<ResponseCode>14<" in await room.get("NotifyPhoneBasic", **asked, LicenseKey=made.value)
        room.room.dialer.is_connected = lambda: True
        room.room.dialer.wake()
        assert (await over(room.room, queued[0].queue_id, timeout=60))[-1] == 14
        assert not fake.channels


async def test_a_key_takes_numbers_from_the_stock(postgres: str, tmp_path: Path) -> None:
    async with room_with_keys(postgres, tmp_path, FakeAri()) as (room, elsewhere):
        made = await elsewhere.create("bolt", {})
        await until(lambda: "bolt" in room.room.directory.snapshot.license_keys)
        assigned = {"IncomingPhoneNumber": "2015550107", "LicenseKey": made.value}
        assert ">true<" in await room.get("AssignIncomingNumber", **assigned)
        assert "2015550107" in await room.get("GetAssignedNumbers", LicenseKey=made.value)
        await elsewhere.revoke("bolt")
        await until(lambda: "bolt" not in room.room.directory.snapshot.license_keys)
        assert "2015550107" not in await room.get("GetAvailableIncomingNumbers", AreaCodeFilter="201")


async def test_post_backs_of_a_revoked_key_are_still_signed(postgres: str, tmp_path: Path) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw4f"
    async with room_with_keys(postgres, tmp_path, FakeAri()) as (_, elsewhere):
        await elsewhere.create("bolt", {"webhook_secrets": secret})
        await elsewhere.revoke("bolt")
        assert elsewhere.webhook_secrets("bolt") == (secret,)


async def test_a_key_of_the_same_name_later_gets_neither_the_people_nor_the_tokens_of_a_revoked_one(
    postgres: str, tmp_path: Path
) -> None:
    async with room_with_keys(postgres, tmp_path, FakeAri()) as (room, elsewhere):
        database = room.room.database
        people, sessions, tokens = People(database), Sessions(database), ApiTokens(database)
        await elsewhere.create("bolt", {})
        bob, ann = await people.add("bob", "bolt"), await people.add("ann", None)
        assert bob is not None
        assert ann is not None
        session, link = await sessions.begin(bob, "192.0.2.1"), await sessions.make_link(bob)
        operators = await sessions.begin(ann, "192.0.2.1")
        token = await tokens.make("bolt", "a program", ["calls:read"], "bob")
        kept = await tokens.make("acme", "another", ["calls:read"], "carl")
        assert token is not None
        assert kept is not None

        await elsewhere.revoke("bolt")
        assert await sessions.person(session) is None
        assert await sessions.use_link(link) is None
        assert [each.person.name for each in await people.every() if each.disabled_at is not None] == ["bob"]
        assert await tokens.find(token) is None
        assert await sessions.person(operators) == ann
        assert await tokens.find(kept) is not None


def test_what_the_yaml_states_counts_before_the_store() -> None:
    stated = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"phone"}), demo=True)
    renamed = replace(stated, name="first", key="7f6c1a52-0000-4000-8000-000000000002", declared_as="bolt", demo=False)
    current = CurrentDirectory(Snapshot(license_keys={"acme": stated, "first": renamed}))
    stored = LicenseKey("x", "", frozenset({"sms"}), demo=True, kept_digest=stated.digest)
    current.hold({name: replace(stored, name=name) for name in ("acme", "first", "bolt", "other")})
    assert list(current.snapshot.license_keys) == ["acme", "first", "other"]
    assert current.snapshot.license_keys["acme"] == stated
    assert current.snapshot.key_by_value(stated.key) == stated
    assert current.snapshot.demo_key == stated
    assert not current.snapshot.license_keys["other"].demo


@pytest.mark.parametrize("taken", ["acme", "rival"])
async def test_a_name_that_the_yaml_has_is_refused(postgres: str, tmp_path: Path, taken: str) -> None:
    async with room_with_keys(postgres, tmp_path, FakeAri()) as (_, elsewhere):
        with pytest.raises(KeyRefused, match="The configuration has a licence key"):
            await elsewhere.create(taken, {})
