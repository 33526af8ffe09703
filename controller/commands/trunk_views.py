"""`ringpost trunks`: how the trunks of the running system stand, as a table or for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from json import dumps
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from controller.commands.watching import NOT_RUNNING, addresses_of
from controller.config.load import read_configuration
from controller.errors import RingpostError
from controller.terminal import shown

REQUEST_SECONDS = 30.0
STYLES = {"reachable": "green", "unreachable": "red", "unknown": "yellow"}


async def show_trunks(config: Path, console: Console, *, as_json: bool) -> None:
    """Print all trunks. RingpostError when the service does not run."""
    trunks = await _asked(config)
    if as_json:
        console.print_json(dumps(trunks))
        return
    if not trunks:
        console.print("The configuration has no trunks.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("name", "address", "state", "channels", "calls/s", "failures", "left alone until (UTC)"):
        table.add_column(heading, overflow="fold")
    for trunk in trunks:
        used, seconds = trunk["channels_in_use"], trunk["left_alone_seconds"]
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        table.add_row(
            shown(trunk["name"]),
            shown(f"{trunk['address']} {trunk['transport']}"),
            f"[{STYLES.get(trunk['state'], 'default')}]{trunk['state']}[/]",
            f"{'?' if used is None else used} of {trunk['channels']}",
            f"{trunk['calls_per_second']:g}",
            str(trunk["failures"]),
            f"{until:%Y-%m-%d %H:%M:%S}" if seconds else "",
        )
    console.print(table)


async def _asked(config: Path) -> list[dict[str, Any]]:
    addresses = addresses_of(read_configuration(config))
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(trust_env=False, timeout=timeout, headers=addresses.headers) as http,
            http.get(f"{addresses.http}/admin/trunks") as answer,
        ):
            if answer.status != 200:
                raise RingpostError((await answer.text()).strip() or f"the service answered {answer.status}")
            trunks: list[dict[str, Any]] = await answer.json()
            return trunks
    except (aiohttp.ClientError, TimeoutError):
        raise RingpostError(NOT_RUNNING) from None
