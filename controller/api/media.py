"""The media that Asterisk fetches: /media/<sha256>.wav, immutable."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web

FOR_EVER = "public, max-age=31536000, immutable"
_NAME = re.compile(r"([0-9a-f]{64})\.wav")


class MediaHandler:
    """Serves the WAV files of a folder by their content's hash, and nothing else that may lie there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """GET and HEAD of /media/<sha256>.wav."""
        return [web.get("/media/{name}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        match = _NAME.fullmatch(request.match_info["name"])
        if match is None:
            raise web.HTTPNotFound(text="There is no such medium.")
        headers = {"Cache-Control": FOR_EVER, "ETag": f'"{match[1]}"', "X-Content-Type-Options": "nosniff"}
        asked = request.if_none_match
        if asked and any(tag.value in (match[1], "*") for tag in asked):
            # The name is the content: what was fetched under it once is right, whether or not it is still here.
            return web.Response(status=304, headers=headers)
        try:
            body = await asyncio.to_thread((self._directory / match[0]).read_bytes)
        except OSError:
            raise web.HTTPNotFound(text="There is no such medium.") from None
        return web.Response(body=body, content_type="audio/wav", headers=headers)
