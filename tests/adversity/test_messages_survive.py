"""What a caller recorded is kept, whatever is away while it is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from controller.embedded.postgres_server import FAST, PostgresServer
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk
from tests.support.house import KEY, Customer, House, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import hear, tone, write_tone

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]
RECORD, PLAY = "12015550101", "12015550102"
ASK, SAID = range(2)


@dataclass
class Mailbox:
    """A house with a number that records a message, and one that plays it."""

    house: House
    acme: Customer
    phone: Softphone
    asterisk: RunningAsterisk

    async def leave(self, caller: str, *, seconds: float = 1.2) -> PhoneCall:
        """Call, and say something into the recording, which goes on."""
        call = await self.phone.dial(RECORD, caller=caller)
        await hear(call, ASK)
        await call.play(tone(SAID, seconds))
        return call

    async def hear_message(self) -> None:
        """Call the other number until the message is there, and hear it."""
        async with asyncio.timeout(90):
            while True:
                call = await self.phone.dial(PLAY)
                try:
                    await hear(call, SAID)
                except AssertionError:
                    await call.ended()
                else:
                    await call.ended()
                    return

    def left_in_asterisk(self) -> list[Path]:
        return [path for path in Path(self.asterisk.configuration.spool_dir).rglob("*.wav") if path.is_file()]

    def noted(self) -> list[Path]:
        return list((self.house.folder / "state" / "recordings").glob("*.json"))


@asynccontextmanager
async def _mailbox(
    folder: Path, asterisk: RunningAsterisk, dsn: str, tools: ProgramTree, softphone: Phones
) -> AsyncIterator[Mailbox]:
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "ask.wav", ASK, 0.4)
    (folder / "record.txt").write_text(r"~^ask~ ~\RecordAndSaveAs(message|60|30)~")
    (folder / "play.txt").write_text("~^message~")
    async with customer() as acme:
        yaml = f"""
license_keys: {{acme: {{key: {KEY}, products: [phone], status_post_url: '{acme.url}/calls', sounds: sounds}}}}
dids:
  "+{RECORD}": {{voice: acme, script: record.txt}}
  "+{PLAY}": {{voice: acme, script: play.txt}}
trunks: {{carrier: {{host: 127.0.0.2}}}}
"""
        async with running_house(folder, asterisk, dsn, tools.root, yaml) as house, softphone(asterisk) as phone:
            yield Mailbox(house, acme, phone, asterisk)


@pytest.fixture
async def own_postgres(postgres_folder: Path) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(postgres_folder / "mailbox", logs=postgres_folder / "mailbox-logs", settings=FAST)
    await server.start()
    yield server
    await server.stop()


async def test_a_message_that_is_left_while_the_database_is_away_is_stored_when_it_is_back_even_after_a_kill(
    asterisk: RunningAsterisk, tools: ProgramTree, own_postgres: PostgresServer, tmp_path: Path, softphone: Phones
) -> None:
    async with _mailbox(tmp_path, asterisk, own_postgres.dsn, tools, softphone) as box:
        call = await box.leave("12015551701")
        await own_postgres.stop()
        await call.hang_up()
        async with asyncio.timeout(LONGEST_WAIT):
            while box.left_in_asterisk() or not box.noted():
                await asyncio.sleep(0.1)
        await box.hear_message()  # from the spool: the database is still away
        await box.house.kill()
        await own_postgres.start()
        await box.house.start()
        async with asyncio.timeout(60):
            while box.noted():
                await asyncio.sleep(0.1)
        await box.hear_message()
        connection = await asyncpg.connect(own_postgres.dsn)
        try:
            (row,) = await connection.fetch("SELECT sound_id, recorded, seconds FROM sounds")
        finally:
            await connection.close()
        assert (row["sound_id"], row["recorded"]) == ("message", True)
        assert row["seconds"] > 0.5


async def test_the_length_of_a_message_is_posted_although_the_store_has_to_wait_for_it(
    asterisk: RunningAsterisk, tools: ProgramTree, own_postgres: PostgresServer, tmp_path: Path, softphone: Phones
) -> None:
    async with _mailbox(tmp_path, asterisk, own_postgres.dsn, tools, softphone) as box:
        call = await box.leave("12015551702")
        await own_postgres.stop()
        await call.hang_up()
        async with asyncio.timeout(LONGEST_WAIT):
            while not box.noted() or box.left_in_asterisk():
                await asyncio.sleep(0.1)
        await own_postgres.start()
        posted = await box.acme.finals(1, timeout=30)
        assert int(posted[-1].form["lastrecordlength"]) >= 1


async def test_a_message_whose_controller_is_killed_while_it_is_recorded_is_kept_by_the_next_one(
    asterisk: RunningAsterisk, tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    async with _mailbox(tmp_path, asterisk, postgres, tools, softphone) as box:
        call = await box.leave("12015551703")
        await box.acme.wait(lambda posted: len(posted) == 1)
        await box.house.kill()
        await call.hang_up()
        await box.house.start()
        await box.hear_message()
        assert box.left_in_asterisk() == []
        assert box.noted() == []
