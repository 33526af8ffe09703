"""One text, as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from controller.texts.model.states import TextState
from controller.texts.segments import Encoding


class Direction(StrEnum):
    """Which way a text goes."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


REPLY = "reply"
"""The source of a text that answers a keyword."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text. Numbers are E.164, or what an incoming text's sender is called where it has no number; times are UTC.

    `license_key`: the key's name in the YAML. `reference_id`: the customer's own. `queued_at`: when it was asked for,
    or came in. `due_at`: when it is sent at the earliest, held until then when its state is held. `sent_at`: when it
    was last handed over. `tries`: how often it was. `sip_status`: the answer's, 0 without one. `segments`: how many SMS
    it is. `matched_text_id`: of an incoming text, the last one sent from that DID to that number. `read_at`: when the
    customer's program read an incoming text. `for_review`: whether it may be an opt-out in words of one's own.
    `source`: what asked for it ("api", "script", "sequence", "cli"), or what it is ("reply": ours to a keyword).
    `number`: its number, 0 for one from before there were numbers. `mms`: it was sent as a message with media; `media`:
    their links, which stand at the end of `body`.
    """

    text_id: UUID
    license_key: str
    direction: Direction
    our_number: str
    their_number: str
    body: str
    state: TextState
    queued_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    result_at: datetime | None = None
    tries: int = 0
    sip_status: int = 0
    reference_id: str = ""
    status_post_url: str = ""
    segments: int = 1
    encoding: Encoding = Encoding.GSM7
    concatenate: bool = True
    route: str = ""
    expires_at: datetime | None = None
    transactional: bool = False
    matched_text_id: UUID | None = None
    read_at: datetime | None = None
    for_review: bool = False
    source: str = ""
    number: int = 0
    mms: bool = False
    media: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What was written, without the links of its media."""
        links = "\n".join(self.media)
        return self.body.removesuffix(links).removesuffix("\n") if links else self.body

    @property
    def held_until(self) -> datetime | None:
        """When the quiet hours end that it waits for; None when it does not."""
        return self.due_at if self.state is TextState.HELD else None

    @property
    def is_reply(self) -> bool:
        """Whether it is our own answer to a keyword: no opt-out blocks it, no quiet hour holds it, nobody is told."""
        return self.source == REPLY
