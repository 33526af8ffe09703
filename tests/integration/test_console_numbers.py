"""Numbers in the console: where their post-backs go, what becomes of their texts; and a test of a URL."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from controller.directory.did_rules import rule_of
from controller.directory.postback_urls import PostbackKind
from tests.support.console import House, console_house
from tests.support.sql import sql

NUMBER = "+12015550101"
PAGE = "/numbers/settings?did=%2B12015550101"


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console as nobody has set anything."""
    await sql(shared_house.database, "TRUNCATE console_people, console_audit, did_grants, postback_urls CASCADE")
    await shared_house.dids.load()
    await shared_house.postback_urls.load()
    return shared_house


async def test_a_number_has_its_own_url_for_post_backs_of_calls(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    saved = await carl.post("/numbers/call-postbacks", did=NUMBER, url="https://example.com/of-the-number")
    assert (saved.status, saved.headers["Location"]) == (303, f"/console{PAGE}")
    assert "https://example.com/of-the-number" in (await carl.get(PAGE)).text
    did = house.room.directory.snapshot.did(NUMBER)
    assert did is not None
    rule = rule_of(did)
    assert rule is not None
    assert rule.status_post_url == "https://example.com/of-the-number"

    refused = await carl.post("/numbers/call-postbacks", did=NUMBER, url="ftp://example.com")
    assert refused.status == 422
    ann = await house.logged_in("ann")
    assert f"set a URL for post-backs of calls: {NUMBER}" in (await ann.get("/audit")).words


async def test_texts_are_posted_where_the_key_or_the_number_says(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    urls = {"all_url": "https://example.com/all", "all_on": "1", "incoming_url": "", "incoming_on": "1"}
    assert (await carl.post("/numbers/text-postbacks", did="", **urls)).status == 422, "the YAML says it for this key"
    tess = await house.logged_in("tess", "texts")
    assert (await tess.post("/numbers/text-postbacks", did="", **urls)).status == 303
    assert "https://example.com/all" in (await tess.get("/numbers/settings")).text
    await carl.post("/numbers/text-postbacks", did=NUMBER, **(urls | {"all_url": "https://example.com/one"}))
    key = house.room.directory.snapshot.license_key("acme")
    did = house.room.directory.snapshot.did(NUMBER)
    assert key is not None
    assert did is not None
    assert house.postback_urls.url(key, did, PostbackKind.INCOMING) == "https://example.com/one"
    assert house.postback_urls.url(key, did, PostbackKind.OUTGOING) == ""
    assert "https://example.com/one" in (await carl.get(PAGE)).text


async def test_what_becomes_of_texts_is_set_as_programs_set_it(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    fields = {"enable": "1", "email": "a@example.com", "email_on": "1", "webhook": "https://example.com/hook"}
    assert (await carl.post("/numbers/texts", did=NUMBER, **fields)).status == 303
    did = house.room.directory.snapshot.did(NUMBER)
    assert did is not None
    has = did.settings
    assert (has.sms_enabled, has.sms_email_enabled, has.sms_email) == (True, True, "a@example.com")
    assert (has.webhook_enabled, has.webhook) == (False, "https://example.com/hook")
    nowhere = await carl.post("/numbers/texts", did=NUMBER, enable="1", sms_forward_on="1")
    assert nowhere.status == 422
    assert "says nowhere to go" in nowhere.words


async def test_another_customer_sets_nothing(house: House) -> None:
    rita = await house.logged_in("rita", "rival")
    for path in ("call-postbacks", "text-postbacks", "texts"):
        assert (await rita.post(f"/numbers/{path}", did=NUMBER, url="https://example.com/", key="acme")).status == 404
    assert (await rita.get(PAGE)).status == 404


async def test_a_test_post_back_goes_to_a_url_of_the_key_and_nowhere_else(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    await carl.post("/numbers/call-postbacks", did=NUMBER, url="https://example.com/calls")
    assert "https://example.com/calls" in (await carl.get("/postbacks")).words
    for event, field in (("test.call", "ResponseCode"), ("test.text", "SMSResponse")):
        sent = await carl.post("/postbacks/test", url="https://example.com/calls", event=event)
        assert sent.status == 303
        shown = await carl.get(sent.headers["Location"].removeprefix("/console"))
        assert f"Post-back “{event}”" in shown.words
        assert field in shown.words
        assert "waiting" in shown.words
    elsewhere = await carl.post("/postbacks/test", url="https://example.com/elsewhere", event="test.call")
    assert elsewhere.status == 422
    rows = await sql(house.database, "SELECT license_key, final FROM postbacks WHERE event LIKE 'test.%'")
    assert [(row["license_key"], row["final"]) for row in rows] == [("acme", True)] * 2
    assert re.search("test post-back", (await (await house.logged_in("ann")).get("/audit")).words)
