r"""The parser: from the text of a script to its program. It never raises; what it cannot read, it says.

A script is text, `~^sound~` and `~\Command(argument|argument)~`, mixed freely (Phone Notify! documentation). What its
users write, and what is therefore accepted:

- names of commands in any case; `~Name(…)~` without the backslash, if Name is a command; `~\Name~` without parentheses;
- no closing tilde. The arguments end at the `)` that balances the opening parenthesis, and text may follow it. They go
  on to the `)` at the end of the line, or before the next tilde, when that tilde closes the command (it begins nothing
  itself), or when what stands between has a `)` too many to be a text: so parentheses may stand in arguments, and `:)`
  too. Where no `)` balances, or only one of a later line, the first `)` before a tilde or the end of a line counts; if
  there is none before the next tilde, the first `)`;
- a tilde that begins nothing is left out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from controller.script.commands.command import Command, dynamic, needed, signature
from controller.script.commands.flow import Label
from controller.script.commands.kinds import SOUND
from controller.script.commands.speech import PlaySound, Say
from controller.script.commands.table import COMMANDS, BrokenCommand
from controller.script.diagnostics import Diagnostic, Severity, in_order
from controller.script.frame import BUILT_IN_LABELS
from controller.script.program import Program, Step

LONGEST_SCRIPT = 500_000  # characters; 100,000 are more than an hour and a half of speech
MOST_SUGGESTIONS = 10
MOST_FOUND = 1000

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_COMMAND = re.compile(r"~\\[ \t]*([A-Za-z]\w{0,63})[ \t]*(\(?)")
_BARE_COMMAND = re.compile(r"~[ \t]*([A-Za-z]\w{0,63})[ \t]*\(")
_SOUND = re.compile(r"~\^([^~\r\n]*)")
_OPENING = re.compile(r"~(?:\\[ \t]*[A-Za-z]|\^)")
_ARGUMENTS_END = re.compile(r"\)(?=[ \t]*(?:[~\r\n]|\Z))")
_PARENTHESIS = re.compile("[()]")
_LINE_END = re.compile(r"[\r\n]")
_BLANKS = re.compile(r"\s*")
_REST_OF_LINE = re.compile(r"[^~\r\n]*")


def parse(source: str) -> Program:
    """Read a script. Its mistakes are the program's diagnostics, which are also part of what `check` finds."""
    return _Parser(source).program()


