"""Programs and the texts that they are compiled from: scripts, and IVRs with everything that callers can come to.

A live call is stored with the text of its program, so that whoever takes the call over can compile it again. A script's
text is the script. An IVR's is a line that no script begins with, and a JSON document of the IVR, the IVRs, sequences
and scripts that it leads to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from controller.errors import DestinationInvalid, StateInvalid
from controller.ivr.model import (
    AfterSequence,
    Choice,
    Destination,
    DestinationKind,
    DtmfStep,
    Ivr,
    RecordingStep,
    Sequence,
    Step,
    TextStep,
)
from controller.ivr.translation import translate
from controller.script.parser import parse
from controller.script.program import Program

# A script cannot begin so by accident, and doors that take scripts refuse one that does (`is_ivr_source`).
HEADER = "#!ringpost-ivr 1\n"

_STEPS: dict[str, type[Step]] = {"dtmf": DtmfStep, "recording": RecordingStep, "sms": TextStep}
_STEP_NAMES = {kind: name for name, kind in _STEPS.items()}


def is_ivr_source(source: str) -> bool:
    """Whether a text is that of a compiled IVR: what a customer writes as a script must not be."""
    return source.startswith(HEADER)


def compile_source(source: str) -> Program:
    """The program of a text: of a script, or of an IVR as `compile_ivr` wrote it.

    A script never raises. StateInvalid for an IVR's text that is damaged.
    """
    if not is_ivr_source(source):
        return parse(source)
    try:
        document = json.loads(source.removeprefix(HEADER))
        ivrs = {name: _read_ivr(name, data) for name, data in document["ivrs"].items()}
        sequences = {name: _read_sequence(name, data) for name, data in document["sequences"].items()}
        return translate(document["ivr"], ivrs, sequences, document["scripts"], source=source)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, DestinationInvalid) as error:
        raise StateInvalid("The stored program of this IVR cannot be read back.") from error


def compile_ivr(
    name: str, ivrs: Mapping[str, Ivr], sequences: Mapping[str, Sequence], scripts: Mapping[str, str]
) -> Program:
    """The program of the IVR `name`, with the text from which `compile_source` makes it again.

    scripts: the text of each script by the name that destinations give it. DestinationInvalid when something that
    callers can come to is not there.
    """
    return translate(name, ivrs, sequences, scripts, source=_source(name, ivrs, sequences, scripts))


def _source(name: str, ivrs: Mapping[str, Ivr], sequences: Mapping[str, Sequence], scripts: Mapping[str, str]) -> str:
    """The canonical text of an IVR: the same for the same behaviour."""
    document: dict[str, Any] = {"ivr": name, "ivrs": {}, "sequences": {}, "scripts": {}}
    waiting = [Destination(DestinationKind.IVR, name)]
    while waiting:
        place = waiting.pop()
        if place.kind is DestinationKind.IVR and place.target in ivrs and place.target not in document["ivrs"]:
            ivr = ivrs[place.target]
            document["ivrs"][ivr.name] = _write_ivr(ivr)
            waiting += ivr.destinations
        elif place.kind is DestinationKind.SEQUENCE and place.target in sequences:
            document["sequences"][place.target] = _write_sequence(sequences[place.target])
        elif place.kind is DestinationKind.SCRIPT and place.target in scripts:
            document["scripts"][place.target] = scripts[place.target]
    return HEADER + json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _write_ivr(ivr: Ivr) -> dict[str, Any]:
    return {
        "recording": ivr.recording,
        "text": ivr.text,
        "choices": [[choice.digits, str(choice.destination)] for choice in ivr.choices],
        "timeout": ivr.timeout,
        "digit_timeout": ivr.digit_timeout,
        "repeat": ivr.repeat,
        "no_input": str(ivr.no_input),
        "wrong_choice": str(ivr.wrong_choice),
        "language": ivr.language,
    }


def _read_ivr(name: str, data: Mapping[str, Any]) -> Ivr:
    values = dict(data)
    choices = tuple(Choice(digits, Destination.parse(place)) for digits, place in values.pop("choices"))
    no_input, wrong_choice = (Destination.parse(values.pop(end)) for end in ("no_input", "wrong_choice"))
    return Ivr(name=name, choices=choices, no_input=no_input, wrong_choice=wrong_choice, **values)


def _write_sequence(sequence: Sequence) -> dict[str, Any]:
    return {
        "steps": [{"kind": _STEP_NAMES[type(step)], **asdict(step)} for step in sequence.steps],
        "then": str(sequence.then),
    }


def _read_sequence(name: str, data: Mapping[str, Any]) -> Sequence:
    steps = [dict(step) for step in data["steps"]]
    return Sequence(name, tuple(_STEPS[step.pop("kind")](**step) for step in steps), AfterSequence(data["then"]))
