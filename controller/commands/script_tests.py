"""`ringpost test`: what scripts and IVRs are expected to do, written beside them, and whether they do it.

A file `NAME.test.yaml` names a script, an IVR or a number, and cases: how the call goes, and the lines expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from rich.console import Console

from controller.commands.simulation import Course, Subject, did_subject, ivr_subject, script_subject, simulation_of
from controller.config_file.document import read_document
from controller.config_file.nodes import MappingEntry
from controller.config_file.validation import Declaration, alternatives, mistake, read_entry
from controller.errors import ConfigurationError
from controller.script.simulation.callee import AnsweredBy, TransferResult
from controller.script.testing.coverage import Coverage
from controller.script.testing.expected_lines import ANYTHING, ExpectedLine, fitting
from controller.script.transcript import EVENTS, FIELDS, MAIN_FIELDS, TranscriptLine, particulars
from controller.terminal import shown as safe

ENDING = ".test.yaml"
MOST_LINES = 10_000


def _expected(value: Any) -> ExpectedLine:
    if isinstance(value, ExpectedLine):
        return value
    event, wanted = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (value, {})
    if not isinstance(event, str) or (event not in EVENTS and (event != ANYTHING or wanted)):
        raise mistake(
            "not a valid expected line", f"`EVENT: TEXT`, `{ANYTHING}`, or an event: {', '.join(sorted(EVENTS))}"
        )
    if isinstance(wanted, dict):
        for name in wanted:
            if name not in FIELDS.get(event, ()):
                expected = alternatives(str(name), FIELDS.get(event, ()))
                raise mistake(f'{event} has no field "{str(name)[:60]}"', expected, at=(event, str(name), "[key]"))
        return ExpectedLine(event, tuple((str(name), str(text)) for name, text in wanted.items()))
    if event not in MAIN_FIELDS:
        raise mistake(f"{event} says nothing more", f"`{event}` alone")
    return ExpectedLine(event, ((MAIN_FIELDS[event], "" if wanted is None else str(wanted)),))


class Case(Declaration):
    """One call: how it goes, and what is expected."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    keys: str = ""
    press: tuple[str, ...] = ()
    outgoing: bool = False
    answered_by: AnsweredBy = "human"
    transfer: TransferResult = "answered"
    transfer_number: str = ""
    fetch: dict[str, str] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict, alias="set")
    caller: str = ""
    called: str = ""
    hangup_at: Annotated[float, Field(ge=0)] | None = None
    expect: Annotated[tuple[Annotated[ExpectedLine, BeforeValidator(_expected)], ...], Field(min_length=1)]

    def course(self) -> Course:
        """How the call goes."""
        return Course(
            keys=self.keys,
            presses=self.press,
            outgoing=self.outgoing,
            answered_by=self.answered_by,
            transfer=self.transfer,
            transfer_number=self.transfer_number,
            pages=self.fetch,
            variables=self.variables,
            caller=self.caller,
            called=self.called,
            **({} if self.hangup_at is None else {"hang_up_at": self.hangup_at}),
        )


class Cases(Declaration):
    """A file of cases."""

    script: str | None = None
    ivr: str | None = None
    did: str | None = None
    config: str | None = None
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_subject(self) -> Cases:
        if sum(each is not None for each in (self.script, self.ivr, self.did)) != 1:
            raise mistake("what is tested is not clear", "exactly one of `script`, `ivr` and `did`")
        return self


@dataclass(slots=True)
class CaseResult:
    """What came of one case: the lines, and how many of the expected ones and of the lines fit from the beginning."""

    case: Case
    lines: list[TranscriptLine]
    fitting_expected: int
    fitting_lines: int

    @property
    def passed(self) -> bool:
        return self.fitting_expected == len(self.case.expect) and self.fitting_lines == len(self.lines)


def run_folder(folder: Path, config: Path, console: Console) -> bool:
    """Run every case of every `*.test.yaml` in a folder and those below it, and tell what came out. True: all passed.

    config: where IVRs and numbers are declared, for files that do not say it.
    ConfigurationError when there is none, InvalidConfiguration for mistakes in it or in a script.
    """
    files = sorted(folder.rglob(f"*{ENDING}")) if folder.is_dir() else [folder]
    if not files:
        raise ConfigurationError(f"there is no *{ENDING} in {folder}")
    coverages: dict[str, Coverage] = {}
    failed = number = 0
    for file in files:
        cases, subject = _read(file, config)
        coverage = coverages.setdefault(subject.program.content_hash, Coverage(subject.name, subject.program))
        console.print(f"[bold]{safe(str(file))}[/]", soft_wrap=True)
        for case in cases.cases:
            result = run_case(subject, case, coverage)
            number += 1
            failed += not result.passed
            _tell(result, console)
    console.print("\nCoverage")
    for coverage in coverages.values():
        console.print(f"  {safe(coverage.summary())}", soft_wrap=True)
    console.print(f"\n{number} case{'s' * (number != 1)}, {failed} failed", style="red" if failed else "green")
    return not failed


def run_case(subject: Subject, case: Case, coverage: Coverage) -> CaseResult:
    """Run one case. RingpostError for keys that are none."""
    simulation = simulation_of(subject, case.course())
    lines = [line for line, _ in zip(simulation.run(), range(MOST_LINES), strict=False)]
    coverage.reached.update(simulation.steps)
    return CaseResult(case, lines, *fitting(case.expect, lines))


def _read(file: Path, config: Path) -> tuple[Cases, Subject]:
    document = read_document(file)
    document.require()
    whole = MappingEntry(document.root.position, "cases", document.root)
    cases = read_entry(document, whole, Cases)
    document.require()
    assert cases is not None
    return cases, _subject(cases, file, config)


def _subject(cases: Cases, file: Path, config: Path) -> Subject:
    if cases.script is not None:
        return script_subject(file.parent / cases.script)
    config = file.parent / cases.config if cases.config is not None else config
    return ivr_subject(cases.ivr, config) if cases.ivr is not None else did_subject(cases.did or "", config)


def _tell(result: CaseResult, console: Console) -> None:
    mark = "[green]✓[/]" if result.passed else "[red]✗[/]"
    console.print(f"  {mark} {safe(result.case.name)}", soft_wrap=True)
    if result.passed:
        return
    for index, line in enumerate(result.lines):
        if index == result.fitting_lines:
            _tell_expected(result, console)
        console.print(f"      {line.t:7.2f}  {line.event} {safe(particulars(line))}".rstrip(), soft_wrap=True)
    if result.fitting_lines >= len(result.lines):
        _tell_expected(result, console)


def _tell_expected(result: CaseResult, console: Console) -> None:
    rest: Iterable[ExpectedLine] = result.case.expect[result.fitting_expected : result.fitting_expected + 1]
    text = next((str(each) for each in rest), "nothing more")
    console.print(f"      [red]expected here: {safe(text)}[/]", soft_wrap=True)
