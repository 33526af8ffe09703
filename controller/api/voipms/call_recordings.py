"""Methods about recorded calls: listed by account, fetched as MP3, mailed and deleted."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.absent import UNDER_MAINTENANCE
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.account_phones import ALL, phone_called
from controller.api.voipms.dates import ZONE, date_range, shown_date, utc
from controller.api.voipms.did_checks import required
from controller.api.voipms.mailboxes import EMAIL
from controller.api.voipms.values import shown, whole
from controller.calls.model.call import Direction
from controller.calls.store.call_recordings import MOST_LISTED, OWN_NUMBERS, CallRecording, CallRecordings
from controller.calls.voicemail import as_mp3
from controller.directory.current import CurrentDirectory
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.errors import MailRefused, MailServerAway
from controller.mail.server import MailServer, plain_mail
from controller.numbers import is_e164

log = structlog.get_logger()

_TYPES: dict[str, Direction | None] = {"": None, "all": None, "incoming": "incoming", "outgoing": "outgoing"}
_FURTHEST = 2**31 - 1
# The number of a recording in decimal, and in base64: as opaque as the vendor's, and without a letter that URLs escape.
_DIGITS = 12


@parameters
class WhichCallRecordings:
    """The recorded calls of an account, begun in at most 92 days; `length` of them from the `start`-th on."""

    account: str = element("account", default="")
    start: str = element("start", default="")
    length: str = element("length", default="")
    date_from: str = element("date_from", default="")
    date_to: str = element("date_to", default="")
    call_type: str = element("call_type", default="")


@structure("CallRecording", NAMESPACE)
class CallRecordingInfo:
    """A recorded call. subaccount: the phone that asked for it; the account where one of its numbers did."""

    callrecording: str = element("callrecording")
    datetime: str = element("datetime")
    destination: str = element("destination")
    type: str = element("type")
    subaccount: str = element("subaccount")
    duration: str = element("duration")


@structure("getCallRecordingsOutput", NAMESPACE)
class CallRecordingsAnswer:
    """Recorded calls, the newest first."""

    recordings: tuple[CallRecordingInfo, ...] = element("recordings")


@parameters
class OneCallRecording:
    """A recorded call of an account."""

    callrecording: str = element("callrecording", default="")
    account: str = element("account", default="")


@structure("getCallRecordingOutput", NAMESPACE)
class CallRecordingAnswer:
    """A recorded call with its audio: an MP3 in base64."""

    callrecording: str = element("callrecording")
    datetime: str = element("datetime")
    destination: str = element("destination")
    type: str = element("type")
    subaccount: str = element("subaccount")
    duration: str = element("duration")
    base64file: str = element("base64file")


@parameters
class MailCallRecording:
    """A recorded call of an account, and whom it is mailed to."""

    account: str = element("account", default="")
    email: str = element("email", default="")
    callrecording: str = element("callrecording", default="")


@structure("sendCallRecordingEmailOutput", NAMESPACE)
class CallRecordingMailed:
    """What people are told."""

    msg: str = element("msg")


class CallRecordingMethods:
    """server: where mails are handed in; None where none is configured. now: gives the time."""

    def __init__(
        self,
        directory: CurrentDirectory,
        recordings: CallRecordings,
        sounds: KeySounds,
        server: MailServer | None,
        now: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._recordings = recordings
        self._sounds = sounds
        self._server = server
        self._now = now

    @operation("getCallRecordings")
    async def recordings(self, request: WhichCallRecordings, caller: Caller) -> CallRecordingsAnswer:
        """The recorded calls of an account, at most 1,000, the newest first."""
        key = caller.account
        account = self._account(key, request.account)
        first = required(request.date_from, "missing_from_date")
        days = date_range(first, required(request.date_to, "missing_to_date"), ZONE, self._now())
        call_type = request.call_type.strip().lower()
        if call_type not in _TYPES:
            raise Refused("invalid_call_type")
        found = await self._recordings.of(
            key.name,
            account=account,
            direction=_TYPES[call_type],
            begin=utc(days.since),
            end=utc(days.until),
            start=whole(request.start.strip() or "0", 0, _FURTHEST, "invalid_start"),
            most=min(whole(request.length.strip() or str(MOST_LISTED), 1, _FURTHEST, "invalid_length"), MOST_LISTED),
        )
        if not found:
            raise Refused("no_recording")
        return CallRecordingsAnswer(recordings=tuple(CallRecordingInfo(**self._values(key, each)) for each in found))

    @operation("getCallRecording")
    async def recording(self, request: OneCallRecording, caller: Caller) -> CallRecordingAnswer:
        """A recorded call, as MP3."""
        key = caller.account
        found = await self._one(key, request.account, request.callrecording)
        mp3 = base64.b64encode(await self._mp3(found)).decode()
        return CallRecordingAnswer(**self._values(key, found), base64file=mp3)

    @operation("sendCallRecordingEmail")
    async def mail(self, request: MailCallRecording, caller: Caller) -> CallRecordingMailed:
        """Mail a recorded call, as MP3."""
        key = caller.account
        found = await self._one(key, request.account, request.callrecording)
        address = required(request.email, "missing_email").strip()
        # A key that names whom its scripts may mail names whom its recordings go to, too.
        if not EMAIL.fullmatch(address) or (key.mail_to and not key.may_mail(address)):
            raise Refused("invalid_email", "Recordings are not mailed to this address.")
        if self._server is None:
            raise Refused(UNDER_MAINTENANCE, "No mail server is configured.")
        mail = self._mail(key, found, address, await self._mp3(found), self._server.sender)
        try:
            await self._server.hand_in(mail)
        except MailServerAway as error:
            log.warning("a recorded call was not mailed", recording=found.recording_id, reason=str(error))
            raise Refused(UNDER_MAINTENANCE, "The mail server is away; the same request works later.") from None
        except MailRefused as error:
            log.warning("a recorded call was not mailed", recording=found.recording_id, reason=str(error))
            raise Refused("invalid_email", "The mail server does not take a mail to this address.") from None
        return CallRecordingMailed(msg="The recording was mailed.")

    @operation("delCallRecording")
    async def delete(self, request: OneCallRecording, caller: Caller) -> None:
        """Delete a recorded call, with its audio."""
        found = await self._one(caller.account, request.account, request.callrecording)
        await self._sounds.remove(found.license_key, found.sound_id)

    def _account(self, key: LicenseKey, text: str) -> str | None:
        """Whose recordings: a phone's, those of the account's numbers, or all (None). Refused."""
        wanted = required(text, "missing_account").strip()
        if wanted.lower() == ALL:
            return None
        if wanted.lower() == key.shown_name.lower():
            return OWN_NUMBERS
        return phone_called(self._directory.snapshot, key, wanted).name

    async def _one(self, key: LicenseKey, account: str, text: str) -> CallRecording:
        whose = self._account(key, account)
        number = _number_of(required(text, "missing_callrecording"))
        found = await self._recordings.of(key.name, account=whose, recording_id=number) if number else []
        if not found:
            raise Refused("invalid_callrecording")
        return found[0]

    async def _mp3(self, recording: CallRecording) -> bytes:
        wav = await self._sounds.wav(recording.license_key, recording.sound_id)
        if wav is None:
            raise Refused("invalid_callrecording")
        return await asyncio.to_thread(as_mp3, wav)

    def _values(self, key: LicenseKey, recording: CallRecording) -> dict[str, str]:
        seconds = round(recording.seconds)
        called = recording.destination
        return {
            "callrecording": _shown_id(recording.recording_id),
            "datetime": shown_date(recording.recorded_at),
            "destination": shown(called) if is_e164(called) else called,
            "type": recording.direction.capitalize(),
            "subaccount": self._name(key, recording),
            "duration": f"{seconds // 60:02d}:{seconds % 60:02d}",
        }

    def _name(self, key: LicenseKey, recording: CallRecording) -> str:
        """The account of a recording as people write it; of a phone that is gone, its name in lower case."""
        if recording.account == OWN_NUMBERS:
            return key.shown_name
        names = (phone.name for phone in self._directory.snapshot.phones_of(key.name))
        return next((name for name in names if name.lower() == recording.account), recording.account)

    def _mail(self, key: LicenseKey, recording: CallRecording, address: str, mp3: bytes, sender: str) -> EmailMessage:
        values = self._values(key, recording)
        text = "\n".join(
            f"{what}: {values[name]}"
            for what, name in (("Account", "subaccount"), ("Call", "type"), ("To", "destination"), ("At", "datetime"))
        )
        mail = plain_mail(sender, address, f"Recorded call of {values['datetime']}", text)
        name = f"call-{recording.recording_id}.mp3"
        mail.add_attachment(mp3, maintype="audio", subtype="mpeg", filename=name)
        return mail


def _shown_id(recording_id: int) -> str:
    return base64.b64encode(f"{recording_id:0{_DIGITS}d}".encode()).decode()


def _number_of(text: str) -> int | None:
    """The number of a recording; None for what is none."""
    try:
        digits = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        return None
    return int(digits) if len(digits) == _DIGITS and digits.isdigit() else None
