"""Speech control: the tags of SSML inside plain text, read so that nothing a customer writes can be an error.

The tags are those of the W3C's Speech Synthesis Markup Language 1.1, with the old `type` attribute of `say-as`.
A tag that is not well formed, a lone `<` or `&`, and a tag that SSML does not know are text and are spoken. A tag
without its end reaches to the end of the text; an end without its tag is passed over.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

DEEPEST = 100
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_PAUSES_SECONDS = 600.0
# A break's time without a unit, which SSML does not permit, is one of milliseconds from here on, else of seconds.
MILLISECONDS_FROM = 100
COMMA_SECONDS = 0.25
SENTENCE_SECONDS = 0.35
PARAGRAPH_SECONDS = 0.7

BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.25}
RATES = {"x-slow": 0.5, "slow": 2 / 3, "medium": 1.0, "default": 1.0, "fast": 1.5, "x-fast": 2.0}
PITCHES = {"x-low": 0.7, "low": 0.85, "medium": 1.0, "default": 1.0, "high": 1.2, "x-high": 1.4}
VOLUMES = {
    "silent": 0.0, "x-soft": 0.3, "soft": 0.6, "medium": 1.0, "default": 1.0, "loud": 1.4, "x-loud": 2.0,
}  # fmt: skip
SLOWEST, FASTEST = 0.33, 3.0
LOWEST, HIGHEST = 0.5, 2.0
LOUDEST = 4.0

_SPELLED = {
    "digits": "digits", "number:digits": "digits", "number_digit": "digits", "telephone": "telephone",
    "phone": "telephone", "characters": "characters", "spell-out": "characters", "letters": "characters",
    "verbatim": "characters", "acronym": "characters", "spell": "characters",
}  # fmt: skip
_WITHOUT_EFFECT = frozenset(
    {"speak", "emphasis", "phoneme", "lang", "w", "token", "audio", "mark", "desc", "lexicon", "meta", "metadata"}
)
TAGS = frozenset({"s", "p", "break", "prosody", "voice", "say-as", "sub"})
"""The tags that change what is heard."""

TAG = re.compile(
    r"<(?P<end>/)?+(?P<name>[A-Za-z][A-Za-z0-9:-]{0,30}+)"
    r"(?P<attributes>(?:\s++[A-Za-z][\w:.-]{0,60}+\s*+=\s*+(?:\"[^\"<]{0,500}+\"|'[^'<]{0,500}+'))*+)\s*+(?P<empty>/)?+>"
    r"|<\?(?P<declaration>xml[^<>]{0,500}+)>"
)
_ATTRIBUTE = re.compile(r"([A-Za-z][\w:.-]*+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,8});")
_COMMAS = re.compile(r",(?:\s?,)+")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"([+-]?)(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(%|db|st|ms|s)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text is spoken: factors of the voice's normal, the voice's name (empty: the call's own voice), and
    whether it is spelled: "", "digits", "telephone" or "characters"."""

    rate: float = 1.0
    pitch: float = 1.0
    volume: float = 1.0
    voice: str = ""
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A run of text in one style; white space is collapsed."""

    text: str
    style: Style = Style()


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence, in seconds."""

    seconds: float


Part = SpokenText | Pause


def parse_markup(source: str) -> tuple[Part, ...]:
    """What is to be spoken, part by part. Never raises; takes time and memory in proportion to `source`."""
    source = without_comments(source)
    reader = _Reader()
    position = 0
    for match in TAG.finditer(source):
        if not names_effect(match):
            continue
        reader.text(source[position : match.start()])
        reader.tag(match)
        position = match.end()
    reader.text(source[position:])
    return tuple(reader.parts())


def without_comments(source: str) -> str:
    """The text without `<!-- … -->`; one that does not end is text."""
    kept, position = [], 0
    while (begins := source.find("<!--", position)) >= 0 and (ends := source.find("-->", begins + 4)) >= 0:
        kept.append(source[position:begins])
        position = ends + 3
    return "".join((*kept, source[position:]))


def names_effect(match: re.Match[str]) -> bool:
    """Whether a match of `TAG` is a tag of SSML; any other one is text."""
    name = (match["name"] or "").lower()
    return not name or name in TAGS or name in _WITHOUT_EFFECT or name.startswith(("amazon:", "aws-"))


def plain_text(source: str) -> str:
    """The words alone, without tags and pauses."""
    return " ".join(part.text for part in parse_markup(source) if isinstance(part, SpokenText))


def named_voices(source: str) -> tuple[str, ...]:
    """What stands in the `<voice name="…">` of a text, as far as something is spoken in them, each once."""
    if "<" not in source:
        return ()
    styles = (part.style for part in parse_markup(source) if isinstance(part, SpokenText))
    return tuple(dict.fromkeys(style.voice for style in styles if style.voice))


