"""Lanes: post-backs to one host and port share a lane, and limits are about lanes."""

from __future__ import annotations

from functools import lru_cache

from yarl import URL

UNUSABLE = "unusable"
"""The lane of URLs that name no host: they are refused without a connection."""

LONGEST_LANE = 300  # characters


@lru_cache(maxsize=4096)
def lane_of(url: str) -> str:
    """Scheme, host and port of a URL, such as `https://example.com:443`; never raises."""
    try:
        parsed = URL(url)
        if not parsed.raw_host:
            return UNUSABLE
        lane = f"{parsed.scheme}://{parsed.host_subcomponent}:{parsed.port}"
        lane.encode()
    except (ValueError, TypeError):
        return UNUSABLE
    return UNUSABLE if "\0" in lane or len(lane) > LONGEST_LANE else lane


def host_of(lane: str) -> str:
    """The host of a lane, as a person and a metric name it."""
    return lane.partition("://")[2] or lane
