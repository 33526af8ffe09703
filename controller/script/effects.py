"""Effects: what a call must do now, as the engine asks it.

The engine hands out one effect at a time. Whoever drives it (the live session over ARI, the simulator over a
virtual clock) carries it out and answers with an outcome (`outcomes.py`). Effects are values: they compare, and
they hold nothing that is not text, numbers or tuples.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speech:
    """Text to be spoken, speech-control tags included, in the voice with the vendor's id `voice`."""

    text: str
    voice: int = 0


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound of the licence key, by its id (lower case)."""

    sound_id: str


@dataclass(frozen=True, slots=True)
class SpecialSound:
    """A built-in sound, by its name (lower case)."""

    name: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tone:
    """The standard beep."""


Prompt = Speech | Sound | SpecialSound | Silence | Tone


@dataclass(frozen=True, slots=True)
class Play:
    """Play `prompts` one after the other. Outcome: Finished, or Failed when nothing of it could be heard.

    `pausing`: while the other side talks, playing pauses (SoundPausing). `confirm_after`: above 0, whoever plays it
    makes sure that its sound goes out. A Play of which none went out has Failed, and a hang-up after so many seconds
    of it tells how long it was heard.
    """

    prompts: tuple[Prompt, ...]
    pausing: bool = False
    confirm_after: float = 0.0


@dataclass(frozen=True, slots=True)
class WaitForDigit:
    """Wait up to `seconds` for a digit. Outcome: Finished (whether by a digit that the engine saw, or by time)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CollectDigits:
    """Collect digits; the time of `seconds` starts again at each digit. Outcome: Finished.

    secret: nobody reads in the trace what they were.
    """

    variable: str
    seconds: float
    maximum: int | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ListenForSilence:
    """Wait until the other side was silent for `seconds`, at most `limit` seconds for each of `tries`.

    Outcome: SilenceHeard. greeting: whoever has answered greets: it is over when what is said now would be heard, after
    the beep of a voicemail; silence before anybody has spoken is none.
    """

    seconds: float
    tries: int = 1
    limit: float = 10.0
    greeting: bool = False


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Send DTMF to the other side: 0-9, A-D, `*`, `#`, and `w` for a pause of half a second. Outcome: Finished."""

    digits: str
    tone_ms: int = 100
    gap_ms: int = 100


@dataclass(frozen=True, slots=True)
class Record:
    """Record the other side as the sound `sound_id`; ends at `#`, at the maximum, or after so much silence.

    Outcome: Recorded, or Failed.
    """

    sound_id: str
    maximum_seconds: float
    silence_seconds: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Bridge the call to `number`. Outcome: Transferred (the bridged call is over), or TransferFailed.

    others: numbers that ring at the same time; who answers first is bridged. digits: DTMF sent to who answers, after
    `digits_after` seconds, before both hear each other. music: the id of the sound that the caller hears until then;
    empty: the ringing tone.
    """

    number: str
    caller_id: str = ""
    caller_id_name: str = ""
    ring_seconds: float = 30.0
    others: tuple[str, ...] = ()
    digits: str = ""
    digits_after: float = 0.0
    music: str = ""


@dataclass(frozen=True, slots=True)
class JoinConference:
    """Put the call into the room `key`. `start`: this call made the key. Outcome: Finished when it left the room."""

    key: str
    start: bool = False


@dataclass(frozen=True, slots=True)
class FetchUrl:
    """GET `url` through the guard; the body goes into `variable`. Outcome: Fetched, or Failed.

    `least_seconds`: an answer that comes sooner is given to the script only then.
    """

    url: str
    variable: str
    least_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SendText:
    """Queue a text. Outcome: Finished, or Failed."""

    sender: str
    recipient: str
    body: str


@dataclass(frozen=True, slots=True)
class BlockTexts:
    """Opt the other party out of the licence key's texts. Outcome: Finished, or Failed."""


@dataclass(frozen=True, slots=True)
class TellTime:
    """Tell what time of the week it is in a zone (its name in the tz database). Outcome: TimeTold, or Failed."""

    zone: str


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Record a message for a mailbox; ends at `#`, at the maximum, or after so much silence.

    Outcome: Recorded, or Failed. What was said before a hang-up is a message too.
    """

    mailbox: str
    maximum_seconds: float
    silence_seconds: float


@dataclass(frozen=True, slots=True)
class CallBack:
    """Have `number` (E.164) called in `delay_seconds`, and `program` (the text of a compiled program) run there.

    caller_id: the number that is shown (E.164). Outcome: Finished, or Failed.
    """

    number: str
    caller_id: str
    program: str
    delay_seconds: float


@dataclass(frozen=True, slots=True)
class Echo:
    """Play back to the caller what the caller says, until hang-up. Outcome: Finished."""


@dataclass(frozen=True, slots=True)
class End:
    """The script has ended: hang up. There is no outcome.

    `reason`: end-of-script, end-call, transferred, hung-up, step-limit, busy, no-service, disconnected, error.
    `cause`: the Q.850 cause with which to hang up.
    """

    reason: str
    cause: int = 16


Effect = (
    Play
    | WaitForDigit
    | CollectDigits
    | ListenForSilence
    | SendDigits
    | Record
    | Transfer
    | JoinConference
    | FetchUrl
    | SendText
    | BlockTexts
    | TellTime
    | TakeMessage
    | CallBack
    | Echo
    | End
)
