"""The transcript: what happens in a call, one line for each thing, in the words of the simulator's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from controller.script.effects import (
    BlockTexts,
    CallBack,
    CollectDigits,
    Effect,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Prompt,
    Record,
    SendDigits,
    SendText,
    Silence,
    Sound,
    Speech,
    TakeMessage,
    TellTime,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.outcomes import Fetched, Note, Outcome, Recorded, TimeTold, TransferFailed, Transferred

Value = str | int | float
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "say": ("text",),
    "sound": ("id",),
    "silence": ("seconds",),
    "beep": (),
    "wait_digit": (),
    "collect_digits": ("digits", "var"),
    "digit": ("digit",),
    "wait_silence": (),
    "dial_digits": ("digits",),
    "record": ("id",),
    "transfer": ("result", "number"),
    "conference": ("key",),
    "fetch": ("url", "status"),
    "text": ("body", "from", "to"),
    "opt_out": (),
    "time": ("now",),
    "message": ("mailbox",),
    "call_back": ("number",),
    "set": ("name", "value"),
    "jump": ("label",),
    "detected": ("what",),
    "post_url": ("url",),
    "error": ("message",),
    "end": ("reason",),
}
"""The fields of each event. The first is the main one: what the event is about; one without fields says it all."""

MAIN_FIELDS: Mapping[str, str] = {event: fields[0] for event, fields in FIELDS.items() if fields}
EVENTS = frozenset(FIELDS)


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One thing that happened: seconds since the answer, the event, and its fields."""

    t: float
    event: str
    fields: Mapping[str, Value] = field(default_factory=dict)

    def as_json(self) -> dict[str, Value]:
        """The line as an object for `json.dumps`; the time is rounded to milliseconds."""
        return {"t": round(self.t, 3), "event": self.event, **self.fields}

    @property
    def main(self) -> str:
        """What the event is about, in one word or text; empty when the event says it all."""
        name = MAIN_FIELDS.get(self.event)
        return "" if name is None else shown(self.fields.get(name, ""))


Told = tuple[str, dict[str, Value]]


def tell_prompt(prompt: Prompt, words: str) -> Told:
    """The event of a prompt that begins. `words`: what is spoken, without tags, if it is speech."""
    match prompt:
        case Speech():
            return "say", {"text": words}
        case Silence():
            return "silence", {"seconds": prompt.seconds}
        case Tone():
            return "beep", {}
        case Sound():
            return "sound", {"id": prompt.sound_id}
        case _:
            return "sound", {"id": prompt.name}


def tell_beginning(effect: Effect) -> Iterator[Told]:
    """The events of an effect that are known when it begins. Prompts are told one by one, by `tell_prompt`."""
    match effect:
        case WaitForDigit():
            yield "wait_digit", {}
        case ListenForSilence():
            yield "wait_silence", {}
        case SendDigits():
            yield "dial_digits", {"digits": effect.digits}
        case JoinConference():
            yield "conference", {"key": effect.key}
        case BlockTexts():
            yield "opt_out", {}
        case CallBack():
            yield "call_back", {"number": effect.number}
        case SendText():
            yield "text", {"from": effect.sender, "to": effect.recipient, "body": " ".join(effect.body.split())}


def tell_end(effect: Effect, outcome: Outcome, collected: str = "") -> Iterator[Told]:
    """The events of an effect that are known when it is over. `collected`: the engine's digits, before it resumes."""
    match effect, outcome:
        case CollectDigits(), _:
            yield (
                "collect_digits",
                {"var": effect.variable, "digits": "*" * len(collected) if effect.secret else collected},
            )
        case Record(), Recorded():
            yield "record", {"id": effect.sound_id}
        case TakeMessage(), Recorded():
            yield "message", {"mailbox": effect.mailbox}
        case TellTime(), TimeTold():
            now = f"{_WEEKDAYS[outcome.weekday % 7]} {outcome.minute // 60:02d}:{outcome.minute % 60:02d}"
            yield "time", {"now": now}
        case Transfer(), TransferFailed():
            yield "transfer", {"number": effect.number, "result": outcome.reason}
        case Transfer(), Transferred():
            yield "transfer", {"number": effect.number, "result": "answered"}
        case FetchUrl(), Fetched():
            yield "fetch", {"url": effect.url, "status": outcome.status}
        case FetchUrl(), _:
            yield "fetch", {"url": effect.url, "status": 0}


def tell_note(note: Note) -> Told | None:
    """The event of an engine's note; None for a note that is not told (`step`)."""
    if note.event not in EVENTS:
        return None
    return note.event, dict(note.fields)


def shown(value: Value) -> str:
    """A field's value for people: numbers without needless zeros."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def particulars(line: TranscriptLine) -> str:
    """What a line is about, for people."""
    fields = {name: shown(value) for name, value in line.fields.items()}
    match line.event:
        case "say":
            return f"“{fields['text']}”"
        case "silence":
            return f"{fields['seconds']} s"
        case "collect_digits":
            return f"{fields['var']} = {fields['digits'] or '(nothing)'}"
        case "set":
            return f"{fields['name']} = {fields['value']}"
        case "transfer":
            return f"{fields['number']}: {fields['result']}"
        case "fetch":
            return f"{fields['url']}: {fields['status']}"
        case "text":
            return f"{fields['from']} to {fields['to']}: “{fields['body']}”"
        case _:
            return line.main
