"""Where links in texts lead: /text-media/TOKEN/NAME, media that a customer uploaded."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from controller.api.sms_notify.media import LINK_PATH, UNKNOWN_TYPE
from controller.api.store.media import MediaStore
from controller.errors import StoreError

# Files of customers come from our address: a browser runs nothing in them, and guesses no other type.
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, max-age=86400",
}


class TextMediaHandler:
    """Serves files by the token of their link; the name in the link is for people."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """GET and HEAD of a link."""
        return [web.get(f"{LINK_PATH}/{{token}}/{{name}}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            found = await self._store.by_token(UUID(request.match_info["token"]))
        except ValueError:
            found = None
        except StoreError:
            raise web.HTTPServiceUnavailable(text="The file cannot be read now; try again.\n") from None
        if found is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        name, mime_type, content = found
        disposition = "attachment" if mime_type == UNKNOWN_TYPE else "inline"
        headers = _HARMLESS | {"Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name, safe='')}"}
        return web.Response(body=content, content_type=mime_type, headers=headers)
