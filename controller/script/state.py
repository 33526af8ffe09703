"""State: everything that a running script knows, so that whoever holds it can go on with the call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, get_args

from controller.errors import StateInvalid
from controller.script.effects import Effect, JoinConference, ListenForSilence, Play, Prompt
from controller.script.voice_ids import FULL_VOLUME, NORMAL_RATE

VERSION = 1
# Of the compilers that cut a text into steps (`script.parser`, `ivr.translation`, `script.frame`). A position means the
# same step as long as this stays; it rises with every release that cuts a text differently than the one before. What a
# call in progress cannot be resumed at, it is not resumed at: see `ProgramCutAnew`.
COMPILER = 1

# What the call itself puts among the variables; the rest was set by the script.
SYSTEM_VARIABLES = frozenset(
    {
        "phonenumber",
        "queueid",
        "callerid",
        "calleridname",
        "calleridwithheld",
        "extension",
        "machinedetection",
        "digitsdialed",
        "incoming",
        "incallringcount",
        "lastrecordlength",
        "transfercallerid",
        "transfercalleridname",
    }
)
TRANSFER_LABEL = "~transfer"
OPERATORS_TRANSFER_LABEL = "~transfer by the operator"
INCOMING_START = 0
OUTGOING_START = -3
DIAL_EXTENSION = -5


class ProgramCutAnew(StateInvalid):
    """This release cuts the call's program into other steps than the release that the call began with."""

    error_id = "program-cut-anew"


