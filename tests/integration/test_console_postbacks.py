"""The inspector of post-backs in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from controller.postbacks import lookup
from controller.postbacks.lookup import Filters
from controller.postbacks.receiver import Behaviour
from tests.support.console import House, console_house
from tests.support.outbox import postback
from tests.support.receiving import delivering, receiving
from tests.support.sql import sql


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people and post-backs."""
    tables = "console_people, console_audit, postbacks, postback_outbox, postback_attempts, postback_failures"
    await sql(shared_house.database, f"TRUNCATE {tables} CASCADE")
    return shared_house


async def test_a_post_back_that_failed_is_inspected_and_delivered_elsewhere(house: House) -> None:
    ann = await house.logged_in("ann")
    async with receiving(Behaviour(status=500)) as broken, receiving() as sound, delivering(house.database):
        first = await house.postback(postback("call:1000000001", url=broken.url))
        await broken.wait_for(4)
        page = await ann.get("/postbacks?state=failed")
        while first not in page.text:
            page = await ann.get("/postbacks?state=failed")
        detail = await ann.get(f"/postbacks/{first}")
        assert "failed" in detail.words
        assert detail.text.count('<rect class="fails"') == 4
        assert "QueueID=1000000001&ResponseCode=29&Sequence=1" in detail.words.replace("&amp;", "&")

        answer = await ann.post(f"/postbacks/{first}/replay", url=sound.url)
        assert answer.status == 303
        (received,) = await sound.wait_for(1)
        assert ("QueueID", "1000000001") in received.form
    (newest, *_) = await lookup.find(house.database, Filters())
    assert answer.headers["Location"] == f"/console/postbacks/{newest.id}"
    assert "replay a post-back to another URL" in (await ann.get("/audit")).words


async def test_chosen_and_all_failed_ones_are_delivered_once_more(house: House) -> None:
    ann = await house.logged_in("ann")
    ids = [
        await house.postback(postback(f"call:{1000000001 + number}", url="http://192.0.2.1/")) for number in range(3)
    ]
    gone = "WITH gone AS (DELETE FROM postback_outbox RETURNING number) INSERT INTO postback_failures"
    await sql(house.database, f"{gone} (number, failed_at, reason) SELECT number, now(), 'no route' FROM gone")
    await ann.get("/postbacks")
    answer = await ann.post("/postbacks/replay", ("id", ids[0]), ("id", ids[1]))
    assert "2 post-backs are delivered once more." in answer.words
    answer = await ann.post("/postbacks/replay-failed", since="", until="")
    assert "1 post-backs that were given up are delivered once more." in answer.words


async def test_a_url_that_nothing_can_be_sent_to_is_refused(house: House) -> None:
    ann = await house.logged_in("ann")
    one = await house.postback(postback("call:1000000001"))
    for url in ("ftp://192.0.2.1/", "http://", "javascript:alert(1)", "http://192.0.2.1:5432/"):
        answer = await ann.post(f"/postbacks/{one}/replay", url=url)
        assert (answer.status, "refused by the guard" in answer.words) == (422, True)


async def test_passwords_in_urls_are_masked_and_the_masked_url_means_the_same_one(house: House) -> None:
    ann = await house.logged_in("ann")
    one = await house.postback(postback("call:1000000001", url="http://me:hush-hush@192.0.2.1/"))
    page = await ann.get(f"/postbacks/{one}")
    assert "hush-hush" not in page.text
    assert (await ann.post(f"/postbacks/{one}/replay", url="http://me:***@192.0.2.1/")).status == 303
    assert len(await lookup.find(house.database, Filters())) == 1


async def test_a_customer_sees_and_replays_only_own_post_backs(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    own = await house.postback(postback("call:1000000001"))
    others = await house.postback(postback("call:1000000002", license_key="rival"))
    page = await carl.get("/postbacks?key=rival")
    assert own in page.text
    assert others not in page.text
    for unknown in (others, str(uuid4()), "nonsense"):
        assert (await carl.get(f"/postbacks/{unknown}")).status == 404
        assert (await carl.post(f"/postbacks/{unknown}/replay", url="")).status == 404
        assert (await carl.post("/postbacks/replay", ("id", own), ("id", unknown))).status == 404
    assert "Stopped" not in page.words
