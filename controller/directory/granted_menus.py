"""IVRs and sequences that customers made, as values: merged with what the YAML states, and compiled for the numbers.

An entry is called by its number. What it leads to and is not there any more is a notice that there is no service.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from controller.directory.did_settings import DidSettings
from controller.directory.entries import EntriesByKind, Entry
from controller.directory.granted_places import (
    ALL_NUMBERS,
    Where,
    destination_of,
    destinations_of_key,
    filters_of,
    places_of,
)
from controller.errors import DestinationInvalid
from controller.ivr.caller_filters import CallerFilter
from controller.ivr.compiled import OF_A_NUMBER, compile_place
from controller.ivr.model import (
    HANG_UP,
    Choice,
    Destination,
    DestinationKind,
    DtmfStep,
    Failovers,
    Ivr,
    RecordingStep,
    Sequence,
    Step,
    TextStep,
)
from controller.ivr.places import KINDS, NumberRouting, Place
from controller.ivr.translation import Catalogue
from controller.script.program import Program

log = structlog.get_logger()

IVR, SEQUENCE, RECORDING = "ivr", "sequence", "recording"
# Asterisk's extensions for a caller who presses nothing, and one who presses what is no choice.
NO_INPUT, WRONG_CHOICE = "t", "i"
NO_SERVICE = Destination(DestinationKind.SYSTEM, "noservice")
NO_SOUND = "no-such-recording"
# Kinds of destination that name something that a customer made; numbers, phones and the system's own are there anyway.
_NAMED = frozenset({DestinationKind.IVR, DestinationKind.SEQUENCE, *KINDS} - {DestinationKind.DID})


@dataclass(frozen=True, slots=True)
class KeyMenus:
    """What one customer made. recordings: the sound ids by the numbers of recordings. filters: of callers, each with
    the number that it is about, or `all`. existing: every place that can be named.
    """

    ivrs: Mapping[str, Ivr] = field(default_factory=dict)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    recordings: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Destination, Place] = field(default_factory=dict)
    filters: tuple[tuple[str, CallerFilter], ...] = ()
    existing: frozenset[Destination] = frozenset()

    def routing_of(self, number: str, settings: DidSettings) -> NumberRouting | None:
        """What becomes of the calls to a number (E.164); None where its routing leads nowhere."""
        where = partial(_where, self.existing, self.recordings)
        routing = where(settings.routing)
        if routing is None:
            return None
        failovers = Failovers(
            where(settings.failover_busy), where(settings.failover_unreachable), where(settings.failover_noanswer)
        )
        filters = tuple(each for about, each in self.filters if about in (ALL_NUMBERS, number))
        return NumberRouting(routing, failovers, filters)

    def program(self, routing: NumberRouting) -> Program | None:
        """The program of a routing; None when something that it leads to cannot be."""
        catalogue = Catalogue(self.ivrs, self.sequences, {}, {**self.places, OF_A_NUMBER: routing})
        try:
            return compile_place(OF_A_NUMBER, catalogue)
        except DestinationInvalid as error:
            log.warning("a routing leads nowhere", reason=str(error))
            return None


def menus_of(entries: EntriesByKind, license_key: str, zone: str = "UTC") -> KeyMenus:
    """What a customer made. zone: of its time conditions."""
    recordings = {
        str(entry.entry_id): str(entry.content["sound_id"])
        for entry in entries.get((license_key, RECORDING), {}).values()
    }
    sequences = {
        str(number): Sequence(str(number), tuple(step_of(step, recordings) for step in entry.content["steps"]))
        for number, entry in entries.get((license_key, SEQUENCE), {}).items()
    }
    of_key = entries.get((license_key, IVR), {})
    existing = destinations_of_key(entries, license_key)
    existing |= {Destination(DestinationKind.IVR, str(number)) for number in of_key}
    existing |= {Destination(DestinationKind.SEQUENCE, name) for name in sequences}
    where = partial(_where, existing, recordings)
    ivrs = {str(entry.entry_id): _ivr(entry, where, recordings) for entry in of_key.values()}
    places = places_of(entries, license_key, where, recordings, zone)
    filters = tuple(filters_of(entries, license_key, where))
    return KeyMenus(ivrs, sequences, recordings, places, filters, frozenset(existing))


def _where(existing: Set[Destination], recordings: Mapping[str, str], routing: str) -> Destination | None:
    """Where a stored routing leads. What is not there any more is a notice that there is no service."""
    destination = destination_of(routing)
    if destination is None:
        return None
    if destination.kind is DestinationKind.RECORDING:
        return Destination(DestinationKind.RECORDING, recordings.get(destination.target, NO_SOUND))
    named = destination.kind in _NAMED and not destination.is_number
    return NO_SERVICE if named and destination not in existing else destination


def step_of(step: Mapping[str, Any], recordings: Mapping[str, str]) -> Step:
    """A step of a sequence, as it is stored."""
    match step["type"]:
        case "dtmf":
            return DtmfStep(step["codes"])
        case "rec":
            return RecordingStep(recordings.get(step["id"], NO_SOUND))
        case _:
            return TextStep(step["from"], step["to"], step["msg"])


def _ivr(entry: Entry, where: Where, recordings: Mapping[str, str]) -> Ivr:
    content = entry.content
    choices = [(digits, where(routing) or NO_SERVICE) for digits, routing in content["choices"]]
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
