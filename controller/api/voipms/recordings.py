"""Methods about recordings: the sounds of a licence key, under the numbers that this interface gives them."""

from __future__ import annotations

import base64
import binascii
import json
import re

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.values import dids_of
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_menus import IVR, RECORDING, SEQUENCE
from controller.directory.granted_places import CALLER_FILTER, QUEUE, TIME_CONDITION
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.errors import AudioInvalid, SoundRefused, SpeechError, StoreRefused

LARGEST_FILE = 10 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
# The fields of entries that hold the number of a recording.
PLAYING = ("recording", "greeting", "music_on_hold", "join_announcement")
# What keeps a recording from being deleted, by the kind of the entry that plays it.
IN_USE = {
    IVR: "recording_in_use_ivr",
    SEQUENCE: "recording_in_use_sequence",
    QUEUE: "recording_in_use_queue",
    CALLER_FILTER: "recording_in_use_caller_id_filtering",
    TIME_CONDITION: "recording_in_use_caller_timecondition",
}


@parameters
class RecordingFilter:
    """Which recording; all without one."""

    recording: str = element("recording", default="")


@structure("Recording", NAMESPACE)
class RecordingInfo:
    """A recording: its number, and its name."""

    value: str = element("value")
    description: str = element("description")


@structure("getRecordingsOutput", NAMESPACE)
class RecordingsAnswer:
    """Recordings."""

    recordings: tuple[RecordingInfo, ...] = element("recordings")


@parameters
class SetRecording:
    """A recording; a new one where no number is given. file: audio of any kind, in base64."""

    recording: str = element("recording", default="")
    file: str = element("file", default="")
    name: str = element("name", default="")


@structure("setRecordingOutput", NAMESPACE)
class RecordingAnswer:
    """The number of a recording."""

    recording: int = element("recording")


@structure("RecordingFile", NAMESPACE)
class RecordingFile:
    """A recording as a WAV file of 8 kHz, in base64."""

    value: str = element("value")
    data: str = element("data")


@structure("getRecordingFileOutput", NAMESPACE)
class RecordingFileAnswer:
    """A recording's file."""

    recordings: tuple[RecordingFile, ...] = element("recordings")


@parameters
class OneMusic:
    """Which music; all without one."""

    music_on_hold: str = element("music_on_hold", default="")


@structure("MusicOnHold", NAMESPACE)
class MusicInfo:
    """What waiting callers hear."""

    value: str = element("value")
    description: str = element("description")
    recordings: str = element("recordings")
    total: str = element("total", default="1")
    volume: str = element("volume", default="mp3")
    sort: str = element("sort", default="alpha")
    custom: str = element("custom", default="1")


@structure("getMusicOnHoldOutput", NAMESPACE)
class MusicAnswer:
    """Music."""

    music_on_hold: tuple[MusicInfo, ...] = element("music_on_hold")


# The index by which a sound of a key has one number.
_ONE_NUMBER = "customer_entries_sounds"


class RecordingEntries:
    """The numbers of a key's sounds. Whoever brought a sound, it has a number as soon as somebody asks."""

    def __init__(self, entries: Entries, sounds: KeySounds) -> None:
        self._entries = entries
        self._sounds = sounds

    async def all(self, license_key: str) -> list[Entry]:
        """The recordings of a key, by their number. StoreError."""
        ids = await self._sounds.ids(license_key)
        numbered = {str(entry.content["sound_id"]): entry for entry in self._entries.of(license_key, RECORDING)}
        for sound_id in ids:
            if sound_id not in numbered:
                await self._number(license_key, sound_id)
        known = set(ids)
        return [entry for entry in self._entries.of(license_key, RECORDING) if entry.content["sound_id"] in known]

    async def _number(self, license_key: str, sound_id: str) -> None:
        """Give a sound a number, unless somebody who asked at the same moment has brought it one."""
        try:
            await self._entries.add(license_key, RECORDING, {"name": sound_id, "sound_id": sound_id})
        except StoreRefused as error:
            if error.constraint != _ONE_NUMBER:
                raise
            await self._entries.load()

    async def find(self, license_key: str, number: str) -> Entry | None:
        """The recording of a number; None when there is none. StoreError."""
        entry = self._entries.get(license_key, RECORDING, number)
        if entry is None or entry.content["sound_id"] not in await self._sounds.ids(license_key):
            return None
        return entry


