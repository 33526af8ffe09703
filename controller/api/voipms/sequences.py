"""Methods about sequences: what is done step by step when a choice of an IVR leads there.

Their parameters are those that clients send; the vendor's own description has neither answers nor limits.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.values import did_of, shown, within
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_menus import IVR, SEQUENCE
from controller.directory.snapshot import LicenseKey
from controller.ivr.model import DTMF_DIGITS
from controller.numbers import try_number

MOST_STEPS = 100
LONGEST_NAME = 100
LONGEST_STEPS = 100_000
LONGEST_TEXT = 160
DEEPEST_STEPS = 20

Step = dict[str, str]


@parameters
class SequenceFilter:
    """Which sequence; all without one. One client names it `sequence`, another `sequences`."""

    sequence: str = element("sequence", default="")
    sequences: str = element("sequences", default="")
    client: str = element("client", default="")


@structure("SequenceStep", NAMESPACE)
class SequenceStep:
    """One step: `rec` with the id of a recording, `dtmf` with codes, or `sms` with from, to and msg."""

    type: str = element("type")
    id: str | None = element("id", omit_null=True)
    codes: str | None = element("codes", omit_null=True)
    sender: str | None = element("from", omit_null=True)
    recipient: str | None = element("to", omit_null=True)
    message: str | None = element("msg", omit_null=True)


@structure("Sequence", NAMESPACE)
class SequenceInfo:
    """A sequence."""

    sequence: str = element("sequence")
    name: str = element("name")
    steps: tuple[SequenceStep, ...] = element("steps")


@structure("getSequencesOutput", NAMESPACE)
class SequencesAnswer:
    """Sequences."""

    sequences: tuple[SequenceInfo, ...] = element("sequences")


@parameters
class SetSequence:
    """A sequence; a new one where no number is given. steps: a list in JSON, or as Python writes one."""

    sequence: str = element("sequence", default="")
    name: str = element("name", default="")
    steps: str = element("steps", default="")
    client: str = element("client", default="")


@structure("setSequencesOutput", NAMESPACE)
class SequenceAnswer:
    """The number of a sequence."""

    sequence: int = element("sequence")


@parameters
class OneSequence:
    """One sequence."""

    sequence: str = element("sequence", default="")
    client: str = element("client", default="")


class SequenceMethods:
    """A change counts for calls at once, also for those that are on their way to the sequence's IVR."""

    def __init__(self, directory: CurrentDirectory, entries: Entries, recordings: RecordingEntries) -> None:
        self._directory = directory
        self._entries = entries
        self._recordings = recordings

    @operation("getSequences")
    async def sequences(self, request: SequenceFilter, caller: Caller) -> SequencesAnswer:
        """The account's sequences, or one of them."""
        wanted = request.sequence.strip() or request.sequences.strip()
        found = [self._entry(caller.account, wanted)] if wanted else self._entries.of(caller.account.name, SEQUENCE)
        if not found:
            raise Refused("no_sequences")
        return SequencesAnswer(sequences=tuple(map(_info, found)))

    @operation("setSequences")
    async def set_sequence(self, request: SetSequence, caller: Caller) -> SequenceAnswer:
        """Add a sequence, or change one."""
        key = caller.account
        entry = self._entry(key, request.sequence) if request.sequence.strip() else None
        name = within(LONGEST_NAME, required(request.name, "missing_name"), "name_toolong")
        steps = await self._steps(key, required(request.steps, "missing_steps"))
        same = self._entries.named(key.name, SEQUENCE, name)
        if same is not None and (entry is None or same.entry_id != entry.entry_id):
            raise Refused("used_name")
        content = {"name": name, "steps": steps}
        if entry is None:
            return SequenceAnswer(sequence=await self._entries.add(key.name, SEQUENCE, content))
        if not await self._entries.change(entry, content):
            raise Refused("invalid_sequence")
        return SequenceAnswer(sequence=entry.entry_id)

    @operation("delSequences")
    async def delete(self, request: OneSequence, caller: Caller) -> None:
        """Delete a sequence that no IVR leads to."""
        key = caller.account
        entry = self._entry(key, required(request.sequence, "missing_sequence"))
        for ivr in self._entries.of(key.name, IVR):
            if any(re.fullmatch(rf"seq(uences?)?:{entry.entry_id}", place) for _, place in ivr.content["choices"]):
                raise Refused("sequence_in_use_ivr", f"The IVR {ivr.name} leads to this sequence.")
        await self._entries.remove(entry)

    def _entry(self, key: LicenseKey, number: str) -> Entry:
        entry = self._entries.get(key.name, SEQUENCE, number)
        if entry is None:
            raise Refused("invalid_sequence")
        return entry

    async def _steps(self, key: LicenseKey, text: str) -> list[Step]:
        steps = read_steps(text)
        if not steps:
            raise Refused("missing_steps")
        if len(steps) > MOST_STEPS:
            raise Refused("invalid_steps", f"A sequence has at most {MOST_STEPS} steps.")
        return [await self._step(key, step, number) for number, step in enumerate(steps, 1)]

    async def _step(self, key: LicenseKey, step: dict[str, Any], number: int) -> Step:
        given = {name: str(value).strip() for name, value in step.items() if isinstance(value, str | int)}
        match given.get("type", "").lower():
            case "dtmf":
                codes = re.sub("[a-d]", lambda found: found[0].upper(), given.get("codes", "").replace(" ", ""))
                codes = codes.replace("W", "w").replace(",", "w")
                if DTMF_DIGITS.fullmatch(codes) is None:
                    raise Refused("invalid_steps", f"Step {number}: codes are 1 to 100 of 0-9, A-D, *, # and w.")
                return {"type": "dtmf", "codes": codes}
            case "rec" | "recording":
                entry = await self._recordings.find(key.name, given.get("id", ""))
                if entry is None:
                    raise Refused("invalid_recording", f"Step {number}: there is no such recording.")
                return {"type": "rec", "id": str(entry.entry_id)}
            case "sms":
                return self._text(key, given)
            case _:
                raise Refused("invalid_steps", f"Step {number}: the type is one of dtmf, rec and sms.")

    def _text(self, key: LicenseKey, given: dict[str, str]) -> Step:
        did = did_of(self._directory.snapshot, key, required(given.get("from", ""), "missing_did"))
        if did.sms is None or did.sms.name != key.name:
            raise Refused("invalid_did", "This number sends no texts.")
        recipient = try_number(given.get("to", ""))
        if recipient is None or not recipient.startswith("+1"):
            raise Refused("invalid_dst")
        message = given.get("msg", "")
        if not message:
            raise Refused("message_empty")
        if len(message) > LONGEST_TEXT:
            raise Refused("sms_toolong")
        return {"type": "sms", "from": did.number, "to": recipient, "msg": message}


