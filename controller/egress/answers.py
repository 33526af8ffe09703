"""Reading what a receiver answers, and no more of it than needed."""

from __future__ import annotations

import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """At most `limit` bytes of the body, and whether that was all of it; the rest is cut off with its connection."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(16_384):
        parts.append(part)
        size += len(part)
        if size > limit:
            response.close()
            return b"".join(parts)[:limit], False
    return b"".join(parts), True
