"""Recordings: the sounds of a licence key, heard and seen; and, where the YAML does not own them, changed."""

from __future__ import annotations

import asyncio
import io
import wave
from dataclasses import dataclass

import numpy as np
from aiohttp import BodyPartReader, web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.phone import MICROPHONE
from controller.api.console.visit import Door, Visit, see_other
from controller.calls.outgoing.notifications import Notifications
from controller.calls.outgoing.recording_call import recording_order
from controller.directory.key_sounds import KeySounds
from controller.errors import JournalFull, NotificationRefused, SoundRefused, SpeechError

LONGEST_NUMBER = 64
LARGEST_UPLOAD = 20 * 1024 * 1024
# Each is decoded and resampled, which takes memory and time that calls need.
UPLOADS_AT_ONCE = 2
WAVE_COLUMNS = 300
_WAVE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 100" preserveAspectRatio="none">'
    '<path d="{path}" stroke="#4f86d9" stroke-width="0.8" fill="none"/></svg>'
)


@dataclass(frozen=True, slots=True)
class _Upload:
    csrf: str
    key: str
    sound_id: str
    content: bytes


class SoundPages:
    """The page of recordings, and each one's audio and picture."""

    def __init__(self, sounds: KeySounds, notifications: Notifications) -> None:
        self._sounds = sounds
        self._notifications = notifications
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/sounds", self._list),
            Door("POST", "/sounds", self._upload, uploads=True),
            Door("POST", "/sounds/call", self._record_by_call),
            Door("POST", "/sounds/rename", self._rename),
            Door("POST", "/sounds/remove", self._remove),
            Door("GET", "/sounds/audio.wav", self._audio),
            Door("GET", "/sounds/waveform.svg", self._waveform),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        values = {
            "key": key,
            "key_names": key_names(visit),
            "ids": await self._sounds.ids(key.name),
            "stated": visit.snapshot.sounds.get(key.name, {}),
            "shown": [did.number for did in visit.snapshot.dids.values() if did.voice and did.voice.name == key.name],
            **said,
        }
        page = visit.page("sounds.html.j2", values, status=status)
        page.headers.update(MICROPHONE)
        return page

    async def _upload(self, visit: Visit) -> web.StreamResponse:
        upload = await self._read(visit)
        visit.require_csrf(upload.csrf)
        visit.choose_key(upload.key)
        key = visit.key
        if not upload.content:
            return await self._page(visit, status=422, said=visit.say("Choose a file."))
        await visit.changes("upload a recording", upload.sound_id, after=f"{len(upload.content)} bytes", key=key.name)
        try:
            async with self._uploads:
                await self._sounds.put(key.name, upload.sound_id, upload.content)
        except (SoundRefused, SpeechError) as error:
            return await self._page(visit, status=422, said=str(error))
        return await self._page(visit, done=visit.say("“%(sound_id)s” is kept.", sound_id=upload.sound_id))

    async def _read(self, visit: Visit) -> _Upload:
        """The fields of the form, which stand before the file. HTTPBadRequest, HTTPRequestEntityTooLarge."""
        if visit.request.content_type != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType(text=mark("This is no form of the console."))
        fields: dict[str, str] = {}
        content, name = b"", ""
        try:
            async for part in await visit.request.multipart():
                if not isinstance(part, BodyPartReader):
                    raise web.HTTPBadRequest(text=mark("This form cannot be read."))
                if part.name == "file":
                    name, content = part.filename or "", await _content(part, LARGEST_UPLOAD)
                else:
                    fields[part.name or ""] = (await _content(part, 4096)).decode(errors="replace")
        except (ValueError, RuntimeError, AssertionError):
            raise web.HTTPBadRequest(text=mark("This form cannot be read.")) from None
        sound_id = fields.get("id", "").strip() or name.rpartition(".")[0].strip()
        return _Upload(fields.get("csrf", ""), fields.get("key", ""), sound_id[:200], content)

    async def _record_by_call(self, visit: Visit) -> web.StreamResponse:
        """Call a phone that records the sound."""
        form, key = await visit.form(), visit.key
        sound_id, number = form.get("id").strip().lower(), form.get("phone").strip()[:LONGEST_NUMBER]
        if not self._sounds.may_keep(key.name, sound_id):
            said = visit.say(
                "“%(sound_id)s” cannot be recorded: the name is not valid, or the sound is one of the configuration.",
                sound_id=sound_id,
            )
            return await self._page(visit, status=422, said=said)
        await visit.changes("record by a call", sound_id, after=number, key=key.name)
        order = recording_order(number, sound_id, caller_id=form.get("shown"))
        try:
            taken = await self._notifications.take(order, key, strict=True)
        except NotificationRefused as error:
            return await self._page(visit, status=422, said=visit.say("No call is placed: %(error)s.", error=error))
        except JournalFull as error:
            raise web.HTTPServiceUnavailable(text=visit.say("No call is placed: %(error)s.", error=error)) from None
        return await self._page(
            visit, calls=str(taken.queue_id), done=visit.say("%(number)s is being called.", number=number)
        )

    async def _rename(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        old, new = form.get("id"), form.get("new").strip()
        await visit.changes("rename a recording", old, before=old, after=new, key=key.name)
        if not await self._sounds.rename(key.name, old, new):
            said = visit.say(
                "“%(old)s” cannot be called “%(new)s”: that name is taken, or no name, or the configuration owns it.",
                old=old,
                new=new,
            )
            return await self._page(visit, status=409, said=said)
        return see_other(f"/sounds{visit.key_query}")

    async def _remove(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        sound_id = form.get("id")
        await visit.changes("remove a recording", sound_id, key=key.name)
        if not await self._sounds.remove(key.name, sound_id):
            said = visit.say("There is no recording “%(sound_id)s” that may be removed here.", sound_id=sound_id)
            return await self._page(visit, status=409, said=said)
        return see_other(f"/sounds{visit.key_query}")

    async def _audio(self, visit: Visit) -> web.StreamResponse:
        body = await self._wav(visit)
        headers = {"Content-Disposition": "inline", "Accept-Ranges": "bytes"}
        asked = visit.request.http_range
        if visit.request.headers.get("Range") and asked.start is not None and 0 <= asked.start < len(body):
            stop = min(asked.stop or len(body), len(body))
            headers["Content-Range"] = f"bytes {asked.start}-{stop - 1}/{len(body)}"
            body = body[asked.start : stop]
            return web.Response(status=206, body=body, content_type="audio/wav", headers=headers)
        return web.Response(body=body, content_type="audio/wav", headers=headers)

    async def _waveform(self, visit: Visit) -> web.StreamResponse:
        picture = await asyncio.to_thread(waveform, await self._wav(visit))
        return web.Response(text=picture, content_type="image/svg+xml")

    async def _wav(self, visit: Visit) -> bytes:
        """HTTPNotFound for a sound that there is not, or that is not this person's."""
        body = await self._sounds.wav(visit.key.name, visit.query("id"))
        if body is None:
            raise web.HTTPNotFound(text=mark("There is no such recording."))
        return body


async def _content(part: BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(65_536):
        content += chunk
        if len(content) > most:
            raise web.HTTPRequestEntityTooLarge(
                most, len(content), text=mark("This file is too large: 20 MiB at most.")
            )
    return bytes(content)


def waveform(wav: bytes) -> str:
    """The loudness of a telephone WAV file (16 bits, mono) over its time, as an SVG picture."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    except (wave.Error, EOFError, ValueError):
        samples = np.zeros(0, dtype="<i2")
    columns = np.array_split(samples, WAVE_COLUMNS) if len(samples) >= WAVE_COLUMNS else [samples]
    lines = []
    for number, column in enumerate(columns):
        peak = int(np.abs(column.astype(np.int32)).max(initial=0)) / 32768 * 48
        lines.append(f"M{number + 0.5} {50 - peak:.1f}V{50.5 + peak:.1f}")
    return _WAVE.format(width=max(1, len(columns)), path="".join(lines))
