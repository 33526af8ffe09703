"""Texts over the VoIP.ms interface, on a real PostgreSQL: sent, limited, listed with filters, and deleted."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.voipms_room import CONTACT, DID, SECOND, STATED, VoipmsRoom, days, limited, voipms_room

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media", limited(texts_per_day=6)) as running:
        yield running


async def send(room: VoipmsRoom, message: str = "hello", **changes: object) -> dict[str, Any]:
    return await room.client.call("sendSMS", **{"did": DID, "dst": CONTACT, "message": message, **changes})


WRONG_TEXTS = [
    ({"did": ""}, "missing_did"),
    ({"did": STATED}, "invalid_did"),
    ({"did": "2015550103"}, "invalid_did"),
    ({"dst": ""}, "invalid_dst"),
    ({"dst": "911"}, "invalid_dst"),
    ({"dst": "+442071838750"}, "invalid_dst"),
    ({"message": ""}, "message_empty"),
    ({"message": "x" * 161}, "sms_toolong"),
]


async def test_a_text_is_queued_and_listed_with_the_types_that_strict_clients_need(room: VoipmsRoom) -> None:
    for changes, status in WRONG_TEXTS:
        assert (await send(room, **changes))["status"] == status, changes
    sent = await send(room, "one + one & more = 2")
    assert sent == {"status": "success", "sms": sent["sms"]}
    assert isinstance(sent["sms"], int)
    (text,) = await room.texts.asterisk.until_sent(1)
    assert text.body == "one + one & more = 2"
    row = (await room.client.call("getSMS", sms=sent["sms"]))["sms"][0]
    assert {type(value) for value in row.values()} == {str}
    assert (row["id"], row["type"], row["did"], row["contact"]) == (str(sent["sms"]), "0", DID, CONTACT)
    assert row["message"] == "one + one & more = 2"
    assert "media" not in row
    assert await room.rival.status("getSMS", sms=sent["sms"]) == "no_sms"


async def test_texts_are_filtered_as_clients_ask(room: VoipmsRoom) -> None:
    await send(room, "out")
    await send(room, "other", did=SECOND, dst="2125550199")
    assert await room.texts.receive("in", sender=f"<sip:+1{CONTACT}@192.0.2.1>")
    everything = await room.rows()
    assert {row["message"] for row in everything} == {"out", "other", "in"}
    for wanted, found in (
        ({"type": 1}, {"in"}),
        ({"type": 0}, {"out", "other"}),
        ({"did": SECOND}, {"other"}),
        ({"contact": CONTACT}, {"out", "in"}),
        ({"contact": f"1{CONTACT}", "type": 0}, {"out"}),
        ({"all_messages": 1, "sms": 0}, {"out", "other", "in"}),
    ):
        assert {row["message"] for row in await room.rows(**wanted)} == found, wanted
    assert len(await room.rows(limit=1)) == 1
    moved = await room.client.call("getSMS", timezone=-5, **days())
    assert moved["sms"][0]["date"][:10] == everything[0]["date"][:10]


async def test_wrong_filters_have_their_status(room: VoipmsRoom) -> None:
    for wanted, status in (
        ({}, "no_sms"),
        ({"from": "nonsense"}, "invalid_date"),
        ({"from": "2026-02-30"}, "invalid_date"),
        ({"from": "2026-01-01", "to": "2026-06-01"}, "invalid_daterange"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "invalid_date_from"),
        ({"timezone": "x"}, "invalid_timezone"),
        ({"timezone": "40"}, "invalid_timezone"),
        ({"type": "2"}, "invalid_type"),
        ({"did": "2015550103"}, "invalid_did"),
        ({"contact": "x"}, "invalid_contact"),
        ({"sms": "x"}, "invalid_sms"),
        ({"sms": "99999999999999999999999"}, "invalid_sms"),
    ):
        assert await room.client.status("getSMS", **wanted) == status, wanted
    assert await room.client.status("getMMS", **{"from": "2026-11-01 10:20:30", "to": "2026-11-27"}) == "no_sms"
    assert await room.client.status("getMMS", **{"from": "2026-08-28", "to": "2026-11-27"}) == "no_sms"


async def test_media_travel_as_links_and_are_listed(room: VoipmsRoom) -> None:
    url = "https://acme.example/picture.jpg"
    encoded = base64.b64encode(PNG).decode()
    asked = {"did": DID, "dst": CONTACT, "message": "See", "media1": url, "media2": f"data:image/png;base64,{encoded}"}
    sent = await room.client.call("sendMMS", **asked, media3=encoded)
    assert isinstance(sent["mms"], int)
    (text,) = await room.texts.asterisk.until_sent(1)
    message, *links = text.body.split("\n")
    assert (message, links[0], len(links)) == ("See", url, 3)
    assert links[1].endswith("/media.png")
    row = (await room.client.call("getMMS", **days()))["sms"][0]
    assert (row["message"], row["media"], row["col_media1"]) == ("See", links, url)
    assert await room.client.status("getSMS", **days()) == "no_sms"
    number = sent["mms"]
    media = (await room.client.call("getMediaMMS", id=number))["media"]
    assert media == {str(place): link for place, link in enumerate(links, 1)}
    assert (await room.client.call("getMediaMMS", id=number, media_as_array=1))["media"] == links
    for changes, status in (
        ({"message": "", "media1": ""}, "message_empty"),
        ({"message": "x" * 2049}, "sms_toolong"),
        ({"media1": "no base64!"}, "invalid_file"),
        ({"media1": base64.b64encode(bytes(1_300_001)).decode()}, "exceeds_file_size"),
    ):
        refused = {"did": DID, "dst": CONTACT, "message": "x", **changes}
        assert await room.client.status("sendMMS", **refused) == status, status
    long = {"did": DID, "dst": CONTACT, "message": "x" * 2048}
    assert await room.client.status("sendMMS", **long) == "success"


async def test_a_deleted_text_is_gone_for_its_customer_alone(room: VoipmsRoom) -> None:
    number = (await send(room))["sms"]
    await room.texts.asterisk.until_sent(1)
    assert await room.rival.status("deleteSMS", id=number) == "invalid_sms"
    assert await room.client.status("deleteMMS", id=number) == "invalid_sms"
    assert await room.client.status("deleteSMS") == "missing_sms"
    assert await room.client.call("deleteSMS", id=number) == {"status": "success"}
    assert await room.client.status("getSMS", sms=number) == "no_sms"
    assert await room.client.status("deleteSMS", id=number) == "invalid_sms"


async def test_opt_outs_switches_and_the_limit_of_a_day_are_enforced(room: VoipmsRoom) -> None:
    assert await room.texts.receive("STOP", sender=f"<sip:+1{CONTACT}@192.0.2.1>")
    refused = await send(room)
    assert refused["status"] == "sms_failed"
    assert "opted out" in refused["message"]
    assert await room.client.status("setSMS", did=DID, enable=0) == "success"
    assert (await send(room, dst="2125550199"))["status"] == "sms_failed"
    assert await room.client.status("setSMS", did=DID, enable=1) == "success"
    answers = [(await send(room, dst="2125550199"))["status"] for _ in range(7)]
    assert answers == ["success"] * 6 + ["limit_reached"]
