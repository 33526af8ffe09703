"""Where post-backs of texts go: the YAML's word, and what customers set where it has none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from controller.directory.postback_urls import PostbackKind, PostbackUrls
from controller.directory.snapshot import Did, LicenseKey
from controller.store.database import Database
from tests.support.outbox import QUERIES
from tests.support.patience import until

KEY = LicenseKey("acme", "guid", frozenset({"sms"}))
STATED_KEY = LicenseKey("acme", "guid", frozenset({"sms"}), "http://yaml.example/key")
DID = Did("+12015550101", sms=KEY)
STATED_DID = Did("+12015550101", sms=KEY, status_post_url="http://yaml.example/did")
INCOMING, OUTGOING, ALL = PostbackKind.INCOMING, PostbackKind.OUTGOING, PostbackKind.ALL


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    try:
        yield database
    finally:
        await database.close()


async def test_a_number_goes_before_its_key_and_a_kind_before_all(database: Database) -> None:
    urls = PostbackUrls(database)
    assert urls.url(KEY, DID, INCOMING) == ""
    await urls.store(KEY, "", ALL, url="http://set.example/key")
    await urls.store(KEY, DID.number, ALL, url="http://set.example/did")
    await urls.store(KEY, DID.number, INCOMING, url="http://set.example/in")
    assert urls.url(KEY, DID, INCOMING) == "http://set.example/in"
    assert urls.url(KEY, DID, OUTGOING) == "http://set.example/did"
    assert urls.url(KEY, Did("+12015550102", sms=KEY), OUTGOING) == "http://set.example/key"


async def test_what_the_yaml_states_is_not_overruled(database: Database) -> None:
    urls = PostbackUrls(database)
    await urls.store(KEY, "", ALL, url="http://set.example/key")
    assert urls.url(STATED_KEY, DID, INCOMING) == "http://yaml.example/key"
    assert urls.url(KEY, STATED_DID, INCOMING) == "http://yaml.example/did"


async def test_a_kind_that_is_switched_off_is_posted_nowhere_and_keeps_its_url(database: Database) -> None:
    urls = PostbackUrls(database)
    await urls.store(KEY, DID.number, INCOMING, url="http://set.example/in")
    await urls.store(KEY, DID.number, INCOMING, enabled=False)
    assert urls.url(KEY, DID, INCOMING) == ""
    await urls.store(KEY, DID.number, INCOMING, enabled=True)
    assert urls.url(KEY, DID, INCOMING) == "http://set.example/in"


async def test_another_controller_is_told_of_a_change(database: Database) -> None:
    here, there = PostbackUrls(database), PostbackUrls(database)
    listening = asyncio.create_task(there.run())
    try:
        await here.store(KEY, "", ALL, url="http://set.example/key")
        await until(lambda: there.url(KEY, DID, INCOMING) == "http://set.example/key")
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
