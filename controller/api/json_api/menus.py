"""Sequences and IVRs over the JSON interface: the same that the console and the VoIP.ms interface make."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import as_problems, not_found
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.voipms.ivrs import MOST_CHOICES, IvrFilter, IvrMethods, SetIvr
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.sequences import MOST_STEPS, OneSequence, SequenceMethods, SetSequence
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_menus import IVR, SEQUENCE
from controller.directory.key_sounds import KeySounds

LONGEST_NAME = 100
EntryId = Annotated[int, Field(ge=1, le=10**11 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
_PLACE = "Such as ivr:3, seq:2, recording:1, account:NAME, fwd:12015550101 or sys:hangup."


class NothingAsked(Asked):
    """No parameters."""


class OneSequenceAsked(Asked):
    """A sequence by its number."""

    sequence_id: EntryId


class SequenceStep(Asked):
    """A step: dtmf with codes, rec with the number of a recording, or sms with sender, recipient and message."""

    type: Literal["dtmf", "rec", "sms"]
    codes: Annotated[str, Field(max_length=200)] = ""
    recording_id: Annotated[int, Field(ge=0, le=10**11 - 1)] = 0
    sender: Annotated[str, Field(max_length=40)] = ""
    recipient: Annotated[str, Field(max_length=40)] = ""
    message: Annotated[str, Field(max_length=160)] = ""


class SequenceAsked(Asked):
    """A sequence as it shall be."""

    name: Name
    steps: Annotated[tuple[SequenceStep, ...], Field(min_length=1, max_length=MOST_STEPS)]


class SequenceChange(SequenceAsked):
    """A sequence that there is, as it shall be."""

    sequence_id: EntryId


class Sequence(Told):
    """A sequence."""

    sequence_id: int
    name: str
    steps: tuple[SequenceStep, ...]


class Sequences(Told):
    """Sequences, the oldest first."""

    sequences: tuple[Sequence, ...]


class SequenceKept(Told):
    """The number of the sequence."""

    sequence_id: int


class OneIvrAsked(Asked):
    """An IVR by its number."""

    ivr_id: EntryId


class IvrChoice(Asked):
    """Where keys lead. keys: digits, `t` for none pressed, `i` for a wrong one."""

    # An IVR is kept by the same rules as over VoIP.ms, where choices are one text: keys=place;keys=place.
    keys: Annotated[str, Field(max_length=10, pattern=r"^[^;=]+$")]
    place: Annotated[str, Field(max_length=200, pattern=r"^[^;]+$", description=_PLACE)]


class IvrAsked(Asked):
    """An IVR as it shall be. timeout: seconds to wait for a key. language: of notices."""

    name: Name
    recording_id: EntryId
    timeout: Annotated[int, Field(ge=1, le=60)] = 5
    language: Annotated[str, Field(max_length=10)] = "en"
    choices: Annotated[tuple[IvrChoice, ...], Field(min_length=1, max_length=MOST_CHOICES)]


class IvrChange(IvrAsked):
    """An IVR that there is, as it shall be."""

    ivr_id: EntryId


class Ivr(Told):
    """An IVR."""

    ivr_id: int
    name: str
    recording_id: int
    timeout: int
    language: str
    choices: tuple[IvrChoice, ...]


class Ivrs(Told):
    """IVRs, the oldest first."""

    ivrs: tuple[Ivr, ...]


class IvrKept(Told):
    """The number of the IVR."""

    ivr_id: int


class MenuOperations:
    """Operations on sequences and IVRs. A change counts from the next call on."""

    def __init__(self, directory: CurrentDirectory, entries: Entries, sounds: KeySounds) -> None:
        self._entries = entries
        recordings = RecordingEntries(entries, sounds)
        self._sequences = SequenceMethods(directory, entries, recordings)
        self._ivrs = IvrMethods(directory, entries, recordings, RoutingChecks(directory, entries))

    @api_operation("GET", "/sequences", Scope.MENUS_READ)
    async def list_sequences(self, asked: NothingAsked, bearer: TokenBearer) -> Sequences:  # noqa: ARG002
        """The sequences of the key."""
        return Sequences(sequences=tuple(map(_sequence, self._entries.of(bearer.key.name, SEQUENCE))))

    @api_operation("GET", "/sequences/{sequence_id}", Scope.MENUS_READ)
    async def show_sequence(self, asked: OneSequenceAsked, bearer: TokenBearer) -> Sequence:
        """One sequence."""
        return _sequence(self._entry(bearer, SEQUENCE, asked.sequence_id))

    @api_operation("POST", "/sequences", Scope.MENUS_WRITE, status=201, audited=True)
    async def add_sequence(self, asked: SequenceAsked, bearer: TokenBearer) -> SequenceKept:
        """Make a sequence."""
        return await self._keep_sequence("", asked, bearer)

    @api_operation("POST", "/sequences/{sequence_id}", Scope.MENUS_WRITE, audited=True)
    async def change_sequence(self, asked: SequenceChange, bearer: TokenBearer) -> SequenceKept:
        """Replace what a sequence does."""
        self._entry(bearer, SEQUENCE, asked.sequence_id)
        return await self._keep_sequence(str(asked.sequence_id), asked, bearer)

    @api_operation("POST", "/sequences/{sequence_id}/delete", Scope.MENUS_WRITE, audited=True)
    async def delete_sequence(self, asked: OneSequenceAsked, bearer: TokenBearer) -> SequenceKept:
        """Delete a sequence that no IVR leads to."""
        self._entry(bearer, SEQUENCE, asked.sequence_id)
        with as_problems():
            await self._sequences.delete(OneSequence(sequence=str(asked.sequence_id)), bearer.caller)
        return SequenceKept(sequence_id=asked.sequence_id)

    async def _keep_sequence(self, number: str, asked: SequenceAsked, bearer: TokenBearer) -> SequenceKept:
        steps = json.dumps([_stored(step) for step in asked.steps])
        with as_problems():
            wanted = SetSequence(sequence=number, name=asked.name, steps=steps)
            answer = await self._sequences.set_sequence(wanted, bearer.caller)
        return SequenceKept(sequence_id=answer.sequence)

    @api_operation("GET", "/ivrs", Scope.MENUS_READ)
    async def list_ivrs(self, asked: NothingAsked, bearer: TokenBearer) -> Ivrs:  # noqa: ARG002
        """The IVRs of the key."""
        return Ivrs(ivrs=tuple(map(_ivr, self._entries.of(bearer.key.name, IVR))))

    @api_operation("GET", "/ivrs/{ivr_id}", Scope.MENUS_READ)
    async def show_ivr(self, asked: OneIvrAsked, bearer: TokenBearer) -> Ivr:
        """One IVR."""
        return _ivr(self._entry(bearer, IVR, asked.ivr_id))

    @api_operation("POST", "/ivrs", Scope.MENUS_WRITE, status=201, audited=True)
    async def add_ivr(self, asked: IvrAsked, bearer: TokenBearer) -> IvrKept:
        """Make an IVR."""
        return await self._keep_ivr("", asked, bearer)

    @api_operation("POST", "/ivrs/{ivr_id}", Scope.MENUS_WRITE, audited=True)
    async def change_ivr(self, asked: IvrChange, bearer: TokenBearer) -> IvrKept:
        """Replace what an IVR does."""
        self._entry(bearer, IVR, asked.ivr_id)
        return await self._keep_ivr(str(asked.ivr_id), asked, bearer)

    @api_operation("POST", "/ivrs/{ivr_id}/delete", Scope.MENUS_WRITE, audited=True)
    async def delete_ivr(self, asked: OneIvrAsked, bearer: TokenBearer) -> IvrKept:
        """Delete an IVR that nothing leads to."""
        self._entry(bearer, IVR, asked.ivr_id)
        with as_problems():
            await self._ivrs.delete(IvrFilter(ivr=str(asked.ivr_id)), bearer.caller)
        return IvrKept(ivr_id=asked.ivr_id)

    async def _keep_ivr(self, number: str, asked: IvrAsked, bearer: TokenBearer) -> IvrKept:
        choices = ";".join(f"{each.keys}={each.place}" for each in asked.choices)
        wanted = SetIvr(
            ivr=number,
            name=asked.name,
            recording=str(asked.recording_id),
            timeout=str(asked.timeout),
            language=asked.language,
            voicemailsetup="1",
            choices=choices,
        )
        with as_problems():
            answer = await self._ivrs.set_ivr(wanted, bearer.caller)
        return IvrKept(ivr_id=answer.ivr)

    def _entry(self, bearer: TokenBearer, kind: str, number: int) -> Entry:
        entry = self._entries.get(bearer.key.name, kind, number)
        if entry is None:
            raise not_found("IVR" if kind == IVR else kind)
        return entry


def _stored(step: SequenceStep) -> dict[str, str]:
    """A step as sequences are stored."""
    match step.type:
        case "dtmf":
            return {"type": "dtmf", "codes": step.codes}
        case "rec":
            return {"type": "rec", "id": str(step.recording_id)}
        case _:
            return {"type": "sms", "from": step.sender, "to": step.recipient, "msg": step.message}


def _sequence(entry: Entry) -> Sequence:
    steps = tuple(
        SequenceStep(
            type=step["type"],
            codes=step.get("codes", ""),
            recording_id=int(step.get("id") or 0),
            sender=step.get("from", ""),
            recipient=step.get("to", ""),
            message=step.get("msg", ""),
        )
        for step in entry.content["steps"]
    )
    return Sequence(sequence_id=entry.entry_id, name=entry.name, steps=steps)


def _ivr(entry: Entry) -> Ivr:
    content = entry.content
    return Ivr(
        ivr_id=entry.entry_id,
        name=entry.name,
        recording_id=int(content["recording"]),
        timeout=int(content["timeout"]),
        language=str(content["language"]),
        choices=tuple(IvrChoice(keys=keys, place=place) for keys, place in content["choices"]),
    )