class _Parser:
    def __init__(self, source: str) -> None:
        self._given = source
        self._source = source
        self._steps: list[Step] = []
        self._found: list[Diagnostic] = []
        self._line, self._line_start, self._seen = 1, 0, 0
        self._suggestions = 0
        self._text: list[str] = []
        self._text_place = (1, 1)

    def program(self) -> Program:
        if len(self._source) > LONGEST_SCRIPT:
            message = f"A script has at most {LONGEST_SCRIPT} characters; this one has {len(self._source)}."
            return Program.of((), (Diagnostic(1, 1, "error", "too-long", message),), source=self._given)
        self._take_out_control_characters()
        position, source = 0, self._source
        while (tilde := source.find("~", position)) != -1:
            self._add_text(position, tilde)
            position = self._element(tilde)
        self._add_text(position, len(source))
        self._flush_text()
        self._found.extend(label_mistakes(self._steps))
        return Program.of(self._steps, in_order(self._found), source=self._given)

    def _take_out_control_characters(self) -> None:
        match = _CONTROL.search(self._source)
        if match is None:
            return
        before = self._source[: match.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        self._source, count = _CONTROL.subn(" ", self._source)
        if self._given.startswith("\ufeff") and count == 1:
            return  # the mark that some editors put before a text is no mistake
        message = f"There are {count} control characters in the script; they count as blanks."
        self._found.append(Diagnostic(line, column, "warning", "control-character", message))

    def _place(self, position: int) -> tuple[int, int]:
        """Line and column of a position; positions must not go back behind the last one."""
        lines = self._source.count("\n", self._seen, position)
        if lines:
            self._line += lines
            self._line_start = self._source.rfind("\n", self._seen, position) + 1
        self._seen = position
        return self._line, position - self._line_start + 1

    def _report(self, place: tuple[int, int], severity: Severity, code: str, message: str) -> None:
        if len(self._found) < MOST_FOUND or (severity == "error" and len(self._found) < 2 * MOST_FOUND):
            self._found.append(Diagnostic(*place, severity, code, message))

    def _add_text(self, start: int, end: int) -> None:
        text = " ".join(self._source[start:end].split()) if start < end else ""
        if text:
            if not self._text:
                self._text_place = self._place(self._behind_blanks(start))
            self._text.append(text)

    def _behind_blanks(self, position: int) -> int:
        match = _BLANKS.match(self._source, position)
        return match.end() if match else position

    def _flush_text(self) -> None:
        if self._text:
            self._steps.append(Step(Say(" ".join(self._text)), *self._text_place))
            self._text = []

    def _element(self, tilde: int) -> int:
        """Read what begins at a tilde; gives the position behind it."""
        source, place = self._source, self._place(tilde)
        if source.startswith("~^", tilde) and (match := _SOUND.match(source, tilde)):
            self._flush_text()
            return self._sound(match, place)
        if source.startswith("~\\", tilde) and (match := _COMMAND.match(source, tilde)):
            self._flush_text()
            if match.group(2):
                return self._command(match.group(1), match.end(), place)
            return self._command_without_parentheses(match, place)
        match = _BARE_COMMAND.match(source, tilde)
        if match and match.group(1).lower() in COMMANDS:
            self._flush_text()
            self._report(place, "warning", "missing-backslash", f"A command is written ~\\{match.group(1)}(…)~.")
            return self._command(match.group(1), match.end(), place)
        self._report(place, "warning", "stray-tilde", "This tilde begins neither a command nor a sound.")
        return tilde + 1

    def _sound(self, match: re.Match[str], place: tuple[int, int]) -> int:
        text, end = match.group(1), match.end()
        closed = self._source.startswith("~", end) and not _OPENING.match(self._source, end)
        if closed:
            end += 1
        else:
            # Without a closing tilde, the id is the first word.
            text = text.split(maxsplit=1)[0] if text.strip() else ""
            end = self._behind_blanks(match.start(1)) + len(text) if text else end
            self._report(place, "warning", "missing-tilde", "The closing tilde of this sound is missing.")
        sound_id = SOUND.read(" ".join(text.split()))
        if sound_id is None:
            self._report(place, "error", "empty-sound", "The id of a sound is missing.")
            self._steps.append(Step(BrokenCommand("~^~", "The id of a sound is missing."), *place))
        else:
            self._steps.append(Step(PlaySound(sound_id), *place))
        return end

    def _command_without_parentheses(self, match: re.Match[str], place: tuple[int, int]) -> int:
        name, end = match.group(1), match.end()
        if name.lower() in COMMANDS:
            self._report(place, "warning", "missing-parentheses", f"A command is written ~\\{name}(…)~.")
        else:
            rest = _REST_OF_LINE.match(self._source, end)
            end = rest.end() if rest else end
        self._add_command(name, [], place)
        return self._behind_closing_tilde(end, place)

    def _command(self, name: str, start: int, place: tuple[int, int]) -> int:
        """Read a command's arguments, which begin at `start`."""
        source = self._source
        bound = source.find("~", start)
        bound = len(source) if bound == -1 else bound
        end = self._arguments_end(start, bound)
        if end == -1:
            rest = _REST_OF_LINE.match(source, start)
            end = rest.end() if rest else bound
            self._report(place, "error", "missing-parenthesis", f"The closing parenthesis of {name} is missing.")
            behind = end
        else:
            behind = end + 1
        text = source[start:end].strip()
        self._add_command(name, [part.strip() for part in text.split("|")] if text else [], place)
        return self._behind_closing_tilde(behind, place)

    def _arguments_end(self, start: int, bound: int) -> int:
        """The `)` that ends the arguments from `start` on, before the next tilde at `bound`; -1 if there is none."""
        source = self._source
        first = source.find(")", start, bound)
        if first + 1 == bound and source.find("(", start, first) == -1:
            return first
        match = _ARGUMENTS_END.search(source, start, bound + 1)
        if match is None:
            balanced = _balanced(source, start, bound)
            return first if balanced == -1 else balanced
        last = match.start()
        balanced = _balanced(source, start, bound)
        if balanced == -1 or balanced == last:
            return last
        if last < balanced:  # at the end of an earlier line
            return balanced if self._is_closed(balanced + 1) else last
        rest = source[balanced + 1 : last + 1]
        is_no_text = rest.count(")") > rest.count("(") or self._is_closed(last + 1)
        return last if is_no_text and not _LINE_END.search(rest) else balanced

    def _is_closed(self, position: int) -> bool:
        """Whether a tilde follows that closes the command which ends here."""
        return self._closing_tilde(position) != -1

    def _closing_tilde(self, position: int) -> int:
        """Where the tilde stands that closes the command which ends here; -1 if none does."""
        source = self._source
        at = position if source.startswith("~", position) else self._behind_blanks(position)
        return at if source.startswith("~", at) and not self._opens(at, adjacent=at == position) else -1

    def _behind_closing_tilde(self, position: int, place: tuple[int, int]) -> int:
        tilde = self._closing_tilde(position)
        if tilde != -1:
            return tilde + 1
        self._report(place, "warning", "missing-tilde", "The closing tilde of this command is missing.")
        return position

    def _opens(self, tilde: int, *, adjacent: bool) -> bool:
        """Whether this tilde begins the next element instead of closing the command before it."""
        if self._source.startswith(("~\\", "~^"), tilde) and _OPENING.match(self._source, tilde):
            return True
        match = None if adjacent else _BARE_COMMAND.match(self._source, tilde)
        return match is not None and match.group(1).lower() in COMMANDS

    def _add_command(self, name: str, arguments: list[str], place: tuple[int, int]) -> None:
        command = COMMANDS.get(name.lower())
        if command is None:
            reason = f"There is no command {name}{self._suggestion(name.lower())}."
            self._report(place, "error", "unknown-command", reason)
            self._steps.append(Step(BrokenCommand(_written(name, arguments), f"There is no command {name}."), *place))
            return
        parameters, least = signature(command), needed(command)
        if not least <= len(arguments) <= len(parameters):
            reason = _wrong_count(command, len(arguments))
            self._report(place, "error", "wrong-arguments", reason)
            if len(arguments) < least:
                self._steps.append(Step(BrokenCommand(_written(name, arguments), reason), *place))
                return
        values = []
        for parameter, given in zip(parameters, arguments, strict=False):
            kind, default = parameter.kind, parameter.default
            value = given or default or ""
            values.append(value)
            if value == default or kind.read(value) is not None:
                continue
            if kind.role != "either" and not dynamic(value):
                message = f"{command.name} needs {kind.expects} as its {parameter.name}"
                self._report(place, "error", "wrong-argument", f"{message}, not {value[:60]!r}.")
        self._steps.append(Step(command(*values), *place))

    def _suggestion(self, name: str) -> str:
        if self._suggestions >= MOST_SUGGESTIONS:
            return ""
        self._suggestions += 1
        near = get_close_matches(name, COMMANDS, 1)
        return f" (is {COMMANDS[near[0]].name} meant?)" if near else ""


def _balanced(source: str, start: int, end: int) -> int:
    """The `)` that balances a parenthesis opened before `start`; -1 if there is none before `end`."""
    depth = 1
    for match in _PARENTHESIS.finditer(source, start, end):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            return match.start()
    return -1


def _written(name: str, arguments: list[str]) -> str:
    return f"{name}({'|'.join(arguments)})"


def _wrong_count(command: type[Command], given: int) -> str:
    """What is wrong with the number of arguments."""
    most, least = len(signature(command)), needed(command)
    if most == 0:
        return f"{command.name} takes no arguments."
    expected = f"{least} to {most} arguments" if least < most else f"{most} argument{'s' if most > 1 else ''}"
    names = "|".join(parameter.name for parameter in signature(command))
    return f"{command.name} needs {expected}, {command.name}({names}); here are {given}."


def label_mistakes(steps: list[Step]) -> Iterator[Diagnostic]:
    """Labels that are defined twice or not at all, or whose name is not fixed."""
    lines: dict[str, int] = {}
    for step in steps:
        if not isinstance(step.command, Label):
            continue
        if dynamic(step.command.label):
            message = "The name of a label may not hold a variable."
            yield Diagnostic(step.line, step.column, "error", "label-from-variable", message)
        for name in step.command.defines():
            if name in lines:
                message = f"The label {name[:60]!r} stands in line {lines[name]} already."
                yield Diagnostic(step.line, step.column, "error", "duplicate-label", message)
            lines.setdefault(name, step.line)
    known = lines.keys() | BUILT_IN_LABELS.keys()
    for step in steps:
        for text in step.command.given("label"):
            name = text.strip().lower()
            if name and name not in known and not dynamic(name):
                message = f"There is no label {name[:60]!r} for {step.command.name}."
                yield Diagnostic(step.line, step.column, "error", "missing-label", message)
