"""What is heard: text, sounds, silence, and the commands that speak a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from controller.script.commands.amounts import money
from controller.script.commands.command import Command, Speaking, argument, dynamic
from controller.script.commands.kind import ArgumentKind
from controller.script.commands.kinds import FLAG, READ_VARIABLE, SECONDS, SOUND, VALUE, VOICE
from controller.script.commands.machine import LONGEST_VALUE, Machine
from controller.script.commands.spelling import LONGEST_NAME, spelled
from controller.script.commands.waits import unbounded
from controller.script.effects import Effect, Prompt, Silence, Sound, SpecialSound, Speech, Tone
from controller.script.voice_ids import DEFAULT_VOICE, language_of

BEEP_SECONDS = 1.0
_AMOUNT = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,15}(?:\.[0-9]{0,9})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{0,9})?")


def speech_seconds(text: str) -> float:
    """How long a text is reckoned to last before it is rendered: 60 ms a character, at least half a second."""
    return max(0.5, 0.06 * len(text))


def _amount(text: str) -> Decimal | None:
    """A number as people write money: "12.34", "$1,234.50", "-3". None for "1.234,56": a comma parts thousands."""
    plain = text.replace("$", "").replace(" ", "")
    if "," in plain and not _THOUSANDS.fullmatch(plain):
        return None
    plain = plain.replace(",", "")
    return Decimal(plain) if _AMOUNT.fullmatch(plain) else None


AMOUNT = ArgumentKind("amount or variable", "a number, or the name of a variable that holds one", _amount, "either")


@dataclass(frozen=True, slots=True)
class Say(Speaking):
    """A run of plain text with its white space collapsed, spoken in the voice in force. `[name]` stays as it is."""

    text: str

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        return (Speech(self.text, machine.state.voice),)

    def texts(self, voice: int = DEFAULT_VOICE) -> Iterable[str]:  # noqa: ARG002 (said as it stands)
        return (self.text,)

    def lasts(self) -> tuple[float, float]:
        seconds = speech_seconds(self.text)
        return seconds, seconds

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PlaySound(Speaking):
    """A sound of the licence key: `~^id~`."""

    sound_id: str

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        sound_id = machine.text(self.sound_id).lower()
        if not sound_id:
            machine.error(f"No sound to play: {self} is empty.")
            return ()
        return (Sound(sound_id),)

    def sounds(self) -> Iterable[str]:
        return () if dynamic(self.sound_id) else (self.sound_id,)

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")

    def __str__(self) -> str:
        return f"~^{self.sound_id}~"


@dataclass(frozen=True, slots=True)
class Beep(Speaking):
    r"""Play the standard beep, as before a recording.

    Example:
        Leave a message after the tone. ~\Beep()~ ~\RecordAndSaveAs(message)~
    """

    name: ClassVar[str] = "Beep"

    def prompts(self, machine: Machine) -> Iterable[Prompt]:  # noqa: ARG002 (a beep is a beep)
        return (Tone(),)

    def lasts(self) -> tuple[float, float]:
        return 0.0, BEEP_SECONDS


@dataclass(frozen=True, slots=True)
class PlaySilence(Speaking):
    r"""Be silent for a while.

    seconds: how long; decimals are allowed, at most one hour.

    Example:
        One moment. ~\PlaySilence(0.5)~ Here we are.
    """

    name: ClassVar[str] = "PlaySilence"
    seconds: str = argument(SECONDS)

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        seconds = machine.read(SECONDS, self.seconds, of=self)
        return (Silence(seconds),) if seconds else ()

    def lasts(self) -> tuple[float, float]:
        seconds = SECONDS.read(self.seconds)
        return (0.0, 3600.0) if seconds is None else (seconds, seconds)

    def doubts(self) -> Iterable[tuple[str, str]]:
        return unbounded(self.name, "waits", self.seconds)


@dataclass(frozen=True, slots=True)
class VariableToTTS(Speaking):
    r"""Speak the value that a variable has when the command runs. A variable without a value is passed over.

    Plain text is turned to speech before the call, so `[name]` in it stays as it is; this is the way to speak a value.

    variable: its name.

    Example:
        ~\SetVar(name|Ann)~ Hello ~\VariableToTTS(name)~
    """

    name: ClassVar[str] = "VariableToTTS"
    variable: str = argument(READ_VARIABLE)

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        text = " ".join(machine.variable(machine.text(self.variable)).split())
        return (Speech(text, machine.state.voice),) if text else ()

    def lasts(self) -> tuple[float, float]:
        return 0.0, speech_seconds("x" * LONGEST_VALUE)


@dataclass(frozen=True, slots=True)
class PlayAmount(Speaking):
    r"""Speak an amount of money in dollars and cents: 12.34 is "twelve dollars and thirty-four cents".

    What an amount is, the vendor's pages leave open; this is Ringpost's reading. It is spoken in English.

    amount: a number (a dollar sign and commas do not matter), or the name of a variable that holds one. What is a
        number is not looked up as a variable.

    Example:
        Your balance is ~\PlayAmount(12.34)~
    """

    name: ClassVar[str] = "PlayAmount"
    amount: str = argument(AMOUNT)

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        text = machine.text(self.amount)
        amount = _amount(text)
        if amount is None:
            text = _value(machine, text)
            amount = _amount(text)
        if amount is None:
            machine.error(f"PlayAmount needs a number, not {text[:60]!r}.")
            return ()
        return (Speech(money(amount), machine.state.voice),)

    def texts(self, voice: int = DEFAULT_VOICE) -> Iterable[str]:  # noqa: ARG002 (in English)
        amount = _amount(self.amount)
        return () if amount is None else (money(amount),)

    def lasts(self) -> tuple[float, float]:
        return _spoken_seconds(self.texts(), 300)


@dataclass(frozen=True, slots=True)
class PlayAlphaNumeric(Speaking):
    r"""Spell a text one character at a time, digits as digits: AB12 is "A B 1 2".

    Signs are named in the language of the voice: A-1 is "A dash 1", with a Spanish voice "A guion 1". What the text may
    be, the vendor's pages leave open; this is Ringpost's reading.

    text: the text, or the name of a variable that holds it (a variable of that name goes first); cut at 500 characters.

    Example:
        Your code is ~\PlayAlphaNumeric(AB12)~
    """

    name: ClassVar[str] = "PlayAlphaNumeric"
    text: str = argument(VALUE)

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        text = spelled(_value(machine, machine.text(self.text)), language_of(machine.state.voice))
        return (Speech(text, machine.state.voice),) if text else ()

    def texts(self, voice: int = DEFAULT_VOICE) -> Iterable[str]:
        text = "" if dynamic(self.text) else spelled(self.text[:LONGEST_VALUE], language_of(voice))
        return (text,) if text else ()

    def lasts(self) -> tuple[float, float]:
        return 0.0, speech_seconds("x" * LONGEST_VALUE * (LONGEST_NAME + 1))


@dataclass(frozen=True, slots=True)
class PlaySpecialSoundFile(Speaking):
    r"""Play a built-in sound, by its name. A name that is none of them is passed over.

    Which sounds the vendor has, its pages leave open; these are Ringpost's: `beep` (that of Beep), `ding`, `dingdong`,
    `chime` (four bells), `tada`, `success`, `error`, `buzzer`, `ring` (a ringing tone of two seconds) and `busy` (the
    busy tone, for four seconds).

    sound: the name.

    Example:
        ~\PlaySpecialSoundFile(ding)~
    """

    name: ClassVar[str] = "PlaySpecialSoundFile"
    sound: str = argument(SOUND)

    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        name = machine.read(SOUND, self.sound, of=self)
        return (SpecialSound(name),) if name else ()

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


@dataclass(frozen=True, slots=True)
class ChangeVoiceID(Command):
    r"""Speak what follows in another voice, which may be of another speech engine.

    voice: the number of the voice, as GetVoices lists them.

    Example:
        Hello. ~\ChangeVoiceID(17)~ Buenos dias.
    """

    name: ClassVar[str] = "ChangeVoiceID"
    only_sets: ClassVar[bool] = True
    voice: str = argument(VOICE)

    def perform(self, machine: Machine) -> Effect | None:
        voice = machine.read(VOICE, self.voice, of=self)
        if voice is not None:
            machine.state.voice = voice
        return None

    def voice_id(self, otherwise: int) -> int:
        """The voice that is in force afterwards, as far as the text tells."""
        voice = VOICE.read(self.voice)
        return otherwise if voice is None else voice


@dataclass(frozen=True, slots=True)
class SoundPausing(Command):
    r"""Switch pausing on or off: while the other side talks, playing pauses, and goes on after they fall silent.

    It is off until a script switches it on.

    pausing: true or false; true when it is left out.

    Example:
        ~\SoundPausing(true)~ This waits whenever you say something.
    """

    name: ClassVar[str] = "SoundPausing"
    only_sets: ClassVar[bool] = True
    pausing: str = argument(FLAG, "true")

    def perform(self, machine: Machine) -> Effect | None:
        pausing = machine.read(FLAG, self.pausing, of=self)
        if pausing is not None:
            machine.state.sound_pausing = pausing
        return None


def _value(machine: Machine, text: str) -> str:
    """The value of the variable of this name, or else the text itself, cut like a value."""
    return machine.variable(text) if machine.has_variable(text) else text[:LONGEST_VALUE]


def _spoken_seconds(texts: Iterable[str], longest: int) -> tuple[float, float]:
    known = list(texts)
    if not known:
        return 0.0, speech_seconds("x" * longest)
    seconds = sum(speech_seconds(text) for text in known)
    return seconds, seconds


COMMANDS: tuple[type[Command], ...] = (
    Beep,
    ChangeVoiceID,
    PlayAlphaNumeric,
    PlayAmount,
    PlaySilence,
    PlaySpecialSoundFile,
    SoundPausing,
    VariableToTTS,
)
