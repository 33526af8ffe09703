"""Programs and the texts that they are compiled from: scripts, and IVRs and routings with all that callers come to.

A live call is stored with the text of its program, so that whoever takes the call over can compile it again. A script's
text is the script. That of an IVR or a routing is a line that no script begins with, and a JSON document of the IVRs,
sequences, scripts and other places that it leads to. A message's text begins with such a line too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from controller.errors import DestinationInvalid, StateInvalid
from controller.ivr.message import MESSAGE_HEADER, read_message
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
from controller.ivr.place_translation import callback_as_disa
from controller.ivr.places import Callback, destinations_of, place_as_data, place_of_data
from controller.ivr.translation import Catalogue, translate
from controller.script.parser import parse
from controller.script.program import Program

# A script cannot begin so by accident, and doors that take scripts refuse one that does (`is_compiled_source`).
HEADER = "#!ringpost-ivr 1\n"
# The root of every number's routing: numbers that are routed alike run one program.
OF_A_NUMBER = Destination(DestinationKind.DID, "number")

_STEPS: dict[str, type[Step]] = {"dtmf": DtmfStep, "recording": RecordingStep, "sms": TextStep}
_STEP_NAMES = {kind: name for name, kind in _STEPS.items()}


def is_compiled_source(source: str) -> bool:
    """Whether a text is that of an IVR or a message: what a customer writes as a script must not be."""
    return source.startswith((HEADER, MESSAGE_HEADER))


def compile_source(source: str) -> Program:
    """The program of a text: of a script, of what `compile_place` wrote, or of what `compile_message` did.

    A script never raises. StateInvalid for any other text that is damaged.
    """
    if source.startswith(MESSAGE_HEADER):
        return read_message(source)
    if not source.startswith(HEADER):
        return parse(source)
    try:
        document = json.loads(source.removeprefix(HEADER))
        root = Destination(DestinationKind.IVR, document["ivr"]) if "ivr" in document else _read(document["root"])
        catalogue = Catalogue(
            {name: _read_ivr(name, data) for name, data in document["ivrs"].items()},
            {name: _read_sequence(name, data) for name, data in document["sequences"].items()},
            document["scripts"],
            {_read(name): place_of_data(_read(name).kind, data) for name, data in document.get("places", {}).items()},
        )
        return translate(root, catalogue, source=source, compiled=partial(_text_of_callback, catalogue))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, DestinationInvalid) as error:
        raise StateInvalid("The stored program of this IVR cannot be read back.") from error


def compile_ivr(
    name: str, ivrs: Mapping[str, Ivr], sequences: Mapping[str, Sequence], scripts: Mapping[str, str]
) -> Program:
    """The program of the IVR `name`, with the text from which `compile_source` makes it again.

    scripts: the text of each script by the name that destinations give it. DestinationInvalid when something that
    callers can come to is not there.
    """
    return compile_place(Destination(DestinationKind.IVR, name), Catalogue(ivrs, sequences, scripts))


def compile_place(root: Destination, catalogue: Catalogue) -> Program:
    """The program of what callers come to at `root`: an IVR, a number with a routing (`did:`), or any other place.

    DestinationInvalid when something that callers can come to is not there.
    """
    return translate(root, catalogue, source=_source(root, catalogue), compiled=partial(_text_of_callback, catalogue))


def _text_of_callback(catalogue: Catalogue, destination: Destination) -> str:
    """The text of the program that runs when somebody was called back."""
    callback = catalogue.places[destination]
    if not isinstance(callback, Callback):
        raise DestinationInvalid(f"{destination} calls nobody back")
    root = Destination(DestinationKind.DISA, destination.target)
    return _source(root, Catalogue(places={root: callback_as_disa(callback)}))


def _source(root: Destination, catalogue: Catalogue) -> str:
    """The canonical text of a program: the same for the same behaviour."""
    document: dict[str, Any] = {"ivrs": {}, "sequences": {}, "scripts": {}}
    document |= {"ivr": root.target} if root.kind is DestinationKind.IVR else {"root": str(root), "places": {}}
    waiting = [root]
    while waiting:
        place = waiting.pop()
        if place.kind is DestinationKind.IVR and place.target in catalogue.ivrs:
            if place.target not in document["ivrs"]:
                ivr = catalogue.ivrs[place.target]
                document["ivrs"][ivr.name] = _write_ivr(ivr)
                waiting += ivr.destinations
        elif place.kind is DestinationKind.SEQUENCE and place.target in catalogue.sequences:
            document["sequences"][place.target] = _write_sequence(catalogue.sequences[place.target])
        elif place.kind is DestinationKind.SCRIPT and place.target in catalogue.scripts:
            document["scripts"][place.target] = catalogue.scripts[place.target]
        # The routing of another number is its own business: who is led there calls it.
        elif place in catalogue.places and (place == root or place.kind is not DestinationKind.DID):
            places = document.setdefault("places", {})
            if str(place) not in places:
                places[str(place)] = place_as_data(place.kind, catalogue.places[place])
                waiting += destinations_of(catalogue.places[place])
    return HEADER + json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _read(text: str) -> Destination:
    return OF_A_NUMBER if text == str(OF_A_NUMBER) else Destination.parse(text)


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