class _Reader:
    """Follows open tags and collects what is spoken."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Style]] = []
        self._deeper = 0
        self._style = Style()
        self._raw: list[tuple[str, Style] | Pause] = []
        self._replaced = 0

    def text(self, text: str) -> None:
        if text and not self._replaced:
            self._raw.append((text, self._style))

    def tag(self, match: re.Match[str]) -> None:
        name = (match["name"] or "").lower()
        if not name:
            return
        if match["end"]:
            self._leave(name)
            return
        attributes = {key.lower(): html.unescape(a or b) for key, a, b in _ATTRIBUTE.findall(match["attributes"])}
        if name == "break":
            self._raw.append(Pause(_break_seconds(attributes)))
        elif not match["empty"]:
            self._enter(name, attributes)
        elif name in ("s", "p"):
            self._pause_after(name)

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            self._deeper += 1
            return
        self._open.append((name, self._style))
        if name == "prosody":
            self._style = _prosody(self._style, attributes)
        elif name == "voice" and attributes.get("name", "").strip():
            self._style = replace(self._style, voice=attributes["name"].strip()[:100])
        elif name == "say-as":
            kind = (attributes.get("interpret-as") or attributes.get("type") or "").strip().lower()
            self._style = replace(self._style, spelled=_SPELLED.get(kind, ""))
        elif name == "sub" and attributes.get("alias") and not self._replaced:
            self.text(attributes["alias"].replace("&", "&amp;"))
            self._replaced = len(self._open)
        elif name in ("s", "p"):
            self._pause_after(name)

    def _leave(self, name: str) -> None:
        if self._deeper:
            self._deeper -= 1
            return
        depth = next((i for i in range(len(self._open) - 1, -1, -1) if self._open[i][0] == name), None)
        if depth is None:
            return
        self._style = self._open[depth][1]
        del self._open[depth:]
        if self._replaced > depth:
            self._replaced = 0
        if name in ("s", "p"):
            self._pause_after(name)

    def _pause_after(self, name: str) -> None:
        """A sentence or paragraph is set off from what was said before, once."""
        seconds = SENTENCE_SECONDS if name == "s" else PARAGRAPH_SECONDS
        while self._raw and isinstance(text := self._raw[-1], tuple) and not text[0].strip():
            self._raw.pop()
        if not self._raw:
            return
        before = self._raw[-1]
        if not isinstance(before, Pause):
            self._raw.append(Pause(seconds))
        elif before.seconds < seconds:
            self._raw[-1] = Pause(seconds)

    def parts(self) -> Iterator[Part]:
        """Runs of one style joined, commas turned to pauses, pauses added up and limited."""
        left = LONGEST_PAUSES_SECONDS
        pause = 0.0
        for part in self._split():
            if isinstance(part, Pause):
                pause = min(pause + part.seconds, LONGEST_PAUSE_SECONDS)
                continue
            if pause and (pause := min(pause, left)):
                left -= pause
                yield Pause(pause)
            pause = 0.0
            yield part
        if pause and (pause := min(pause, left)):
            yield Pause(pause)

    def _split(self) -> Iterator[Part]:
        for text, style in self._runs():
            if style is None:
                yield Pause(float(text))
                continue
            clean = _UNSPEAKABLE.sub(" ", _ENTITY.sub(_decode, text))
            position = 0
            for match in _COMMAS.finditer(clean):
                yield from _spoken(clean[position : match.start()], style)
                yield Pause(COMMA_SECONDS * match[0].count(","))
                position = match.end()
            yield from _spoken(clean[position:], style)

    def _runs(self) -> Iterator[tuple[str, Style | None]]:
        pieces: list[str] = []
        style: Style | None = None
        for part in self._raw:
            if isinstance(part, tuple) and part[1] == style:
                pieces.append(part[0])
                continue
            if pieces:
                yield "".join(pieces), style
            pieces, style = ([part[0]], part[1]) if isinstance(part, tuple) else ([], None)
            if isinstance(part, Pause):
                yield str(part.seconds), None
        if pieces:
            yield "".join(pieces), style


def _spoken(text: str, style: Style) -> Iterator[SpokenText]:
    if words := " ".join(text.split()):
        yield SpokenText(words, style)


def _decode(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _break_seconds(attributes: dict[str, str]) -> float:
    time = attributes.get("time", "").strip()
    if time and (match := _NUMBER.fullmatch(time)) and match[1] != "-":
        figure = float(match[2])
        unit = (match[3] or ("ms" if figure >= MILLISECONDS_FROM else "s")).lower()
        if unit in ("s", "ms"):
            return min(figure / (1000 if unit == "ms" else 1), LONGEST_PAUSE_SECONDS)
    return BREAKS.get(attributes.get("strength", "medium").strip().lower(), BREAKS["medium"])


def _prosody(style: Style, attributes: dict[str, str]) -> Style:
    rate = _factor(attributes.get("rate", ""), RATES, style.rate)
    pitch = _factor(attributes.get("pitch", ""), PITCHES, style.pitch)
    volume = _volume(attributes.get("volume", ""), style.volume)
    return replace(
        style,
        rate=min(max(rate, SLOWEST), FASTEST),
        pitch=min(max(pitch, LOWEST), HIGHEST),
        volume=min(max(volume, 0.0), LOUDEST),
    )


def _factor(value: str, names: dict[str, float], current: float) -> float:
    """A name and an unsigned figure replace the current factor, a signed figure changes it."""
    value = value.strip().lower()
    if value in names:
        return names[value]
    match = _NUMBER.fullmatch(value)
    if match is None:
        return current
    sign, figure, unit = match[1], float(match[2]), match[3]
    change = -figure if sign == "-" else figure
    if unit == "%":
        return float(current * (1 + change / 100)) if sign else figure / 100
    if unit == "st":
        return float(current * 2 ** (max(min(change, 24), -24) / 12))
    return figure if unit is None and not sign else current


def _volume(value: str, current: float) -> float:
    value = value.strip().lower()
    if value in VOLUMES:
        return VOLUMES[value]
    match = _NUMBER.fullmatch(value)
    if match is None:
        return current
    sign, figure, unit = match[1], float(match[2]), match[3]
    change = -figure if sign == "-" else figure
    if unit == "db":
        return float(current * 10 ** (max(min(change, 40), -90) / 20))
    if unit in ("%", None):
        return float(current * (1 + change / 100)) if sign else figure / 100
    return current
