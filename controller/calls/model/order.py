"""A notification: an outgoing call as a licence key's program asks for it, and as it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

MOST_TRIES = 3
NEXT_TRY_SECONDS = 60
LONGEST_NEXT_TRY_SECONDS = 7 * 86_400
LONGEST_NAME = 80
LONGEST_REFERENCE = 500


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: call `number` and run `script`. Numbers are as people write them.

    caller_id: the number to be shown; without one it is withheld. transfer_number: where pressing 0 leads. voice: the
    vendor's id of the voice. tries: at most so many (1 to 3; 0 counts as 1), `next_try_seconds` apart (0: a minute).
    at: when, not before; None: now. max_call_seconds: from the answer; 0: no limit but the house's. status_post_url:
    where changes are posted unless the script says where; empty: the licence key's URL.
    """

    number: str
    script: str
    caller_id: str = ""
    caller_id_name: str = ""
    transfer_number: str = ""
    voice: int = 0
    tries: int = 1
    next_try_seconds: int = NEXT_TRY_SECONDS
    at: datetime | None = None
    max_call_seconds: int = 0
    status_post_url: str = ""
    reference_id: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """What does not change about an outgoing call; see `Order`."""

    caller_id_name: str = ""
    most_tries: int = 1
    next_try_seconds: int = NEXT_TRY_SECONDS
    max_call_seconds: int = 0

    @classmethod
    def of(cls, row: Record) -> Notification:
        """A notification as the store has it."""
        return cls(row["caller_id_name"], row["most_tries"], row["next_try_seconds"], row["max_call_seconds"])
