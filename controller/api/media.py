"""The media that Asterisk fetches: /media/<sha256>.wav, and .wav16 for calls that carry 16 kHz; immutable."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web

FOR_EVER = "public, max-age=31536000, immutable"
_NAME = re.compile(r"([0-9a-f]{64})\.wav(16)?")


class MediaHandler:
    """Serves the WAV files of a folder by their content's hash, and nothing else that may lie there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """GET and HEAD of /media/<sha256>.wav and .wav16."""
        return [web.get("/media/{name}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        match = _NAME.fullmatch(request.match_info["name"])
        if match is None:
            raise web.HTTPNotFound(text="There is no such medium.")
        tag_value = match[1] + (match[2] or "")
        headers = {"Cache-Control": FOR_EVER, "ETag": f'"{tag_value}"', "X-Content-Type-Options": "nosniff"}
        asked = request.if_none_match
        if asked and any(tag.value in (tag_value, "*") for tag in asked):
            # The name is the content: what was fetched under it once is right, whether or not it is still here.
            return web.Response(status=304, headers=headers)
        try:
            body = await asyncio.to_thread((self._directory / match[0]).read_bytes)
        except OSError:
            raise web.HTTPNotFound(text="There is no such medium.") from None
        # Asterisk names what it fetches by its type, and would take the wide one for a WAV of 8 kHz; where it says
        # nothing, by the ending of the address.
        kind = "application/octet-stream" if match[2] else "audio/wav"
        return web.Response(body=body, content_type=kind, headers=headers)
