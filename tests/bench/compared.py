"""Who is compared: bare Asterisk, Ringpost, and Ringpost of an earlier commit, each ready for calls, on one machine."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from controller.embedded.postgres_server import PostgresServer
from controller.programs import ProgramTree
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.folders import open_folder
from tests.support.house import IN_THIS_CLONE, KEY, Customer, House, customer
from tests.support.tones import write_tone

MENU_NUMBER, QUICK_NUMBER = "12015550101", "12015550102"
MENU = r"~\ClearDTMF()~~\AssignDTMF(1|one)~~\AssignDTMF(2|two)~ ~^tone-1~ ~\WaitForDTMF(10)~ ~\EndCall()~"
MENU += r"~\Label(one)~ ~^tone-1~ ~\EndCall()~ ~\Label(two)~ ~^tone-2~"
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+{menu}": {{voice: acme, script: menu.txt}}
  "+{quick}": {{voice: acme, script: quick.txt}}
trunks:
  carrier: {{host: 127.0.0.2, channels: 1000}}
"""
# The same calls without Ringpost, in the dialplan of an Asterisk that is configured alike.
BARE_DIALPLAN = """
[ringpost-trunk-carrier]
exten => quick,1,Answer()
 same => n,Wait(60)
exten => menu,1,Answer()
 same => n,Goto(bare-menu,s,1)
[bare-menu]
exten => s,1,Background(tone-1)
 same => n,WaitExten(10)
exten => _[1-9],1,Playback(tone-${EXTEN})
 same => n,Hangup()
"""
RTP_PORTS = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared: where its calls go to, the numbers of the two calls, its processes by name."""

    server: tuple[str, int]
    menu: str
    quick: str
    processes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Benches:
    """Those that are compared. `before`: the earlier commit, if one is; `house`: today's Ringpost; `customer`: who gets
    the post-backs of both.
    """

    tools: ProgramTree
    bare: Side
    ours: Side
    before: Side | None
    house: House
    customer: Customer

    @property
    def sides(self) -> dict[str, Side]:
        """All of them by name, in the order of their turns."""
        known = {"bare": self.bare, "ours": self.ours}
        return known if self.before is None else {**known, "before": self.before}


@asynccontextmanager
async def benches(tools: ProgramTree, clone: Path | None) -> AsyncIterator[Benches]:
    """Bare Asterisk, and Ringpost with its own Asterisk on a durable PostgreSQL, side by side.

    clone: a clone of an earlier commit with its own `.venv`, to be run beside today's; None without one.
    """
    with open_folder("ringpost-bench-") as folder:
        postgres = PostgresServer(folder / "postgres", logs=folder / "logs")
        await postgres.start()
        try:
            async with (
                customer() as acme,
                running_asterisk(tools, rtp_count=RTP_PORTS, dialplan=BARE_DIALPLAN) as bare,
                _ringpost(folder / "house", tools, postgres, acme.url, None) as (house, ours),
            ):
                for code in (1, 2):
                    write_tone(bare.server.tree.sounds_dir / f"tone-{code}.wav", code, 0.6)
                plain = Side(("127.0.0.1", bare.sip_port), "menu", "quick", {"asterisk": _pid(bare)})
                if clone is None:
                    yield Benches(tools, plain, ours, None, house, acme)
                    return
                async with _ringpost(folder / "before", tools, postgres, acme.url, clone) as (_, before):
                    yield Benches(tools, plain, ours, before, house, acme)
        finally:
            await postgres.stop()


@asynccontextmanager
async def _ringpost(
    folder: Path, tools: ProgramTree, postgres: PostgresServer, url: str, clone: Path | None
) -> AsyncIterator[tuple[House, Side]]:
    _furnish(folder)
    yaml = YAML.format(key=KEY, url=url, menu=MENU_NUMBER, quick=QUICK_NUMBER)
    database = folder.name
    await _create(postgres, database)
    async with running_asterisk(tools, rtp_count=RTP_PORTS) as asterisk:
        house = House(folder, asterisk, postgres.dsn_of(database), tools.root, yaml, "info")
        house.program = IN_THIS_CLONE
        if clone is not None:
            house.program = (str(clone / ".venv/bin/python"), "-m", "controller.cli")
            house.working_directory = clone
            await _leave_out_what_is_newer(house)
        await house.start()
        try:
            assert house.process is not None
            processes = {"controller": house.process.pid, "asterisk": _pid(asterisk)}
            yield house, Side(("127.0.0.1", asterisk.sip_port), MENU_NUMBER, QUICK_NUMBER, processes)
        finally:
            await house.stop()


async def _leave_out_what_is_newer(house: House) -> None:
    """Take out of the configuration the lines with keys that an earlier commit does not know."""
    _, told = await house.command("check", str(house.config))
    unknown = {int(number) for number in re.findall(r":(\d+):\d+: error: unknown key", told)}
    lines = house.config.read_text().splitlines()
    house.config.write_text("\n".join(line for number, line in enumerate(lines, 1) if number not in unknown) + "\n")


async def _create(postgres: PostgresServer, database: str) -> None:
    connection = await asyncpg.connect(postgres.dsn, timeout=10)
    try:
        await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


def _furnish(folder: Path) -> None:
    (folder / "sounds").mkdir(parents=True)
    for code in (1, 2):
        write_tone(folder / "sounds" / f"tone-{code}.wav", code, 0.6)
    (folder / "menu.txt").write_text(MENU)
    (folder / "quick.txt").write_text(r"~\PlaySilence(60)~")


def _pid(asterisk: RunningAsterisk) -> int:
    assert asterisk.server.pid is not None
    return asterisk.server.pid
