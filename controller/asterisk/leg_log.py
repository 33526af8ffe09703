"""What Asterisk itself writes down of each leg: when it was answered and when it ended (channel event logging, CEL).

Asterisk does so whether a controller is there or not; so a controller that was away learns what it has missed. The
lines are those of asterisk-config/cel_custom.conf.j2.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger()

NAME = "legs.csv"
# Where Asterisk keeps it, below its folder of logs.
FOLDER = "cel-custom"
ROTATE_SECONDS = 180.0
# Nothing more is read: an Asterisk that nobody looked at for months must not fill our memory.
LONGEST = 64 * 1024 * 1024
_FIELDS = 9
# Presentations of a caller's number that forbid to show it (RFC 3325, as Asterisk names them).
_WITHHELD = "prohib"


@dataclass(frozen=True, slots=True)
class LoggedLeg:
    """A leg that was answered. Times are UTC, of Asterisk's clock.

    endpoint: the trunk or phone that it goes through. application: Asterisk's application that it was in when it was
    answered, with its arguments: ("Stasis", "ringpost", "incoming", "+12015550101"). caller: as the network gave it.
    called: whom the leg of a transfer leads to, as the controller wrote it (the channel's field for users).
    ended_at: None as long as it is up.
    """

    channel_id: str
    endpoint: str
    application: tuple[str, ...]
    caller: str
    withheld: bool
    called: str
    answered_at: datetime
    ended_at: datetime | None = None


def leg_log_in(log_dir: Path) -> Path:
    """The file, below the folder of an Asterisk's logs."""
    return log_dir / FOLDER / NAME


def legs_of(lines: Iterable[str]) -> list[LoggedLeg]:
    """The answered legs of a log, in the order of their answers. Lines that cannot be read are left out.

    A channel's id can be used again after its end, as those of transfers are: each answer is a leg.
    """
    legs: list[LoggedLeg] = []
    up: dict[str, int] = {}
    for line in lines:
        parts = line.rstrip("\n").split(",")
        if len(parts) != _FIELDS:
            continue
        event, moment, channel_id, *rest = parts
        try:
            at = datetime.fromtimestamp(float(moment), UTC)
            if event == "ANSWER":
                up[channel_id] = len(legs)
                legs.append(_answered(channel_id, at, rest))
            elif event == "CHAN_END" and (place := up.pop(channel_id, None)) is not None:
                legs[place] = replace(legs[place], ended_at=at)
        except (ValueError, OverflowError, OSError):
            log.warning("a line of Asterisk's log of legs cannot be read")
    return legs


def _answered(channel_id: str, at: datetime, rest: list[str]) -> LoggedLeg:
    channel, application, arguments, presentation, caller, number = rest
    endpoint = channel.partition("/")[2].rpartition("-")[0]
    inside = (application, *_text(arguments).split(",")) if application else ()
    withheld = presentation.startswith(_WITHHELD)
    return LoggedLeg(channel_id, endpoint, inside, _text(caller), withheld, _text(number), at)


def _text(encoded: str) -> str:
    """What stands in base64 behind a dot. ValueError when it does not."""
    try:
        return base64.b64decode(encoded, validate=True).decode(errors="replace").removeprefix(".")
    except binascii.Error as error:
        raise ValueError(str(error)) from None


class LegLog:
    """The log of one Asterisk, in a file that it appends to. file: None where this controller cannot see it.

    Two files are kept, the present one and the one before: what is in them is at least three minutes old, and older
    while no controller was there.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def read(self) -> list[LoggedLeg]:
        """The answered legs that are written down. Blocks; what cannot be read is left out, and logged."""
        if self._file is None:
            return []
        lines: list[str] = []
        for file in (self._before(self._file), self._file):
            try:
                lines += _lines(file)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("Asterisk's log of legs cannot be read", file=str(file), reason=str(error))
        return legs_of(lines)

    def rotate(self) -> None:
        """Begin a new file when the present one is old enough. Blocks. To be called when what it tells has been used.

        Asterisk opens the file for each line: none is lost.
        """
        if self._file is None:
            return
        try:
            with self._file.open(encoding="utf-8", errors="replace") as file:
                began_at = float(file.readline().split(",")[1])
            if datetime.now(UTC).timestamp() - began_at > ROTATE_SECONDS:
                self._file.replace(self._before(self._file))
        except FileNotFoundError:
            pass
        except (IndexError, ValueError):
            log.warning("Asterisk's log of legs does not begin as it should: it is begun anew", file=str(self._file))
            self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("Asterisk's log of legs cannot be rotated", file=str(self._file), reason=str(error))

    @staticmethod
    def _before(file: Path) -> Path:
        return file.with_suffix(".before.csv")


def _lines(path: Path) -> list[str]:
    """The newest lines of a file; the first of a part is left out, since it may be cut."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LONGEST))
        lines = file.read(LONGEST).decode(errors="replace").splitlines()
    return lines[1:] if size > LONGEST else lines
