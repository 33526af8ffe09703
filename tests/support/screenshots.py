"""`make screenshots`: pictures of the console's main pages, with made-up data, for docs/console.md."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from playwright.async_api import Browser

from controller.api.console.store.sessions import Sessions
from controller.calls.model.sip_message import SipMessage
from controller.calls.store.sip_ladders import SipLadders
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations
from controller.texts.model.order import TextOrder
from tests.support.chromium import browser_tools, chromium
from tests.support.console import House, console_house
from tests.support.folders import open_folder
from tests.support.outbox import postback
from tests.support.phone_notify import TWO_SECONDS
from tests.support.sql import sql

PROJECT = Path(__file__).parents[2]
IMAGES = PROJECT / "docs" / "images"
PAGES = {
    "overview": "/",
    "calls": "/calls",
    "call": "/calls/1000000001",
    "script": "/scripts/edit?name=menu",
    "postbacks": "/postbacks",
    "versions": "/scripts/versions?name=menu",
}
MENU = """~\\Label(menu)~
Welcome to Acme. Press one for sales, two to hear this again.
~\\AssignDTMF(1|sales)~ ~\\AssignDTMF(2|menu)~
~\\WaitForDTMF(5)~
~\\EndCall()~
~\\Label(sales)~
One moment please.
~\\TransferTo(2015550110)~
~\\EndCall()~
"""


CARRIER, HOUSE, DESK = "198.51.100.7:5060", "192.0.2.1:5060", "192.0.2.44:5071"
# When, from where, to where, the start line, CSeq.
SIP = (
    (0.0, CARRIER, HOUSE, "INVITE sip:+1201***0101@192.0.2.1", "1 INVITE"),
    (0.02, HOUSE, CARRIER, "100 Trying", "1 INVITE"),
    (1.0, HOUSE, CARRIER, "200 OK", "1 INVITE"),
    (1.05, CARRIER, HOUSE, "ACK sip:192.0.2.1:5060", "1 ACK"),
    (23.5, HOUSE, DESK, "INVITE sip:alice@192.0.2.44:5071", "7 INVITE"),
    (23.9, DESK, HOUSE, "486 Busy Here", "7 INVITE"),
    (31.0, CARRIER, HOUSE, "BYE sip:192.0.2.1:5060", "2 BYE"),
    (31.02, HOUSE, CARRIER, "200 OK", "2 BYE"),
)


def _message(began: datetime, seconds: float, source: str, destination: str, line: str, cseq: str) -> SipMessage:
    headers = "from: <sip:+1201***0199@198.51.100.7>;tag=a1\nto: <sip:+1201***0101@192.0.2.1>"
    return SipMessage(began + timedelta(seconds=seconds), source, destination, line, cseq, headers)


async def fill(house: House) -> None:
    """Made-up calls, texts and post-backs."""
    from controller.directory.saved_scripts import SavedScripts

    began = await house.call(1000000001)
    await house.trace(
        1000000001,
        began,
        (1, "answered", "{}"),
        (1, "say", '{"text": "Welcome to Acme. Press one for sales, two to leave a message."}'),
        (6.2, "digit", '{"digit": "2"}'),
        (6.3, "jump", '{"label": "message"}'),
        (6.5, "say", '{"text": "Speak after the tone."}'),
        (9, "beep", "{}"),
        (22, "record", '{"id": "message"}'),
        (22.2, "say", '{"text": "Thank you."}'),
        (23.5, "transfer", '{"number": "2015550110", "result": "busy"}'),
        (31, "end", '{"reason": "hung-up"}'),
    )
    await house.sounds.put("acme", "message", TWO_SECONDS)
    await SipLadders(house.database).add(1000000001, [_message(began, *each) for each in SIP])
    failures = ("500 Internal Server Error", "no answer within 15 s")
    for number, event in enumerate(("call.answered", "call.completed"), 1):
        made = postback("call:1000000001", sequence=number, event=event, final=number == 2, url="https://example.com/")
        await house.postback(made)
        at = began + timedelta(seconds=1 if number == 1 else 31)
        await sql(house.database, "UPDATE postbacks SET created_at = $1 WHERE id = $2", at, made.id)
        for tried, reason in enumerate((*failures[: 2 if number == 2 else 0], "")):
            await sql(
                house.database,
                "INSERT INTO postback_attempts (postback, at, seconds, status, delivered, reason)"
                " SELECT number, $1, 0.2, $2, $3, $4 FROM postbacks WHERE id = $5",
                at + timedelta(seconds=0.1 + tried * 5),
                200 if not reason else 500,
                not reason,
                reason,
                made.id,
            )
    await sql(house.database, "DELETE FROM postback_outbox")
    now = datetime.now(UTC)
    for number in range(240):
        start = now - timedelta(minutes=(number * 7) % 59, seconds=number % 50)
        code, answered = ((30, True), (31, True), (30, True), (26, True), (2, False))[number % 5]
        await house.call(
            1000000100 + number,
            their_number=f"+1201555{number % 100 + 100:04d}",
            started_at=start,
            answered_at=start + timedelta(seconds=2) if answered else None,
            ended_at=start + timedelta(seconds=40),
            response_code=code,
        )
    for number in range(3):
        since = now - timedelta(seconds=20 * (number + 1))
        await house.call(1000000400 + number, open_call=True, started_at=since, answered_at=since)
    await house.texts.queue([TextOrder("acme", "+12015550188", "Your table is ready.", sender="+12015550101")])
    scripts = SavedScripts(house.database)
    await scripts.save("acme", "menu", MENU.replace("two to hear this again", "two for the same once more"), by="carl")
    await scripts.save("acme", "menu", MENU, by="ann")


async def take(house: House, browser: Browser) -> None:
    """Every page, in light; the overview in dark and on a phone too."""
    IMAGES.mkdir(exist_ok=True)
    person = await house.person("ann")
    for suffix, scheme, width in (("", "light", 1200), ("-dark", "dark", 1200), ("-phone", "light", 390)):
        context = await browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 800}
        )
        page = await context.new_page()
        link = await Sessions(house.database).make_link(person)
        await page.goto(f"{house.url}/console/link/{link}")
        await page.wait_for_url("**/console/me")
        for name, path in PAGES.items():
            if not suffix or name in ("overview", "call"):
                await page.goto(f"{house.url}/console{path}")
                await page.wait_for_load_state("load")
                await page.screenshot(path=IMAGES / f"console-{name}{suffix}.png", full_page=name in ("call", "script"))
        await context.close()


async def main() -> None:
    """Start what is needed, and take the pictures."""
    with open_folder("ringpost-pg-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs", settings=dict(FAST))
        await server.start(timeout=60)
        try:
            connection = await asyncpg.connect(server.dsn_of("postgres"), timeout=10)
            await connection.execute("CREATE DATABASE screenshots")
            await connection.close()
            dsn = server.dsn_of("screenshots")
            await Migrations(MIGRATIONS).apply(dsn)
            with tempfile.TemporaryDirectory() as media:
                async with console_house(dsn, Path(media)) as house, chromium(browser_tools(PROJECT)) as browser:
                    await house.dids.load()
                    await fill(house)
                    await take(house, browser)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
