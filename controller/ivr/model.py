"""IVRs and sequences as values: what a caller may choose, where that leads, and what is done step by step.

The kinds of destination are those that VoIP.ms writes as `header:record` and that can run here; a sequence has the
three kinds of steps of its wiki. What that leaves open (how often an IVR repeats, what follows the last step) is
decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.errors import DestinationInvalid, PhoneNumberInvalid
from controller.numbers import is_e164, parse_number, try_number


class DestinationKind(StrEnum):
    """Where a choice can lead; the value is what stands before the colon."""

    SEQUENCE = "sequence"
    IVR = "ivr"
    SCRIPT = "script"
    FORWARD = "fwd"
    PHONE = "sip"
    RECORDING = "recording"
    CONFERENCE = "conference"
    SYSTEM = "sys"
    MAILBOX = "vm"
    GROUP = "grp"
    QUEUE = "queue"
    CALLBACK = "cb"
    TIME = "tc"
    DISA = "disa"
    DID = "did"


SYSTEM_DESTINATIONS = ("hangup", "busy", "noservice", "disconnected", "dtmf", "echo")
CHOICE_KEYS = re.compile(r"[0-9*#]{1,10}")
# Asterisk sends no shorter tone than this, in milliseconds, whatever it is asked for.
SHORTEST_TONE_MS = 100
DTMF_DIGITS = re.compile(r"[0-9A-D*#w]{1,100}")


@dataclass(frozen=True, slots=True)
class Destination:
    """A place where a call can go on.

    `target` is the name of the sequence, IVR, phone, mailbox, ring group, queue, callback, time condition or DISA; the
    script's file; of `fwd:` an E.164 number or the name of a forwarding, of `did:` the E.164 number; the id of the
    recording (lower case); the key of the conference room; or one of SYSTEM_DESTINATIONS.
    """

    kind: DestinationKind
    target: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"

    @property
    def is_number(self) -> bool:
        """Whether this is a `fwd:` straight to a phone number, and not to a forwarding that has a name."""
        return self.kind is DestinationKind.FORWARD and is_e164(self.target)

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read `header:record`, split at the first colon. Raises DestinationInvalid, which says what is expected."""
        header, colon, record = text.partition(":")
        header, record = header.strip().lower(), record.strip()
        if not colon or header not in {kind.value for kind in DestinationKind}:
            raise DestinationInvalid("expected one of " + ", ".join(f"{kind}:" for kind in DestinationKind))
        kind = DestinationKind(header)
        if not record:
            raise DestinationInvalid(f"expected something after {kind}:")
        if kind is DestinationKind.DID:
            try:
                record = parse_number(record)
            except PhoneNumberInvalid as error:
                raise DestinationInvalid("expected a phone number after did:") from error
        elif kind is DestinationKind.FORWARD:
            record = try_number(record) or record
        elif kind is DestinationKind.SYSTEM:
            record = record.lower()
            if record not in SYSTEM_DESTINATIONS:
                raise DestinationInvalid("expected one of " + ", ".join(f"sys:{name}" for name in SYSTEM_DESTINATIONS))
        elif kind is DestinationKind.RECORDING:
            record = record.lower()
        return cls(kind, record)


HANG_UP = Destination(DestinationKind.SYSTEM, "hangup")


@dataclass(frozen=True, slots=True)
class Failovers:
    """Where a call goes on when nobody was reached. None: it is told so, and ends.

    busy: the other party talks. noanswer: it rang in vain. unreachable: there is no phone, no way there, or the call
    was refused.
    """

    busy: Destination | None = None
    unreachable: Destination | None = None
    noanswer: Destination | None = None

    def __iter__(self) -> Iterator[Destination]:
        return iter(place for place in (self.busy, self.unreachable, self.noanswer) if place is not None)

    def __bool__(self) -> bool:
        return any(True for _ in self)


NO_FAILOVERS = Failovers()


@dataclass(frozen=True, slots=True)
class Choice:
    """The digits that a caller presses (0-9, `*`, `#`; several for a multi-digit choice), and where they lead."""

    digits: str
    destination: Destination


@dataclass(frozen=True, slots=True)
class Ivr:
    """A menu: a recording or a text, and the choices by digit.

    `recording` is a sound id of the licence key whose number was called; exactly one of `recording` and `text` is set.
    `timeout`: seconds to begin a choice after the prompt's end. `digit_timeout`: seconds to press the next digit of a
    choice that is not complete, or that could become a longer one. `repeat`: how many times the prompt is played again
    after no input or a wrong choice, both counted together, before the caller goes to `no_input` or `wrong_choice`.
    """

    name: str
    recording: str | None
    text: str | None
    choices: tuple[Choice, ...]
    timeout: float = 5.0
    digit_timeout: float = 3.0
    repeat: int = 2
    no_input: Destination = HANG_UP
    wrong_choice: Destination = HANG_UP
    language: str = "en"

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Every place where this menu can lead."""
        return (*(choice.destination for choice in self.choices), self.no_input, self.wrong_choice)

    def prefixes(self) -> Mapping[str, tuple[str, ...]]:
        """The choices that begin others, which have to wait for the digit time-out, each with those that it begins."""
        digits = [choice.digits for choice in self.choices]
        begun = {
            short: tuple(long for long in digits if len(short) < len(long) and long.startswith(short))
            for short in digits
        }
        return {short: longer for short, longer in begun.items() if longer}


@dataclass(frozen=True, slots=True)
class DtmfStep:
    """Tones that the caller's device hears: 0-9, A-D, `*`, `#`, and `w` for a pause of half a second."""

    digits: str
    tone_ms: int = 100
    gap_ms: int = 100


@dataclass(frozen=True, slots=True)
class RecordingStep:
    """A sound of the licence key, by its id (lower case)."""

    sound_id: str


@dataclass(frozen=True, slots=True)
class TextStep:
    """A text message from an SMS-enabled DID (E.164) to a number (E.164)."""

    sender: str
    recipient: str
    body: str


Step = DtmfStep | RecordingStep | TextStep


class AfterSequence(StrEnum):
    """What follows the last step."""

    HANG_UP = "hangup"
    BACK_TO_IVR = "ivr"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps that run one after the other; a step that fails does not keep the next one from running."""

    name: str
    steps: tuple[Step, ...]
    then: AfterSequence = AfterSequence.HANG_UP
