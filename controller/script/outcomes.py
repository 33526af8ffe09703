"""Outcomes: how an effect ended; observations: what happens meanwhile; reactions: what the engine makes of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Finished:
    """The effect ran to its end, to its time, or was stopped because the engine said `Reaction.STOP`.

    missing: why a part of a Play was not heard; for the trace.
    """

    missing: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The effect could not be carried out; the script goes on. `reason` is for the trace."""

    reason: str


@dataclass(frozen=True, slots=True)
class SilenceHeard:
    """The wait for silence is over; `heard` tells whether there was silence."""

    heard: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording was made and stored; its length in seconds. `hung_up`: the other side hung up, and so ended it."""

    seconds: float
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class Transferred:
    """The other party answered the transfer, and that conversation is over."""


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The transfer did not come about: busy, noanswer, failed, refused.

    unreachable: of a `noanswer`, that no phone was registered there, so that nobody can have heard it ring.
    """

    reason: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to FetchUrl: the HTTP status, and the body (cut at 500 characters)."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class TimeTold:
    """The time of the week: `weekday` is 0 on Monday, `minute` counts from midnight."""

    weekday: int
    minute: int


@dataclass(frozen=True, slots=True)
class HungUp:
    """The other side hung up, or the call broke.

    heard_seconds: of a Play that is confirmed, how long it had been heard; 0 where that is not known.
    """

    heard_seconds: float = 0.0


Outcome = Finished | Failed | SilenceHeard | Recorded | Transferred | TransferFailed | Fetched | TimeTold | HungUp


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The other side pressed a digit: 0-9, A-D, `*` or `#`."""

    digit: str


@dataclass(frozen=True, slots=True)
class Detected:
    """What answers was recognised: HUMAN, MACHINE, FAX, RING or UNKNOWN; and by what, for the trace."""

    what: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """An operator has the call transferred: to a phone number, or to `sip:NAME`."""

    number: str


Observation = DigitPressed | Detected | TransferAsked


class Reaction(Enum):
    """What the driver must do with the running effect after an observation."""

    GO_ON = "go on"
    RESTART_TIMER = "restart timer"  # CollectDigits: the time starts again
    STOP = "stop"  # stop the effect and resume: with Recorded after Record, with Finished after any other


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the call's trace: what the engine did between two effects.

    `event` and its fields are those of the simulator: set (name, value), jump (label), digit (digit), detected (what),
    post_url (url), error (message), step (command).
    """

    event: str
    fields: tuple[tuple[str, str], ...] = ()
