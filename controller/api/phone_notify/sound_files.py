"""Sounds as MP3 files, at the URLs that GetSoundFileURL gives away: who knows the hash of the content may hear it."""

from __future__ import annotations

from aiohttp import web

from controller.directory.key_sounds import KeySounds
from controller.speech.encoding import to_mp3
from controller.speech.media_store import Medium

KBIT = 64


class SoundFileHandler:
    """Serves /NotifyWS/Sounds/HASH.mp3."""

    def __init__(self, sounds: KeySounds) -> None:
        self._sounds = sounds

    def routes(self) -> list[web.RouteDef]:
        """The route."""
        return [web.get("/NotifyWS/Sounds/{content_hash:[0-9a-f]{64}}.mp3", self._on_request)]

    async def _on_request(self, request: web.Request) -> web.Response:
        wav = await self._sounds.read(Medium(request.match_info["content_hash"], 0.0))
        if wav is None:
            raise web.HTTPNotFound
        return web.Response(body=await to_mp3(wav, KBIT), content_type="audio/mpeg")
