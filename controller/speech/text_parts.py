"""Parts: a text cut where its sentences end, so that the first one can be heard while the next is rendered. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from controller.speech.markup import TAG, names_effect, without_comments
from controller.speech.sentences import SHORTEST_SENTENCE, sentences_of
from controller.speech.spoken_forms import spoken_form

# Their content is spoken otherwise than it is written: nothing is cut in there.
_WHOLE = frozenset({"say-as", "sub"})
_DEEPEST = 20


def parts_of(source: str, language: str) -> tuple[str, ...]:
    """The parts of a text with speech control, each of which says the same alone: tags that were open are opened again.

    language: the tag of the voice. A sentence ends where it still does in the words that are spoken: `Dr.` ends none.
    """
    cutter = _Cutter(language)
    source = without_comments(source)
    position = 0
    for match in TAG.finditer(source):
        if not names_effect(match):
            continue
        cutter.text(source[position : match.start()])
        cutter.tag((match["name"] or "").lower(), match.group(), ends=bool(match["end"]), empty=bool(match["empty"]))
        position = match.end()
    cutter.text(source[position:])
    return tuple(cutter.parts())


@dataclass(slots=True)
class _Cutter:
    """Collects the part under way."""

    language: str
    _done: list[str] = field(default_factory=list)
    _open: list[tuple[str, str]] = field(default_factory=list)
    _part: list[str] = field(default_factory=list)
    _said: int = 0  # characters of text in the part under way

    def text(self, text: str) -> None:
        if not text:
            return
        first, *others = [text] if self._is_whole() else _sentences(text, self.language)
        self._add(first)
        for sentence in others:
            self._cut()
            self._add(sentence)

    def tag(self, name: str, written: str, *, ends: bool, empty: bool) -> None:
        self._part.append(written)
        if ends:
            depth = next((at for at in range(len(self._open) - 1, -1, -1) if self._open[at][0] == name), None)
            if depth is not None:
                del self._open[depth:]
        elif name == "break":
            if self._said >= SHORTEST_SENTENCE and not self._is_whole():
                self._cut()
        elif name and not empty:
            self._open.append((name, written))

    def parts(self) -> Iterator[str]:
        """All of it; what nothing is said in belongs to the part before."""
        if self._done and not self._said:
            self._done[-1] += "".join(self._part[len(self._open) :])
        else:
            self._done.append("".join(self._part))
        yield from self._done

    def _is_whole(self) -> bool:
        return len(self._open) > _DEEPEST or any(name in _WHOLE for name, _ in self._open)

    def _add(self, text: str) -> None:
        self._part.append(text)
        self._said += len(text.strip())

    def _cut(self) -> None:
        self._done.append("".join(self._part))
        self._part, self._said = [written for _, written in self._open], 0


def _sentences(text: str, language: str) -> list[str]:
    """The sentences of a text without tags, as it is written; together they are the text."""
    said = list(sentences_of(spoken_form(text, language)))
    written = list(sentences_of(text))
    if len(said) < 2 or len(written) < 2:
        return [text]
    found: list[str] = []
    under_way, wanted = "", said.pop(0)
    for sentence in written:
        under_way = f"{under_way} {sentence}" if under_way else sentence
        spoken = spoken_form(under_way, language)
        while len(spoken) > len(wanted) and said:
            wanted = f"{wanted} {said.pop(0)}"
        if spoken == wanted:
            found.append(under_way)
            under_way, wanted = "", said.pop(0) if said else ""
    if under_way:
        found.append(under_way)
    return found
