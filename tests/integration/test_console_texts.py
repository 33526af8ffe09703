"""Texts and opt-outs in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from controller.texts.consent import OptOuts
from controller.texts.model.order import Queued, TextOrder
from tests.support.console import House, console_house
from tests.support.sql import sql

OURS, THEIRS = "+12015550101", "+12015550188"


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people and texts."""
    await sql(shared_house.database, "TRUNCATE console_people, console_audit, texts, text_outbox, opt_outs CASCADE")
    return shared_house


async def queue(house: House, body: str, *, key: str = "acme", sender: str = OURS) -> None:
    (answer,) = await house.texts.queue([TextOrder(key, THEIRS, body, sender=sender)])
    assert isinstance(answer, Queued), answer


async def test_texts_stand_in_conversations_and_are_answered_there(house: House) -> None:
    for number in range(3):
        await queue(house, f"text {number}")
    carl = await house.logged_in("carl", "acme")
    page = await carl.get("/texts")
    assert "text 2" in page.words
    assert "text 1" not in page.words
    talk = await carl.get(f"/texts/with?our=%2B12015550101&their=%2B{THEIRS[1:]}")
    assert talk.words.index("text 0") < talk.words.index("text 2")
    answer = await carl.post("/texts/send", our=OURS, their=THEIRS, body="<i>and</i> this")
    assert (answer.status, "It waits to be sent, as 1 SMS." in answer.words) == (200, True)
    assert "<i>and" not in answer.text


async def test_consent_is_kept_whoever_sends(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    assert (await carl.post("/texts/opt-outs", number="201 555 0188")).status == 303
    answer = await carl.post("/texts/send", our=OURS, their=THEIRS, body="Hello")
    assert (answer.status, "This number has opted out of texts" in answer.words) == (422, True)
    assert "nothing is sent until RESUME" in answer.words
    assert "Hello" in answer.text
    listed = await carl.get("/texts/opt-outs?number=2015550188")
    assert "by carl" in listed.words
    assert (await carl.post("/texts/opt-outs/remove", number=THEIRS)).status == 303
    assert (await carl.post("/texts/opt-outs/remove", number=THEIRS)).status == 404
    assert (await carl.post("/texts/send", our=OURS, their=THEIRS, body="Hello")).status == 200
    assert (await carl.post("/texts/opt-outs", number="nobody")).status == 422


@pytest.mark.parametrize(
    ("our", "their", "body"),
    [(OURS, "nobody", "Hello"), (OURS, THEIRS, ""), (OURS, THEIRS, "x" * 1601), ("+12015550103", THEIRS, "Hello")],
)
async def test_what_cannot_be_sent_is_told_with_the_reason(house: House, our: str, their: str, body: str) -> None:
    carl = await house.logged_in("carl", "acme")
    assert (await carl.post("/texts/send", our=our, their=their, body=body)).status == 422


async def test_a_customer_sees_texts_and_opt_outs_of_the_own_key_only(house: House) -> None:
    await queue(house, "of acme")
    await OptOuts(house.database).block_for_call("acme", "+12015550177", 1)
    tina = await house.logged_in("tina", "texts")
    for path in ("/texts?key=acme", f"/texts/with?key=acme&our=%2B12015550101&their=%2B{THEIRS[1:]}"):
        assert "of acme" not in (await tina.get(path)).words
    assert "0177" not in (await tina.get("/texts/opt-outs?key=acme")).words
    assert (await tina.post("/texts/opt-outs/remove", key="acme", number="+12015550177")).status == 404
    assert (await tina.post("/texts/send", key="acme", our=OURS, their=THEIRS, body="Hello")).status == 422


async def test_an_operator_chooses_the_key(house: House) -> None:
    await queue(house, "of texts", key="texts", sender="+12015550103")
    ann = await house.logged_in("ann")
    assert "of texts" in (await ann.get("/texts?key=texts")).words
    assert "of texts" not in (await ann.get("/texts?key=acme")).words
    assert (await ann.get("/texts?key=nobody")).status == 404
