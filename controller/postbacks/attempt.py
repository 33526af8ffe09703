"""One attempt to deliver: what is taken from the outbox, and what came of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post-back taken from the outbox. `age`: seconds since it was queued; `tries`: attempts so far; `stopped`: its
    URL answered 410 Gone before; `expires`: when the lease ends, on the monotonic clock."""

    number: int
    id: UUID
    subject: str
    sequence: int
    event: str
    final: bool
    license_key: str
    url: str
    lane: str
    body: str
    tries: int
    age: float
    stopped: bool
    expires: float

    @property
    def receiver(self) -> str:
        """The URL without its query: what fails or works as one."""
        return self.url.partition("?")[0].partition("#")[0]


class Blame(Enum):
    """Who is at fault for a failure."""

    NOBODY = "nobody"
    URL = "url"
    """The receiver answered, and did not take it."""
    HOST = "host"
    """Nothing answered: all URLs of the host are hit by that."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one request. `seconds`: how long it took; `retry_after`: what the receiver asked for, in seconds;
    `hopeless`: no later attempt can succeed; `gone`: the receiver wants nothing more at this URL."""

    at: datetime
    seconds: float
    delivered: bool
    status: int | None = None
    reason: str = ""
    retry_after: float | None = None
    blame: Blame = Blame.NOBODY
    hopeless: bool = False
    gone: bool = False
