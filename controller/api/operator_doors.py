"""The operator's doors (/admin, /metrics, /media) are for programs: no web page in a browser gets through them."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from controller.local_doors import refusal_of

PATHS = ("/admin", "/metrics", "/media")


def operator_doors(names: Collection[str]) -> Middleware:
    """A middleware that refuses requests to them by unknown names, or from web pages (see `local_doors`).

    names: the hosts that they are known by besides addresses and names without a dot.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(PATHS):
            refusal = refusal_of(request.headers.get("Host", ""), request.headers.get("Origin"), names)
            if refusal:
                return web.Response(status=403, text=f"{refusal}\n")
        return await handler(request)

    return guarded
