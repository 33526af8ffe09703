"""The echo test: the caller hears what the caller says."""

from __future__ import annotations

from controller.calls.line.line import Line
from controller.errors import AsteriskRefused
from controller.script.outcomes import HungUp, Outcome

ECHO_CONTEXT = "ringpost-echo"
_NOT_IN_STASIS = 409


async def echo(line: Line, application: str) -> Outcome:
    """Let the caller hear what the caller says, until hang-up: Asterisk's Echo(), outside of Stasis."""
    await line.ari.applications.subscribe(application, f"channel:{line.channel.id}")
    try:
        await line.channel.continue_in_dialplan(context=ECHO_CONTEXT, extension="s", priority=1)
    except AsteriskRefused as error:
        # 409, not in Stasis: it hears its echo already, and a former controller sent it there.
        if error.status != _NOT_IN_STASIS or await line.is_gone():
            raise
    await line.until_destroyed()
    return HungUp()
