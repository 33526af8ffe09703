"""The operations of sounds and of spoken text."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.phone_notify.models import UploadFileResponse
from controller.api.phone_notify.orders import speech_rate_of, speech_volume_of
from controller.api.phone_notify.requests import (
    OneSound,
    RecordSound,
    RenameSound,
    SoundAsMp3,
    SpeechAsMp3,
    SpeechAsUlaw,
    UploadSound,
    WithKey,
)
from controller.calls.outgoing.notifications import Notifications
from controller.calls.outgoing.recording_call import recording_order
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.errors import NotificationRefused, SoundRefused, SpeechError
from controller.speech.encoding import MP3_BIT_RATES, to_mp3, to_ulaw

LARGEST_UPLOAD_BYTES = 2 * 1024 * 1024
BAD_KEY_TEXT = "Invalid License Key"


class SoundOperations:
    """Keeps a customer's sounds."""

    def __init__(self, sounds: KeySounds, notifications: Notifications) -> None:
        self._sounds = sounds
        self._notifications = notifications

    @operation("UploadSoundFile")
    async def upload(self, request: UploadSound, caller: Caller) -> UploadFileResponse:
        """Keep a sound file: WAV (PCM, u-law, A-law, MS-ADPCM) or any other common kind, of at most 2 MB."""
        key = caller.customer(request.license_key)
        if key is None:
            return UploadFileResponse(error=BAD_KEY_TEXT)
        data = request.data or b""
        if len(data) > LARGEST_UPLOAD_BYTES:
            return UploadFileResponse(error="The file is larger than 2 MB.")
        try:
            medium = await self._sounds.put(key.name, request.sound_id or "", data)
        except (SoundRefused, SpeechError) as error:
            return UploadFileResponse(error=str(error))
        return UploadFileResponse(successful=True, seconds=max(1, round(medium.seconds)))

    @operation("ReturnSoundFileIDs")
    async def ids(self, request: WithKey, caller: Caller) -> tuple[str, ...] | None:
        """The ids of all sounds."""
        key = caller.customer(request.license_key)
        return tuple(await self._sounds.ids(key.name)) if key else ()

    @operation("RemoveSoundFile")
    async def remove(self, request: OneSound, caller: Caller) -> bool:
        """Remove a sound; whether it was there and could be removed."""
        key = caller.customer(request.license_key)
        return key is not None and await self._sounds.remove(key.name, request.sound_id or "")

    @operation("RenameSoundFile")
    async def rename(self, request: RenameSound, caller: Caller) -> bool:
        """Give a sound another id; whether that could be done."""
        key = caller.customer(request.license_key)
        if key is None:
            return False
        return await self._sounds.rename(key.name, request.sound_id or "", request.new_sound_id or "")

    @operation("GetSoundFile")
    async def wav(self, request: OneSound, caller: Caller) -> bytes | None:
        """A sound as a WAV file, 8 kHz, 16 bit."""
        return await self._wav(caller.customer(request.license_key), request.sound_id)

    @operation("GetSoundFileInMP3")
    async def mp3(self, request: SoundAsMp3, caller: Caller) -> bytes | None:
        """A sound as MP3."""
        wav = await self._wav(caller.customer(request.license_key), request.sound_id)
        return await to_mp3(wav, request.bit_rate) if wav and request.bit_rate in MP3_BIT_RATES else None

    @operation("GetSoundFileInUlaw")
    async def ulaw(self, request: OneSound, caller: Caller) -> bytes | None:
        """A sound as u-law, 8 kHz, without a header."""
        wav = await self._wav(caller.customer(request.license_key), request.sound_id)
        return await to_ulaw(wav) if wav else None

    @operation("GetSoundFileURL")
    async def url(self, request: OneSound, caller: Caller) -> str | None:
        """The URL of a sound as MP3. Who has it can fetch the sound."""
        key = caller.customer(request.license_key)
        medium = await self._sounds.find(key.name, request.sound_id or "") if key else None
        return f"{caller.origin.base_url}/NotifyWS/Sounds/{medium.content_hash}.mp3" if medium else None

    @operation("GetSoundFileLength")
    async def length(self, request: OneSound, caller: Caller) -> float:
        """The length of a sound in seconds; 0 for one that is not there."""
        key = caller.customer(request.license_key)
        medium = await self._sounds.find(key.name, request.sound_id or "") if key else None
        return medium.seconds if medium else 0.0

    @operation("GetTTSInMP3")
    async def speech_as_mp3(self, request: SpeechAsMp3, caller: Caller) -> bytes | None:
        """A text, spoken, as MP3."""
        wav = await self._speech(request, caller)
        return await to_mp3(wav, request.bit_rate) if wav and request.bit_rate in MP3_BIT_RATES else None

    @operation("GetTTSInULAW")
    async def speech_as_ulaw(self, request: SpeechAsUlaw, caller: Caller) -> bytes | None:
        """A text, spoken, as u-law."""
        wav = await self._speech(request, caller)
        return await to_ulaw(wav) if wav else None

    @operation("RecordSoundViaPhoneCall")
    async def record(self, request: RecordSound, caller: Caller) -> bool:
        """Call a number and record what is said after the tone as a sound; whether the call was taken."""
        key, sound_id = caller.customer(request.license_key), (request.sound_id or "").strip().lower()
        if key is None or not self._sounds.may_keep(key.name, sound_id):
            return False
        # The vendor showed 8000000000, which is no number of North America (and would be refused by carriers).
        try:
            await self._notifications.take(recording_order(request.number or "", sound_id), key)
        except NotificationRefused:
            return False
        return True

    async def _wav(self, key: LicenseKey | None, sound_id: str | None) -> bytes | None:
        return await self._sounds.wav(key.name, sound_id or "") if key else None

    async def _speech(self, request: SpeechAsMp3 | SpeechAsUlaw, caller: Caller) -> bytes | None:
        """The WAV file of a text."""
        key = caller.customer(request.license_key)
        if key is None or not (request.text or "").strip():
            return None
        rate, volume = speech_rate_of(request.rate), speech_volume_of(request.volume)
        try:
            return await self._sounds.speech(key.name, request.text or "", request.voice, rate, volume)
        except SpeechError:
            return None
