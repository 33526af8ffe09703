"""Opting the other party of a call out of the key's texts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from controller.calls.line.line import Line
from controller.errors import StoreError
from controller.numbers import is_e164
from controller.script.outcomes import Failed, Finished, Outcome

BlockNumber = Callable[[str, str, int], Awaitable[None]]
"""Blocks a number (E.164) for a licence key, by its name, because of a call, by its QueueID. StoreError."""


async def opt_out(line: Line, block: BlockNumber, license_key: str) -> Outcome:
    """Block the other party's number. Gives Finished, or Failed: it has none, or the database did not take it."""
    if not is_e164(line.other_party):
        return Failed("the other party's number is not known")
    try:
        await block(license_key, line.other_party, line.queue_id)
    except StoreError as error:
        return Failed(str(error))
    return Finished()
