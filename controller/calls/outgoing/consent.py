"""Opt-outs that cover calls: a licence key may say so of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

ForbidsCall = Callable[[str, str], Awaitable[bool]]
"""Whether a key, by its name, may not call a number (E.164), because it opted out. StoreError."""

OPTED_OUT = "this number has opted out, and the licence key says that this covers calls"
