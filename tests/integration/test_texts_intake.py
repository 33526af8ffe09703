"""Intake on a real PostgreSQL: what the dialplan hands over is stored once, heeded, matched and posted, or refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from controller.asterisk.hep import CapturedSipMessage
from controller.directory.text_settings import KeywordSet, TextSettings
from controller.errors import StoreUnreachable
from controller.store.database import Database
from controller.texts.intake.message import PHONE_CONTEXT
from controller.texts.model.order import Queued, RefusalReason, Refused, TextOrder
from controller.texts.rules import RESUME_REPLY, STOP_REPLY
from tests.support.texts import CUSTOMER, DID, OTHER_DID, TextsRoom, dialplan_fields, snapshot, texts_room


def order(**changes: object) -> TextOrder:
    return TextOrder(**{"license_key": "acme", "recipient": CUSTOMER, "body": "hi", "sender": DID, **changes})  # type: ignore[arg-type]


async def replies(room: TextsRoom) -> list[str]:
    return [row["body"] for row in await room.rows("SELECT body FROM texts WHERE source = 'reply' ORDER BY queued_at")]


async def test_a_text_is_stored_and_posted(postgres: str) -> None:
    async with texts_room(postgres) as room:
        assert await room.receive("Hello\nthere \U0001f600 \"q\" 'x' \\ ${X}")
        (row,) = await room.rows("SELECT * FROM texts")
        assert (row["sender"], row["recipient"], row["license_key"]) == (CUSTOMER, DID, "acme")
        (postback,) = await room.postbacks()
        form = parse_qs(postback["body"])
        assert list(form) == [
            "SMSResponse",
            "MessageID",
            "FromPhoneNumber",
            "ToPhoneNumber",
            "ResponseReceiveDate",
            "Message",
        ]
        assert form["Message"] == ["Hello\nthere \U0001f600 \"q\" 'x' \\ ${X}"]
        assert form["FromPhoneNumber"] == ["12125550123"]


async def test_a_copy_of_a_text_is_the_same_text(postgres: str) -> None:
    async with texts_room(postgres) as room:
        for _ in range(3):
            assert await room.receive("STOP", call_id="same")
        assert await room.receive("other", call_id="same")
        assert len(await room.rows("SELECT * FROM texts WHERE direction = 'incoming'")) == 2
        assert len(await replies(room)) == 1
        assert len(await room.postbacks()) == 2


async def test_a_reply_belongs_to_the_last_text_from_that_did_to_that_number(postgres: str) -> None:
    async with texts_room(postgres) as room:
        mine = "http://mine.example/"
        await room.queueing.queue([order(reference_id="first"), order(body="elsewhere", sender=OTHER_DID)])
        await room.until("SELECT 1 FROM texts WHERE state = 'accepted' HAVING count(*) = 2")
        (last,) = await room.queueing.queue([order(reference_id="last", status_post_url=mine)])
        await room.until("SELECT 1 FROM texts WHERE state = 'accepted' HAVING count(*) = 3")
        assert isinstance(last, Queued)
        await room.receive("yes please")
        postback = (await room.postbacks())[-1]
        form = parse_qs(postback["body"])
        assert (form["MatchedMessageID"], form["ReferenceID"]) == ([str(last.text_id)], ["last"])
        assert postback["url"] == mine


async def test_stop_is_confirmed_once_and_resume_opens_again(postgres: str) -> None:
    async with texts_room(postgres) as room:
        for body in ("Stop!", "STOP", "help"):
            await room.receive(body)
        await room.asterisk.until_sent(1)
        assert await replies(room) == [STOP_REPLY]
        (blocked,) = await room.queueing.queue([order()])
        assert isinstance(blocked, Refused)
        assert blocked.reason is RefusalReason.BLOCKED
        (row,) = await room.rows("SELECT * FROM opt_outs")
        assert (row["license_key"], row["number"], row["did"], row["body"], row["source"]) == (
            *("acme", CUSTOMER, DID, "Stop!", "text"),
        )
        await room.receive("resume", did=OTHER_DID)  # any DID of the key
        await room.receive("resume")
        await room.asterisk.until_sent(2)
        assert await replies(room) == [STOP_REPLY, RESUME_REPLY]
        (queued,) = await room.queueing.queue([order()])
        assert isinstance(queued, Queued)
        changes = await room.rows("SELECT opted_out FROM opt_out_changes ORDER BY at")
        assert [change["opted_out"] for change in changes] == [True, False]


async def test_every_keyword_is_posted_too(postgres: str) -> None:
    async with texts_room(postgres) as room:
        for body in ("STOP", "RESUME"):
            await room.receive(body)
        assert [parse_qs(postback["body"])["Message"] for postback in await room.postbacks()] == [["STOP"], ["RESUME"]]


async def test_a_block_is_of_one_key(postgres: str) -> None:
    async with texts_room(postgres) as room:
        await room.receive("STOP")
        mine, theirs = await room.queueing.queue([order(), order(license_key="rival", sender="")])
        assert isinstance(mine, Refused)
        assert isinstance(theirs, Queued)


async def test_yes_opens_only_what_is_blocked(postgres: str) -> None:
    async with texts_room(postgres) as room:
        await room.receive("yes")
        assert await replies(room) == []
        await room.receive("stop")
        await room.receive("yes")
        assert await replies(room) == [STOP_REPLY, RESUME_REPLY]


async def test_many_stops_at_once_are_confirmed_once(postgres: str) -> None:
    async with texts_room(postgres) as room, texts_room(postgres, sending=False) as other:
        await asyncio.gather(*(each.receive("STOP", call_id=f"c{n}") for n in range(50) for each in (room, other)))
        await room.asterisk.until_sent(1)
        assert await replies(room) == [STOP_REPLY]


async def test_help_is_answered_with_the_keys_own_text(postgres: str) -> None:
    own = KeywordSet("en", help_reply="Acme, call 201-555-0100.")
    spanish = KeywordSet("es", stop=("alto",), stop_reply="Adiós.")
    async with texts_room(postgres, snapshot(settings=TextSettings(keywords=(own, spanish)))) as room:
        await room.receive("Help")
        await room.receive("¡Alto!")
        assert await replies(room) == ["Acme, call 201-555-0100.", "Adiós."]


async def test_an_opt_out_in_words_of_ones_own_is_marked_where_a_key_says_so(postgres: str) -> None:
    marking = snapshot(settings=TextSettings(review_phrases=("stop texting",)))
    async with texts_room(postgres, marking) as room:
        await room.receive("please stop texting me")
        await room.receive("STOP")
        await room.receive("see you")
        forms = [parse_qs(postback["body"]) for postback in await room.postbacks()]
        assert [form.get("OptOutReview") for form in forms] == [["1"], None, None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"did": "12015550199"}, "unknown-did"),
        ({"did": ""}, "unknown-did"),
        ({"did": "12015550109"}, "no-sms"),
        ({"sender": "nonsense <>"}, "no-sender"),
        ({"content_type": "text/html"}, "type"),
        ({"content_type": "application/im-iscomposing+xml"}, "type"),
        ({"body": b"x" * 20_000}, "too-long"),
        ({"body": b"", "length": 100_000}, "too-long"),
        ({"body": b"", "length": 1600}, "body-lost"),
        ({"context": "ringpost-text"}, "unreadable"),
    ],
)
async def test_what_is_no_text_for_us_is_refused_and_counted(
    postgres: str, fields: dict[str, object], reason: str
) -> None:
    async with texts_room(postgres, sending=False) as room:
        fields = dict(fields)
        await room.receive(fields.pop("body", "hello"), **fields)  # type: ignore[arg-type]
        assert room.refused(reason) == 1
        assert await room.rows("SELECT * FROM texts") == []


async def test_only_the_dialplan_brings_texts(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        assert not await room.receive("hello", secret="guessed")
        assert room.refused("no-dialplan") == 1
        assert await room.rows("SELECT * FROM texts") == []


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("", "text/plain", ""),
        ("héllo", "text/plain; charset=UTF-8; format=flowed", "héllo"),
        ("héllo".encode("latin-1"), "text/plain;charset=iso-8859-1", "héllo"),
        ("héllo".encode("cp1252"), "text/plain", "héllo"),
        ("héllo".encode("utf-16-be"), 'TEXT/PLAIN; charset="utf-16be"', "héllo"),
        ("hi", "text/plain;charset=nonsense", "hi"),
        ("a\r\nb\rc", "text/plain", "a\nb\nc"),
        ("nul\0", "", "nul "),
        (
            "From: <sip:a@b>\r\n\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nwrapped\r\n\r\ntwice",
            "message/cpim",
            "wrapped\n\ntwice",
        ),
    ],
)
async def test_every_spelling_of_a_text_is_read(postgres: str, body: str | bytes, content_type: str, text: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        assert await room.receive(body, content_type=content_type)
        (row,) = await room.rows("SELECT body FROM texts")
        assert row["body"] == text


async def test_a_body_that_asterisk_lost_is_found_in_the_mirrored_sip(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        body = ("long " * 300).strip()
        headers = (("call-id", "long"), ("cseq", "1 MESSAGE"))
        room.asterisk.mirror_sip(CapturedSipMessage("MESSAGE", "sip:x", 0, "", headers, body.encode()))
        assert await room.receive(b"", call_id="long", length=len(body))
        (row,) = await room.rows("SELECT body, segments FROM texts")
        assert (row["body"], row["segments"]) == (body, 10)


async def test_a_phone_is_who_it_registered_as_whatever_it_writes(postgres: str) -> None:
    async with texts_room(postgres) as room:
        await room.receive("from alice", context=f"{PHONE_CONTEXT}alice", sender="<sip:+19995550000@x>")
        await room.receive("help", context=f"{PHONE_CONTEXT}bob", sender="<sip:+19995550000@x>")
        senders = [
            row["sender"]
            for row in await room.rows("SELECT sender FROM texts WHERE direction = 'incoming' ORDER BY sender")
        ]
        assert senders == ["+12015550110", "sip:bob"]
        room.asterisk.register("bob")
        (sent,) = await room.asterisk.until_sent(1)
        assert sent.to == "pjsip:bob"


async def test_while_the_database_is_away_texts_wait_in_asterisk_and_are_drained_once(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.texts.intake.storing.REST_SECONDS", 0.0)
    async with texts_room(postgres) as room:
        with monkeypatch.context() as patch:

            def away(self: Database) -> object:
                raise StoreUnreachable

            patch.setattr(Database, "transaction", away)
            assert not await room.receive("STOP", call_id="one")
        milliseconds = int(datetime(2026, 6, 1, 12, 0, tzinfo=UTC).timestamp() * 1000)
        for n, body in enumerate(("STOP", "RESUME", "hello")):
            room.asterisk.spool[f"{milliseconds + n}-x"] = ",".join(dialplan_fields(body, call_id=body))
        room.asterisk.spool["nonsense"] = "nonsense"
        await room.receive("hello", call_id="hello")
        await room.intake.drain()
        assert list(room.asterisk.spool) == ["nonsense"]
        rows = await room.rows("SELECT body, queued_at FROM texts WHERE direction = 'incoming' ORDER BY queued_at")
        assert [row["body"] for row in rows] == ["STOP", "RESUME", "hello"]
        assert rows[0]["queued_at"] == datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
        assert await replies(room) == [STOP_REPLY, RESUME_REPLY]