@dataclass(slots=True)
class State:
    """A running script: its position, variables, bindings, switches, the digits heard, and the effect under way.

    position: index of the next command (`frame` has those below 0); current: of the one whose effect is under way.
    bindings: label by digit. digits_dialled: all digits of the call. typed_ahead: those that nothing has taken yet.
    collected: digits of the input under way. jump: the label where the call goes when the effect under way is over.
    menu_failures: how often the IVR that the caller is in was left without a choice that it has.
    queries: how often a server was asked.
    speech_rate: 0 (half as fast) to 20 (twice as fast), 10 is normal. speech_volume: 0 to 100.
    key_seed: what keys of conferences and ids of recordings are made from; different for each call.
    texts_sent: how many texts the call was asked to queue, the one under way included: which of them that is.
    recordings_made: the same of recordings.
    asked_transfer: where an operator has the call transferred, while that is done.
    rounds: how often the place that the caller is in has asked again. waited: seconds since the caller came there.
    """

    incoming: bool = True
    position: int = INCOMING_START
    current: int = INCOMING_START
    variables: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    act_on_digit: bool = True
    act_on_feature: bool = True
    digits_dialled: str = ""
    typed_ahead: str = ""
    collected: str = ""
    status_post_url: str = ""
    debug_email: str = ""
    error_email: str = ""
    sound_pausing: bool = False
    voice: int = 0
    speech_rate: int = NORMAL_RATE
    speech_volume: int = FULL_VOLUME
    machine_detection: str = ""
    detections: list[str] = field(default_factory=list)
    transfer_number: str = ""
    pending: Effect | None = None
    jump: str = ""
    stopping: bool = False
    return_to: int = 0
    after_greeting: str = ""
    timeless_steps: int = 0
    menu_failures: int = 0
    queries: int = 0
    key_seed: str = ""
    keys_made: int = 0
    texts_sent: int = 0
    recordings_made: int = 0
    asked_transfer: str = ""
    rounds: int = 0
    waited: float = 0.0

    @classmethod
    def for_incoming(
        cls,
        *,
        phonenumber: str = "",
        callerid: str = "",
        key_seed: str = "",
        voice: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> State:
        """The start of a call that came in: the number called and the caller's, as the script shall see them."""
        known = {"phonenumber": phonenumber, "callerid": callerid, "queueid": "0", "incoming": "true"}
        return cls(
            variables=_named(known, variables),
            bindings={"1": "start"},
            voice=voice,
            key_seed=key_seed,
        )

    @classmethod
    def for_outgoing(
        cls,
        *,
        phonenumber: str = "",
        callerid: str = "",
        calleridname: str = "",
        queueid: str = "",
        extension: str = "",
        transfer_number: str = "",
        key_seed: str = "",
        voice: int = 0,
        speech_rate: int = NORMAL_RATE,
        speech_volume: int = FULL_VOLUME,
        variables: Mapping[str, str] | None = None,
    ) -> State:
        """The start of a call that was placed. With a transfer number (E.164), pressing 0 transfers the call there."""
        known = {
            "phonenumber": phonenumber,
            "callerid": callerid,
            "calleridname": calleridname,
            "queueid": queueid,
        }
        if extension:
            known["extension"] = extension
        return cls(
            incoming=False,
            position=DIAL_EXTENSION if extension else OUTGOING_START,
            current=DIAL_EXTENSION if extension else OUTGOING_START,
            variables=_named(known, variables),
            bindings={"1": "start", "0": TRANSFER_LABEL} if transfer_number else {"1": "start"},
            transfer_number=transfer_number,
            voice=voice,
            speech_rate=speech_rate,
            speech_volume=speech_volume,
            key_seed=key_seed,
        )

    @property
    def script_variables(self) -> dict[str, str]:
        """The variables that the script has set, without those that the call has of itself."""
        return {name: value for name, value in self.variables.items() if name not in SYSTEM_VARIABLES}

    def to_json(self) -> dict[str, Any]:
        """The state as a value that `json.dumps` takes."""
        data: dict[str, Any] = {"version": VERSION, "compiler": COMPILER}
        for name in _FIELDS:
            data[name] = getattr(self, name)
        data["variables"] = dict(self.variables)
        data["bindings"] = dict(self.bindings)
        data["detections"] = list(self.detections)
        data["pending"] = None if self.pending is None else _to_json(self.pending)
        return data

    @classmethod
    def from_json(cls, data: str | bytes | Mapping[str, Any]) -> State:
        """Read what `to_json` gave, or its JSON text. StateInvalid; ProgramCutAnew for one of another compiler."""
        try:
            given = json.loads(data) if isinstance(data, (str, bytes)) else dict(data)
            if given.pop("version") != VERSION:
                raise StateInvalid("The stored state of this call is of another version.")
            compiler, pending = given.pop("compiler", 1), given.pop("pending")
            # A script that has not begun begins in any release.
            if compiler != COMPILER and pending is not None:
                raise ProgramCutAnew
            state = cls(**given)
            for name, kind in _TYPES.items():
                if type(getattr(state, name)) is not kind:
                    raise StateInvalid(f"The stored state of this call has no proper {name}.")
            state.pending = None if pending is None else _from_json(pending)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StateInvalid from error
        return state

    @classmethod
    def salvaged(cls, data: Mapping[str, Any]) -> State:
        """What can be told of a call whose state cannot be read to go on with it: each field that is what it should be.

        Nothing can be resumed with it.
        """
        kept = {name: data[name] for name, kind in _TYPES.items() if type(data.get(name)) is kind}
        for name in ("variables", "bindings"):
            kept[name] = {key: value for key, value in kept.get(name, {}).items() if isinstance(value, str)}
        return cls(**kept)


_FIELDS = tuple(each.name for each in fields(State))
_TYPES = {name: type(value) for name, value in asdict(State()).items() if name != "pending"}
# Calls in progress are stored under these names: a class that is renamed keeps its own.
_STORED_NAMES: dict[type[Any], str] = {
    **{effect: effect.__name__ for effect in (*get_args(Effect), *get_args(Prompt))},
    JoinConference: "Conference",
    ListenForSilence: "WaitForSilence",
}
# Asked of a class each time, they would cost more than all the rest of a state.
_FIELDS_OF = {kind: tuple(each.name for each in fields(kind)) for kind in _STORED_NAMES}
_EFFECTS = {name: effect for effect, name in _STORED_NAMES.items()}


def _named(known: dict[str, str], variables: Mapping[str, str] | None) -> dict[str, str]:
    return known | {name.lower(): str(value)[:500] for name, value in (variables or {}).items()}


def _to_json(value: Effect | Prompt) -> dict[str, Any]:
    data: dict[str, Any] = {"type": _STORED_NAMES[type(value)]}
    for name in _FIELDS_OF[type(value)]:
        item = getattr(value, name)
        data[name] = list(map(_item_to_json, item)) if isinstance(item, tuple) else item
    return data


def _item_to_json(item: Prompt | str) -> dict[str, Any] | str:
    return item if isinstance(item, str) else _to_json(item)


def _from_json(data: dict[str, Any]) -> Any:
    values = dict(data)
    effect = _EFFECTS[values.pop("type")]
    if effect is Play:
        values["prompts"] = tuple(_from_json(prompt) for prompt in values["prompts"])
    elif "others" in values:
        values["others"] = tuple(map(str, values["others"]))
    made = effect(**values)
    assert is_dataclass(made)
    return made
