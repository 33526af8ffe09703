"""What is doubtful in how long a command waits, records or rings, as far as its text tells."""

from __future__ import annotations

from collections.abc import Iterator

from controller.script.commands.command import dynamic
from controller.script.commands.kinds import SECONDS

Doubt = tuple[str, str]

LONGEST_WAIT = 600.0  # seconds; longer ones are more likely a slip than meant


def unbounded(name: str, does: str, seconds: str) -> Iterator[Doubt]:
    """A time that only the call knows, or a very long one. does: what the command does so long ("waits")."""
    length = SECONDS.read(seconds)
    if dynamic(seconds):
        yield "unbounded-wait", f"How long {name} {does} depends on a variable; it may be up to an hour."
    elif length is not None and length > LONGEST_WAIT:
        yield "unbounded-wait", f"{name} {does} for more than ten minutes."


def limited(name: str, what: str, seconds: str, least: float, most: float) -> Iterator[Doubt]:
    """A time beyond what it is limited to. what: which time it is ("the time to ring")."""
    length = SECONDS.read(seconds)
    if length is not None and not least <= length <= most:
        nearest = min(max(length, least), most)
        yield (
            "limited-wait",
            f"{name} limits {what} to {least:g} to {most:g} seconds; {length:g} counts as {nearest:g}.",
        )