class RecordingMethods:
    """Sounds of the configuration are shown and played, and not changed."""

    def __init__(
        self, directory: CurrentDirectory, entries: Entries, sounds: KeySounds, recordings: RecordingEntries
    ) -> None:
        self._directory = directory
        self._entries = entries
        self._sounds = sounds
        self._recordings = recordings

    @operation("getRecordings")
    async def recordings(self, request: RecordingFilter, caller: Caller) -> RecordingsAnswer:
        """The account's recordings, or one of them."""
        wanted = request.recording.strip()
        found = await self._recordings.all(caller.account.name)
        if wanted:
            found = [entry for entry in found if str(entry.entry_id) == wanted]
            if not found:
                raise Refused("invalid_recording")
        if not found:
            raise Refused("no_recording")
        rows = tuple(RecordingInfo(value=str(entry.entry_id), description=entry.name) for entry in found)
        return RecordingsAnswer(recordings=rows)

    @operation("setRecording")
    async def set_recording(self, request: SetRecording, caller: Caller) -> RecordingAnswer:
        """Add a recording, or give one another name or another sound."""
        key = caller.account
        known = await self._recordings.all(key.name)
        if request.recording.strip():
            entry = await self._entry(key, request.recording)
            return RecordingAnswer(recording=await self._change(key, entry, request, known))
        name = self._name(required(request.name, "missing_name"), known)
        data = _decoded(required(request.file, "missing_file"))
        await self._put(key, name.lower(), data)
        number = await self._entries.add(key.name, RECORDING, {"name": name, "sound_id": name.lower()})
        return RecordingAnswer(recording=number)

    @operation("getRecordingFile")
    async def file(self, request: RecordingFilter, caller: Caller) -> RecordingFileAnswer:
        """A recording as a WAV file."""
        key = caller.account
        entry = await self._entry(key, required(request.recording, "missing_recording"))
        wav = await self._sounds.wav(key.name, str(entry.content["sound_id"]))
        if wav is None:
            raise Refused("invalid_recording", "This recording cannot be played.")
        data = base64.b64encode(wav).decode()
        return RecordingFileAnswer(recordings=(RecordingFile(value=str(entry.entry_id), data=data),))

    @operation("getMusicOnHold")
    async def music(self, request: OneMusic, caller: Caller) -> MusicAnswer:
        """What callers of a queue can hear while they wait: each recording of the account, by its number."""
        wanted = request.music_on_hold.strip()
        rows = tuple(
            MusicInfo(value=str(entry.entry_id), description=entry.name, recordings=str(entry.entry_id))
            for entry in await self._recordings.all(caller.account.name)
            if wanted in ("", str(entry.entry_id))
        )
        if not rows:
            raise Refused("invalid_musiconhold" if wanted else "no_recording")
        return MusicAnswer(music_on_hold=rows)

    @operation("delRecording")
    async def delete(self, request: RecordingFilter, caller: Caller) -> None:
        """Delete a recording that nothing plays."""
        key = caller.account
        entry = await self._entry(key, required(request.recording, "missing_recording"))
        self._refuse_if_used(key, entry)
        if not await self._sounds.remove(key.name, str(entry.content["sound_id"])):
            raise Refused("invalid_recording", "This recording belongs to the configuration and cannot be deleted.")
        await self._entries.remove(entry)

    async def _entry(self, key: LicenseKey, number: str) -> Entry:
        entry = await self._recordings.find(key.name, number)
        if entry is None:
            raise Refused("invalid_recording")
        return entry

    async def _change(self, key: LicenseKey, entry: Entry, request: SetRecording, known: list[Entry]) -> int:
        if not (request.file.strip() or request.name.strip()):
            raise Refused("missing_file")
        name = entry.name
        if request.name.strip():
            name = self._name(request.name.strip(), [other for other in known if other.entry_id != entry.entry_id])
        if request.file.strip():
            await self._put(key, str(entry.content["sound_id"]), _decoded(request.file))
        if name != entry.name:
            await self._entries.change(entry, {**entry.content, "name": name})
        return entry.entry_id

    async def _put(self, key: LicenseKey, sound_id: str, data: bytes) -> None:
        try:
            await self._sounds.put(key.name, sound_id, data)
        except SoundRefused as error:
            raise Refused("invalid_recording", str(error)) from None
        except AudioInvalid as error:
            raise Refused("invalid_file", str(error)) from None
        except SpeechError as error:
            raise Refused("method_maintenance", str(error)) from None

    @staticmethod
    def _name(name: str, others: list[Entry]) -> str:
        if NAME.fullmatch(name) is None:
            raise Refused("invalid_name", "A recording's name has 1 to 60 letters, digits, - and _.")
        taken = {text.lower() for entry in others for text in (entry.name, str(entry.content["sound_id"]))}
        if name.lower() in taken:
            raise Refused("used_name")
        return name

    def _refuse_if_used(self, key: LicenseKey, entry: Entry) -> None:
        place = f"recording:{entry.entry_id}"
        for did in dids_of(self._directory.snapshot, key):
            settings = did.settings
            used = (
                settings.routing,
                settings.failover_busy,
                settings.failover_unreachable,
                settings.failover_noanswer,
            )
            if place in used:
                raise Refused("recording_in_use_did")
        for other in self._entries:
            if other.license_key == key.name and other.kind != RECORDING and _plays(other, entry, place):
                raise Refused(IN_USE.get(other.kind, f"recording_in_use_{other.kind}"), f"{other.name} plays it.")


def _plays(other: Entry, recording: Entry, place: str) -> bool:
    """Whether an entry of any kind refers to a recording: as a routing, or by its number in a field of that name."""
    number = str(recording.entry_id)
    if other.kind == SEQUENCE:
        return any(step.get("id") == number for step in other.content["steps"])
    if any(str(other.content.get(name, "")) == number for name in PLAYING):
        return True
    return f'"{place}"' in json.dumps(other.content)


def _decoded(text: str) -> bytes:
    """The bytes of a file in base64, which may be a data URL. Refused."""
    encoded = "".join(text.partition(";base64,")[2].split() if ";base64," in text[:200] else text.split())
    if len(encoded) > LARGEST_FILE * 4 // 3 + 4:
        raise Refused("exceeds_file_size")
    try:
        # A query has spaces in place of its pluses: they are gone, and the length tells.
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("no_base64file") from None
