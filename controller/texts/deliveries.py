"""Deliveries: where a text that came in goes besides its post-back, by the switches of its number.

A URL that is fetched, with placeholders as VoIP.ms has them; a webhook in the layout that it sends, which is Telnyx's;
a mail. Each is a row of the outbox, written with the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC
from urllib.parse import quote
from uuid import uuid5
from zoneinfo import ZoneInfo

from controller.directory.did_settings import DidSettings
from controller.numbers import national_digits
from controller.postbacks.outbox import Postback
from controller.postbacks.ways import Way
from controller.texts.model.text import Text

ZONE = ZoneInfo("America/New_York")
"""What times without a zone are in: VoIP.ms's default."""

_PLACEHOLDER = re.compile(r"\{(FROM|TO|MESSAGE|ID|TIMESTAMP|MEDIA)\}")


def deliveries_of(text: Text, settings: DidSettings, *, mail: bool) -> list[Postback]:
    """What is to be delivered. mail: whether the address that the number has may be mailed to."""
    return list(_deliveries(text, settings, mail=mail))


def _deliveries(text: Text, settings: DidSettings, *, mail: bool) -> Iterator[Postback]:
    if settings.sms_url_callback_enabled and settings.sms_url_callback:
        way = Way.FETCH_UNTIL_OK if settings.sms_url_callback_retry else Way.FETCH
        yield _delivery(text, way, callback_url(settings.sms_url_callback, text))
    if settings.webhook_enabled and settings.webhook:
        yield _delivery(text, Way.JSON, settings.webhook, webhook_body(text, settings.webhook))
    if mail and settings.sms_email_enabled and settings.sms_email:
        yield _delivery(text, Way.MAIL, f"mailto:{settings.sms_email}", mail_body(text))


def callback_url(template: str, text: Text) -> str:
    """The URL with its placeholders filled in, each value escaped. {MEDIA} is empty: SIP MESSAGE carries none."""
    values = {
        "FROM": _shown(text.their_number),
        "TO": _shown(text.our_number),
        "MESSAGE": text.body,
        "ID": str(text.number),
        "TIMESTAMP": text.queued_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"),
        "MEDIA": ",".join(text.media),
    }
    filled = _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), template)
    return re.sub(r"[^!-~]|[{}\"<>\\^`|]", lambda found: quote(found[0], safe=""), filled)


def webhook_body(text: Text, url: str) -> str:
    """The event `message.received`, in the layout of Telnyx."""
    received = text.queued_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    payload = {
        "id": str(text.number),
        "record_type": "message",
        "direction": "inbound",
        "type": "MMS" if text.media else "SMS",
        "from": {"phone_number": text.their_number, "carrier": "", "line_type": ""},
        "to": [{"phone_number": text.our_number, "carrier": "", "line_type": "", "status": "webhook_delivered"}],
        "cc": [],
        "text": text.body,
        "media": [{"url": link} for link in text.media],
        "encoding": str(text.encoding),
        "parts": text.segments,
        "received_at": received,
        "tags": [],
        "errors": [],
    }
    event = {
        "event_type": "message.received",
        "id": str(uuid5(text.text_id, Way.JSON.value)),
        "occurred_at": received,
        "payload": payload,
        "record_type": "event",
    }
    return json.dumps({"data": event, "meta": {"attempt": 1, "delivered_to": url}}, ensure_ascii=False)


def mail_body(text: Text) -> str:
    """A mail: its subject, an empty line, and the text."""
    return f"SMS from {_shown(text.their_number)} to {_shown(text.our_number)}\n\n{text.body}"


def forwarded_body(text: Text) -> str:
    """What a text is when it is forwarded to another number."""
    return f"{_shown(text.their_number)}: {text.body}"


def _delivery(text: Text, way: Way, url: str, raw: str = "") -> Postback:
    return Postback(
        id=uuid5(text.text_id, way.value),
        # A subject of its own each: one that fails holds back none of the others.
        subject=f"text:{text.text_id}:{way.name.lower()}",
        sequence=1,
        event=way.value,
        final=True,
        license_key=text.license_key,
        url=url,
        raw=raw,
    )


def _shown(number: str) -> str:
    return national_digits(number) if number.startswith("+1") else number.removeprefix("+")