def read_steps(text: str) -> list[dict[str, Any]]:
    """The steps in a text: a list of objects in JSON, or as Python's repr writes one, which one client sends. Refused.

    Only literals are read of the latter, and only where they are not nested so deeply that the parser would give up.
    """
    if len(text) > LONGEST_STEPS:
        raise Refused("invalid_steps", "The steps are too long.")
    try:
        steps = json.loads(text)
    except (ValueError, RecursionError):
        steps = _python_literal(text)
    if isinstance(steps, dict):
        steps = [steps]
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise Refused("invalid_steps", "The steps are no list of objects.")
    return steps


def _python_literal(text: str) -> Any:
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    refusal = Refused("invalid_steps", "The steps are neither JSON nor a Python literal.")
    if deepest > DEEPEST_STEPS or "\0" in text:
        raise refusal
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise refusal from None


def _info(entry: Entry) -> SequenceInfo:
    steps = tuple(
        SequenceStep(
            type=step["type"],
            id=step.get("id"),
            codes=step.get("codes"),
            sender=_number(step.get("from")),
            recipient=_number(step.get("to")),
            message=step.get("msg"),
        )
        for step in entry.content["steps"]
    )
    return SequenceInfo(sequence=str(entry.entry_id), name=entry.name, steps=steps)


def _number(e164: str | None) -> str | None:
    return shown(e164) if e164 else None
