"""Health and metrics: /health/live, /health/ready, /health and /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CHECK_SECONDS = 2.0

Check = Callable[[], Awaitable[bool]]


class HealthHandler:
    """Answers whether the process lives, and whether each part it needs works.

    checks: a name (ari, ami, database, media) and what finds out; one that raises or takes over 2 s is not ready.
    """

    def __init__(self, checks: Mapping[str, Check], registry: CollectorRegistry) -> None:
        self._checks = checks
        self._registry = registry

    def routes(self) -> list[web.RouteDef]:
        """The routes of this handler."""
        return [
            web.get("/health/live", self._live),
            web.get("/health/ready", self._ready),
            web.get("/health", self._ready),
            web.get("/metrics", self._metrics),
        ]

    async def parts(self) -> dict[str, bool]:
        """Each part by its name, and whether it works now."""
        results = await asyncio.gather(*(self._result(check) for check in self._checks.values()))
        return dict(zip(self._checks, results, strict=True))

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def _ready(self, _request: web.Request) -> web.Response:
        parts = await self.parts()
        ready = all(parts.values())
        body = {
            "status": "ready" if ready else "not ready",
            "parts": {n: "ok" if r else "down" for n, r in parts.items()},
        }
        return web.json_response(body, status=200 if ready else 503)

    async def _result(self, check: Check) -> bool:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await check()
        except Exception:  # whatever it was: the part does not work
            return False

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
