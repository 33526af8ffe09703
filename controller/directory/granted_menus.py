"""IVRs and sequences that customers made, as values: merged with what the YAML states, and compiled for the numbers.

An entry is called by its number. What it leads to and is not there any more is a notice that there is no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.directory.entries import EntriesByKind, Entry
from controller.directory.routing import Routing
from controller.errors import DestinationInvalid, RoutingInvalid
from controller.ivr.compiled import compile_ivr
from controller.ivr.model import (
    HANG_UP,
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
from controller.script.program import Program

IVR, SEQUENCE, RECORDING = "ivr", "sequence", "recording"
# Asterisk's extensions for a caller who presses nothing, and one who presses what is no choice.
NO_INPUT, WRONG_CHOICE = "t", "i"
NO_SERVICE = Destination(DestinationKind.SYSTEM, "noservice")
NO_SOUND = "no-such-recording"


@dataclass(frozen=True, slots=True)
class KeyMenus:
    """What one customer made. recordings: the sound ids by the numbers of recordings."""

    ivrs: Mapping[str, Ivr] = field(default_factory=dict)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    recordings: Mapping[str, str] = field(default_factory=dict)

    def program(self, routing: str) -> Program | None:
        """The program of a routing to an IVR; None for another one, and for an IVR that is not there."""
        destination = destination_of(routing)
        if destination is None or destination.kind is not DestinationKind.IVR:
            return None
        try:
            return compile_ivr(destination.target, self.ivrs, self.sequences, {})
        except DestinationInvalid:
            return None


def menus_of(entries: EntriesByKind, license_key: str) -> KeyMenus:
    """What a customer made."""
    recordings = {
        str(entry.entry_id): str(entry.content["sound_id"])
        for entry in entries.get((license_key, RECORDING), {}).values()
    }
    sequences = {
        str(number): Sequence(str(number), tuple(step_of(step, recordings) for step in entry.content["steps"]))
        for number, entry in entries.get((license_key, SEQUENCE), {}).items()
    }
    of_key = entries.get((license_key, IVR), {})
    names = {str(number) for number in of_key}
    ivrs = {str(entry.entry_id): _ivr(entry, names, sequences, recordings) for entry in of_key.values()}
    return KeyMenus(ivrs, sequences, recordings)


def step_of(step: Mapping[str, Any], recordings: Mapping[str, str]) -> Step:
    """A step of a sequence, as it is stored."""
    match step["type"]:
        case "dtmf":
            return DtmfStep(step["codes"])
        case "rec":
            return RecordingStep(recordings.get(step["id"], NO_SOUND))
        case _:
            return TextStep(step["from"], step["to"], step["msg"])


def _ivr(entry: Entry, ivrs: set[str], sequences: Mapping[str, Sequence], recordings: Mapping[str, str]) -> Ivr:
    content = entry.content
    choices = []
    for digits, routing in content["choices"]:
        destination = destination_of(routing)
        if destination is not None and destination.kind is DestinationKind.RECORDING:
            destination = Destination(DestinationKind.RECORDING, recordings.get(destination.target, NO_SOUND))
        known = {DestinationKind.IVR: ivrs, DestinationKind.SEQUENCE: sequences}.get(
            destination.kind if destination else DestinationKind.SYSTEM
        )
        if destination is None or (known is not None and destination.target not in known):
            destination = NO_SERVICE
        choices.append((digits, destination))
    ends = {digits: destination for digits, destination in choices if digits in (NO_INPUT, WRONG_CHOICE)}
    return Ivr(
        name=str(entry.entry_id),
        recording=recordings.get(content["recording"], NO_SOUND),
        text=None,
        choices=tuple(Choice(digits, destination) for digits, destination in choices if digits not in ends),
        timeout=float(content["timeout"]),
        language=content["language"],
        no_input=ends.get(NO_INPUT, HANG_UP),
        wrong_choice=ends.get(WRONG_CHOICE, HANG_UP),
    )


def destination_of(routing: str) -> Destination | None:
    """Where a stored routing leads; None for nowhere."""
    try:
        return Routing.parse(routing, "failover").destination()
    except RoutingInvalid:
        return None
