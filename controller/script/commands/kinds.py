"""The kinds of arguments that commands take: what each must look like, and how it is read."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from controller.numbers import try_number
from controller.script.commands.kind import ArgumentKind

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")
_COUNT = re.compile(r"[0-9]{1,9}")
_URL = re.compile(r"https?://[^\s/?#|~]+[^|~]*", re.IGNORECASE)
# As the HTML standard has it ("valid e-mail address"): what RFC 5322 permits beyond that is not in use.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{}}-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
LONGEST_EMAIL = 254  # characters (RFC 5321, section 4.5.3.1.3, without the angle brackets)
_TONES = re.compile(r"[0-9A-D*#w]+")
_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
DIGITS = frozenset("0123456789ABCD*#")
LONGEST_SECONDS = 3600.0


def _text(text: str) -> str | None:
    return text


def sound_name(text: str) -> str:
    """A sound's name as it is compared: in lower case, and composed (a Mac writes "é" as "e" and an accent)."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def _name(text: str) -> str | None:
    return text.strip().lower()[:100] or None


def _sound(text: str) -> str | None:
    return sound_name(text)[:100] or None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _seconds(text: str) -> float | None:
    if not _NUMBER.fullmatch(text) or text.startswith("-"):
        return None
    return min(float(text), LONGEST_SECONDS)


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) and int(text) > 0 else None


def _index(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _digit(text: str) -> str | None:
    return text.upper() if text.upper() in DIGITS else None


def _tones(text: str) -> str | None:
    tones = re.sub(r"[\s().-]", "", text).upper().replace("W", "w").replace(",", "w")
    return tones if _TONES.fullmatch(tones) else None


def _flag(text: str) -> bool | None:
    return _FLAGS.get(text.lower())


def _url(text: str) -> str | None:
    return text if _URL.fullmatch(text) else None


def _email(text: str) -> str | None:
    return text if len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) else None


TEXT = ArgumentKind("text", "any text", _text)
VALUE = ArgumentKind("text or variable", "a text, or the name of a variable", _text, "either")
READ_VARIABLE = ArgumentKind("variable", "the name of a variable", _name, "reads")
SET_VARIABLE = ArgumentKind("variable", "the name of a variable", _name, "sets")
LABEL = ArgumentKind("label", "the name of a label", _name, "label")
NEW_LABEL = ArgumentKind("label", "a name", _name)
SOUND = ArgumentKind("sound id", "the id of a sound", _sound)
NUMBER = ArgumentKind("number", "a number", _number)
SECONDS = ArgumentKind("seconds", "a number of seconds, decimals allowed", _seconds)
COUNT = ArgumentKind("count", "a whole number from 1 up", _count)
VOICE = ArgumentKind("voice id", "the number of a voice", _index)
DIGIT = ArgumentKind("digit", "one of 0-9, *, #, A-D", _digit)
TONES = ArgumentKind("digits", "digits 0-9, *, #, A-D, and w for a pause of half a second", _tones)
FLAG = ArgumentKind("true or false", "true or false", _flag)
URL = ArgumentKind("URL", "a URL that starts with http:// or https://", _url)
EMAIL = ArgumentKind("e-mail address", "an e-mail address", _email)
PHONE = ArgumentKind("phone number", "a phone number", try_number)
