"""Where a text that came in goes by the switches of its number: URLs with placeholders, webhooks, mails."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from controller.directory.did_settings import UNSET
from controller.postbacks.ways import Way, says_ok, way_of
from controller.texts.deliveries import callback_url, deliveries_of, webhook_body
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text

TEXT = Text(
    text_id=UUID(int=7),
    license_key="acme",
    direction=Direction.INCOMING,
    our_number="+12015550101",
    their_number="+12125550123",
    body="Grüße & 100% {ID}",
    state=TextState.RECEIVED,
    queued_at=datetime(2026, 7, 1, 16, 5, 9, tzinfo=UTC),
    number=100042,
)


def test_placeholders_are_filled_in_once_and_escaped() -> None:
    template = "https://a.example/in?f={FROM};t={TO}&m={MESSAGE}&i={ID}&at={TIMESTAMP}&media={MEDIA}&x={OTHER}"
    assert callback_url(template, TEXT) == (
        "https://a.example/in?f=2125550123;t=2015550101&m=Gr%C3%BC%C3%9Fe%20%26%20100%25%20%7BID%7D&i=100042"
        "&at=2026-07-01%2012%3A05%3A09&media=&x=%7BOTHER%7D"
    )


def test_a_webhook_has_what_its_receivers_read() -> None:
    event = json.loads(webhook_body(TEXT, "https://a.example/hook"))["data"]
    payload = event["payload"]
    assert (event["event_type"], event["record_type"]) == ("message.received", "event")
    assert payload["from"]["phone_number"] == "+12125550123"
    assert payload["to"][0]["phone_number"] == "+12015550101"
    assert (payload["text"], payload["received_at"]) == (TEXT.body, "2026-07-01T16:05:09.000Z")


def test_only_what_is_switched_on_is_delivered_each_with_an_id_of_its_own() -> None:
    settings = replace(
        UNSET,
        sms_url_callback="https://a.example/{ID}",
        sms_url_callback_enabled=True,
        webhook="https://a.example/hook",
        webhook_enabled=True,
        sms_email="it@a.example",
        sms_email_enabled=True,
    )
    made = deliveries_of(TEXT, settings, mail=True)
    assert [way_of(each.event) for each in made] == [Way.FETCH, Way.JSON, Way.MAIL]
    assert len({each.id for each in made}) == len({each.subject for each in made}) == 3
    assert made[2].url == "mailto:it@a.example"
    assert made[2].raw.startswith("SMS from 2125550123 to 2015550101\n\nGr")
    retried = replace(settings, sms_url_callback_retry=True, webhook_enabled=False)
    assert [way_of(each.event) for each in deliveries_of(TEXT, retried, mail=False)] == [Way.FETCH_UNTIL_OK]
    assert deliveries_of(TEXT, UNSET, mail=True) == []


def test_a_page_takes_a_text_by_the_letters_ok_in_any_case() -> None:
    assert says_ok(b"<html>OK</html>")
    assert says_ok(b"ok")
    assert not says_ok(b"accepted")
    assert way_of("call.answered") is Way.FORM
