"""Texts over the JSON interface: look at them, and send them; consent is enforced as for every other sender."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.json_api.values import phone_number
from controller.texts.model.order import Refused, TextOrder
from controller.texts.model.text import Direction, Text
from controller.texts.service import Texts
from controller.texts.store.lookup import Criteria

MOST = 200
MOST_OFFSET = 10_000


class TextsAsked(Asked):
    """Which texts; a page begins behind `offset` texts."""

    number: Annotated[str, Field(max_length=40, description="The number of the other party.")] = ""
    our_number: Annotated[str, Field(max_length=40)] = ""
    direction: Direction | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET)] = 0


class OneText(Asked):
    """A text by its id."""

    text_id: UUID


class TextMessage(Told):
    """A text. state: such as queued, sent, failed, received. segments: how many SMS it is."""

    text_id: UUID
    direction: Direction
    our_number: str
    their_number: str
    body: str
    state: str
    queued: datetime
    sent: datetime | None
    segments: int
    reference_id: str


class TextMessages(Told):
    """Texts, the newest first."""

    texts: tuple[TextMessage, ...]


class TextAsked(Asked):
    """A text to be sent. sender: a number of the key; without one, one is chosen."""

    to: Annotated[str, Field(min_length=1, max_length=40)]
    body: Annotated[str, Field(min_length=1, max_length=1600)]
    sender: Annotated[str, Field(max_length=40)] = ""
    reference_id: Annotated[str, Field(max_length=500)] = ""
    at: Annotated[AwareDatetime | None, Field(description="Not before; without it at once.")] = None


class TextQueued(Told):
    """A text that waits to be sent, and from which number."""

    text_id: UUID
    sender: str


class TextOperations:
    """Operations on texts."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    @api_operation("GET", "/texts", Scope.TEXTS_READ)
    async def list_texts(self, asked: TextsAsked, bearer: TokenBearer) -> TextMessages:
        """Texts that fit, the newest first."""
        criteria = Criteria(
            license_key=bearer.key.name,
            their_number=phone_number("number", asked.number),
            our_number=phone_number("our_number", asked.our_number),
            direction=asked.direction,
            since=asked.since,
            until=asked.until,
            limit=asked.limit,
            offset=asked.offset,
        )
        found = await self._texts.search(criteria)
        return TextMessages(texts=tuple(TextMessage(**_fields(each)) for each in found))

    @api_operation("GET", "/texts/{text_id}", Scope.TEXTS_READ)
    async def show_text(self, asked: OneText, bearer: TokenBearer) -> TextMessage:
        """One text."""
        text = await self._texts.get(asked.text_id)
        if text is None or text.license_key != bearer.key.name:
            raise not_found("text")
        return TextMessage(**_fields(text))

    @api_operation("POST", "/texts", Scope.TEXTS_WRITE, status=202)
    async def send_text(self, asked: TextAsked, bearer: TokenBearer) -> TextQueued:
        """Send a text.

        A number that has opted out gets nothing.
        """
        order = TextOrder(
            bearer.key.name, asked.to, asked.body, sender=asked.sender, reference_id=asked.reference_id, at=asked.at
        )
        (answer,) = await self._texts.queue([order])
        if isinstance(answer, Refused):
            raise ApiRefused(422, f"refused-{answer.reason.value}", answer.message)
        return TextQueued(text_id=answer.text_id, sender=answer.sender)


def _fields(text: Text) -> dict[str, Any]:
    return {
        "text_id": text.text_id,
        "direction": text.direction,
        "our_number": text.our_number,
        "their_number": text.their_number,
        "body": text.body,
        "state": text.state.value,
        "queued": text.queued_at,
        "sent": text.sent_at,
        "segments": text.segments,
        "reference_id": text.reference_id,
    }
