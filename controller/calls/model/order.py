"""A notification: an outgoing call as a licence key's program asks for it, and as it was taken."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field
from datetime import datetime
from typing import Any, cast

from controller.script.parser import LONGEST_SCRIPT
from controller.script.voice_ids import FASTEST_RATE, FULL_VOLUME, NORMAL_RATE

MOST_TRIES = 3
NEXT_TRY_SECONDS = 60
LONGEST_NEXT_TRY_SECONDS = 7 * 86_400
LONGEST_NAME = 80
LONGEST_REFERENCE = 500
LONGEST_NUMBER = 64
LONGEST_URL = 2000
LONGEST_CALL_ASKED_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be asked for in a field of an order, None for no limit.

    least, most: of a number. shortest, longest: of a text, in characters.
    """

    least: int | None = None
    most: int | None = None
    longest: int | None = None
    shortest: int | None = None


def limit_of(each: Field[Any]) -> Limit:
    """The limit of a field of `Order`."""
    return cast("Limit", each.metadata.get("limit", Limit()))


def _limited(default: Any, **limits: int) -> Any:
    return field(default=default, metadata={"limit": Limit(**limits)})


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: call `number` and run `script`. Numbers are as people write them.

    Whoever takes orders offers these fields, under these names, within these limits. What comes from elsewhere is
    brought within them by `Notification.of`.

    caller_id: the number to be shown; without one it is withheld. transfer_number: where pressing 0 leads. voice: the
    vendor's id of the voice. speech_rate: 0 (half as fast) to 20 (twice as fast), 10 is normal. speech_volume: 0 to
    100. tries: at most so many (1 to 3; 0 counts as 1), `next_try_seconds` apart (0: a minute).
    at: when, not before; None: now. max_call_seconds: from the answer; 0: no limit but the house's. status_post_url:
    where changes are posted unless the script says where; empty: the licence key's URL.
    """

    number: str = _limited(MISSING, longest=LONGEST_NUMBER)
    script: str = _limited(MISSING, shortest=1, longest=LONGEST_SCRIPT)
    caller_id: str = _limited("", longest=LONGEST_NUMBER)
    caller_id_name: str = _limited("", longest=LONGEST_NAME)
    transfer_number: str = _limited("", longest=LONGEST_NUMBER)
    voice: int = _limited(0, least=0, most=9999)
    speech_rate: int = _limited(NORMAL_RATE, least=0, most=FASTEST_RATE)
    speech_volume: int = _limited(FULL_VOLUME, least=0, most=FULL_VOLUME)
    tries: int = _limited(1, least=1, most=MOST_TRIES)
    next_try_seconds: int = _limited(NEXT_TRY_SECONDS, least=1, most=LONGEST_NEXT_TRY_SECONDS)
    at: datetime | None = None
    max_call_seconds: int = _limited(0, least=0, most=LONGEST_CALL_ASKED_SECONDS)
    status_post_url: str = _limited("", longest=LONGEST_URL)
    reference_id: str = _limited("", longest=LONGEST_REFERENCE)


@dataclass(frozen=True, slots=True)
class Notification:
    """What does not change about an outgoing call, within the limits of the house. Named after the store's columns.

    caller_id_name: without control characters. most_tries: 1 to 3. next_try_seconds: from the end of a try to the next.
    max_call_seconds: from the answer; 0: no limit but the house's.
    """

    caller_id_name: str = ""
    most_tries: int = 1
    next_try_seconds: int = NEXT_TRY_SECONDS
    max_call_seconds: int = 0
    reference_id: str = ""

    @classmethod
    def of(cls, order: Order) -> Notification:
        """What is kept of an order; what is out of bounds is brought within them."""
        return cls(
            caller_id_name=one_line(order.caller_id_name),
            most_tries=min(max(order.tries, 1), MOST_TRIES),
            next_try_seconds=min(max(order.next_try_seconds, 0) or NEXT_TRY_SECONDS, LONGEST_NEXT_TRY_SECONDS),
            max_call_seconds=max(order.max_call_seconds, 0),
            reference_id=order.reference_id[:LONGEST_REFERENCE],
        )


def one_line(text: str) -> str:
    """A name as it can be shown: without characters that are no text, and not too long."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_NAME]
