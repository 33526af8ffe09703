"""Methods about IVRs: menus that answer numbers, with choices that lead to sequences and everything else."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import one_of, required
from controller.api.voipms.feature_lists import VOICEMAIL_SETUPS
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.reference import LANGUAGES
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import dids_of, whole, within
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_menus import IVR, NO_INPUT, WRONG_CHOICE
from controller.directory.snapshot import LicenseKey
from controller.ivr.model import CHOICE_KEYS

LONGEST_NAME = 100
MOST_CHOICES = 200


@parameters
class IvrFilter:
    """Which IVR; all without one."""

    ivr: str = element("ivr", default="")


@structure("IVR", NAMESPACE)
class IvrInfo:
    """An IVR: exactly what setIVR takes, for clients send it back as it is."""

    ivr: str = element("ivr")
    name: str = element("name")
    recording: str = element("recording")
    timeout: str = element("timeout")
    language: str = element("language")
    voicemailsetup: str = element("voicemailsetup")
    choices: str = element("choices")


@structure("getIVRsOutput", NAMESPACE)
class IvrsAnswer:
    """IVRs."""

    ivrs: tuple[IvrInfo, ...] = element("ivrs")


@parameters
class SetIvr:
    """An IVR; a new one where no number is given. choices: `digits=routing`, joined by semicolons."""

    ivr: str = element("ivr", default="")
    name: str = element("name", default="")
    recording: str = element("recording", default="")
    timeout: str = element("timeout", default="")
    language: str = element("language", default="")
    voicemailsetup: str = element("voicemailsetup", default="")
    choices: str = element("choices", default="")


@structure("setIVROutput", NAMESPACE)
class IvrAnswer:
    """The number of an IVR."""

    ivr: int = element("ivr")


class IvrMethods:
    """A change counts for the next call, and for calls that come to the IVR from another one of their number's."""

    def __init__(
        self, directory: CurrentDirectory, entries: Entries, recordings: RecordingEntries, checks: RoutingChecks
    ) -> None:
        self._directory = directory
        self._entries = entries
        self._recordings = recordings
        self._checks = checks

    @operation("getIVRs")
    async def ivrs(self, request: IvrFilter, caller: Caller) -> IvrsAnswer:
        """The account's IVRs, or one of them."""
        key = caller.account
        found = [self._entry(key, request.ivr)] if request.ivr.strip() else self._entries.of(key.name, IVR)
        if not found:
            raise Refused("no_ivr")
        return IvrsAnswer(ivrs=tuple(map(_info, found)))

    @operation("setIVR")
    async def set_ivr(self, request: SetIvr, caller: Caller) -> IvrAnswer:
        """Add an IVR, or change one."""
        key = caller.account
        entry = self._entry(key, request.ivr) if request.ivr.strip() else None
        name = within(LONGEST_NAME, required(request.name, "missing_name"), "name_toolong")
        recording = await self._recordings.find(key.name, required(request.recording, "missing_recording"))
        if recording is None:
            raise Refused("invalid_recording")
        languages = tuple(code for code, _ in LANGUAGES)
        setups = tuple(code for code, _ in VOICEMAIL_SETUPS)
        content = {
            "name": name,
            "recording": str(recording.entry_id),
            "timeout": whole(required(request.timeout, "missing_timeout"), 1, 60, "invalid_timeout"),
            "language": one_of(languages, required(request.language, "missing_language").lower(), "invalid_language"),
            "voicemailsetup": one_of(
                setups, required(request.voicemailsetup, "missing_voicemailsetup"), "invalid_voicemailsetup"
            ),
            "choices": self._choices(key, required(request.choices, "missing_choices"), entry),
        }
        same = self._entries.named(key.name, IVR, name)
        if same is not None and (entry is None or same.entry_id != entry.entry_id):
            raise Refused("used_name")
        if entry is None:
            return IvrAnswer(ivr=await self._entries.add(key.name, IVR, content))
        if not await self._entries.change(entry, content):
            raise Refused("invalid_ivr")
        return IvrAnswer(ivr=entry.entry_id)

    @operation("delIVR")
    async def delete(self, request: IvrFilter, caller: Caller) -> None:
        """Delete an IVR that nothing leads to."""
        key = caller.account
        entry = self._entry(key, required(request.ivr, "missing_ivr"))
        place = f"ivr:{entry.entry_id}"
        if any(did.settings.routing == place for did in dids_of(self._directory.snapshot, key)):
            raise Refused("ivr_in_use_did", "A number is routed to this IVR.")
        for other in self._entries.of(key.name, IVR):
            if other.entry_id != entry.entry_id and any(routing == place for _, routing in other.content["choices"]):
                raise Refused("ivr_in_use_ivr", f"The IVR {other.name} leads to this one.")
        await self._entries.remove(entry)

    def _entry(self, key: LicenseKey, number: str) -> Entry:
        entry = self._entries.get(key.name, IVR, number)
        if entry is None:
            raise Refused("invalid_ivr")
        return entry

    def _choices(self, key: LicenseKey, text: str, entry: Entry | None) -> list[tuple[str, str]]:
        """The choices of a text, in their order, each of which leads somewhere. Refused."""
        choices: dict[str, str] = {}
        own = f"ivr:{entry.entry_id}" if entry else ""
        for part in filter(None, (part.strip() for part in text.split(";"))):
            digits, equals, routing = (piece.strip() for piece in part.partition("="))
            if not equals or digits in choices or not _is_choice(digits):
                raise Refused("invalid_choices", "Choices are digits=routing, joined by semicolons, each digit once.")
            choices[digits] = routing if own and routing == own else self._checks.choice(key, routing)
        if not choices or len(choices) > MOST_CHOICES:
            raise Refused("missing_choices" if not choices else "invalid_choices")
        return list(choices.items())


def _is_choice(digits: str) -> bool:
    """Whether a choice is made so: by digits, or as Asterisk calls no digit (t) and a wrong one (i)."""
    return digits in (NO_INPUT, WRONG_CHOICE) or CHOICE_KEYS.fullmatch(digits) is not None


def _info(entry: Entry) -> IvrInfo:
    content = entry.content
    return IvrInfo(
        ivr=str(entry.entry_id),
        name=entry.name,
        recording=content["recording"],
        timeout=str(content["timeout"]),
        language=content["language"],
        voicemailsetup=content["voicemailsetup"],
        choices=";".join(f"{digits}={routing}" for digits, routing in content["choices"]),
    )
