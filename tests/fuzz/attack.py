"""`python -m tests.fuzz.attack [INPUTS] [SEED]`: hostile inputs at every door, counted; `make attack`.

HTTP doors are those of customers' interfaces and the console, on a running service with a PostgreSQL of its own.
FastAGI has the intake of texts behind it. The others read what somebody else wrote: call scripts, the YAML, URLs,
mirrored SIP, security events. A failure is an error of Ringpost's own: 500 without a fault of the sender's, an
exception, no end.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from controller.api.auth import Guesses
from controller.asterisk.hep import HepReceiver
from controller.asterisk.security_events import NAMES, read_failed_login
from controller.config.sections import SECTIONS
from controller.config.settings import read_settings
from controller.config_file.document import parse_document
from controller.directory.loader import build
from controller.directory.script_examination import examine
from controller.egress.addresses import parse_address, refusal_of
from controller.egress.guard import Guard
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.errors import RingpostError, UrlRefused
from controller.resources import MIGRATIONS
from controller.script.effects import End
from controller.script.engine import Engine
from controller.script.outcomes import Detected, DigitPressed, Failed, Finished
from controller.script.state import State
from controller.store.migrations import Migrations
from tests.fuzz.browsing import console_requests
from tests.fuzz.campaign import campaign, requests
from tests.fuzz.dialplan import ask
from tests.fuzz.doors import KEYS, dialer_requests, interfaces, phone_interface
from tests.fuzz.mutator import NASTY
from tests.fuzz.seeds import Request
from tests.support.console import console_house
from tests.support.dialer import SEND, STATUS, dialer
from tests.support.folders import open_folder
from tests.support.phone_notify import KEY as PHONE_KEY
from tests.support.phone_notify import phone_notify
from tests.support.sms_notify import sms_notify
from tests.support.texts import texts_room

PROJECT = Path(__file__).parent.parent.parent
INPUTS = 2000
# Longer than that nothing may take that is read in memory, on whatever machine.
LONGEST_SECONDS = 10.0
_SIGNS = ["~\\", ")~", "(", "|", "[", "]", "~^", "<break time='9s'/>", "<", "&", "{", "}", ": ", "- ", "*a", "!!x"]
_URLS = [
    "https://user:pass@acme.example:8443/a/b?c=d#e",
    "http://127.0.0.1:8080/metrics",
    "http://[::ffff:169.254.169.254]/latest",
    "http://2130706433/",
]
_SIP = (
    b"MESSAGE sip:+12015550101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 7 MESSAGE\r\nContent-Length: 2\r\n\r\nhi"
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A door, how many inputs it got, and which of them it failed at."""

    door: str
    inputs: int
    failures: tuple[str, ...]


def spoil(dice: random.Random, text: str) -> str:
    """A text with a few of its parts changed, doubled, cut or replaced by something nasty."""
    for _ in range(dice.randint(1, 6)):
        at, length = dice.randrange(len(text) + 1), dice.randint(0, 40)
        part = dice.choice(
            [dice.choice(NASTY), dice.choice(_SIGNS), text[at : at + length] * 2, "", chr(dice.randrange(0x250))]
        )
        text = (text[:at] + part + text[at + length :])[:200_000]
    return text


def read_script(text: str) -> None:
    """Parse and check a script, and run a hundred effects of it on chance outcomes."""
    examined = examine(text)
    dice = random.Random(len(text))
    engine = Engine(examined.program, State.for_incoming(phonenumber="+12015550101", callerid="", key_seed="s"))
    effect = engine.start()
    for _ in range(100):
        if isinstance(effect, End):
            break
        engine.observe(DigitPressed(dice.choice("0123456789*#x")) if dice.random() < 0.7 else Detected("MACHINE"))
        effect = engine.resume(Finished() if dice.random() < 0.7 else Failed("no"), dice.random())


def read_yaml(text: str) -> None:
    """Read a configuration."""
    document = parse_document(text, str(PROJECT / "config" / "ringpost.yaml"))
    read_settings(document, {})
    build(document, other_sections=SECTIONS)


def read_url(text: str) -> None:
    """Judge a URL, with nothing opened."""
    with suppress(UrlRefused):
        checked = Guard().check(text)
        address = parse_address(checked.raw_host or "")
        if address is not None and refusal_of(address):
            raise AssertionError(f"the guard let {text!r} through")


def read_sip(text: str) -> None:
    """Take a packet of mirrored SIP."""
    HepReceiver().datagram_received(text.encode("latin-1", "replace"), ("127.0.0.1", 9060))


def read_event(text: str) -> None:
    """Read a security event."""
    for name in NAMES:
        read_failed_login({"Event": name, "Service": text, "AccountID": text, "RemoteAddress": text})


def hammer(door: str, seeds: list[str], read: Callable[[str], None], count: int, dice: random.Random) -> Tried:
    """Give a door so many spoilt texts."""
    failures = []
    for _ in range(count):
        text = spoil(dice, dice.choice(seeds))
        began = time.monotonic()
        try:
            read(text)
        except RingpostError:
            pass
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error} for {text[:200]!r}")
        if time.monotonic() - began > LONGEST_SECONDS:
            failures.append(f"{time.monotonic() - began:.0f} s for {text[:200]!r}")
    return Tried(door, count, tuple(failures))


def readers(count: int, seed: int) -> list[Tried]:
    """The doors that read text, without a service."""
    dice = random.Random(seed)
    scripts = [path.read_text() for path in sorted((PROJECT / "config" / "scripts").glob("*.txt"))]
    addresses = ["IPV4/UDP/192.0.2.7/5060", "IPV6/TLS/2001:db8::1/5061"]
    return [
        hammer("call scripts", scripts, read_script, count, dice),
        hammer("the YAML", [(PROJECT / "config" / "ringpost.yaml").read_text()], read_yaml, max(1, count // 10), dice),
        hammer("customers' URLs", _URLS, read_url, count, dice),
        hammer("mirrored SIP", ["HEP3" + _SIP.decode(), _SIP.decode()], read_sip, count, dice),
        hammer("security events", addresses, read_event, count, dice),
    ]


def _free() -> Guesses:
    """Nobody who guesses a key or a password is held up: what the door does with the rest is asked here."""
    return Guesses(clock=itertools.count(0.0, 3600.0).__next__)


async def _attack(door: str, url: str, wanted: Iterator[Request], count: int, *, own_faults: bool = True) -> Tried:
    """Attack an HTTP door. own_faults: whether it may answer 500 where that names a fault of the sender's (SOAP)."""
    outcome = await campaign(url, wanted)
    failures = [f"{status} for {request}: {body[:200]!r}" for request, status, body in outcome.failures]
    if not own_faults:
        failures += [f"{status} {times} times" for status, times in outcome.statuses.items() if status == 500]
    return Tried(door, count, tuple(failures))


async def customers_doors(dsn: str, media: Path, count: int, seed: int) -> list[Tried]:
    """The doors of customers' interfaces."""
    tried = []
    async with sms_notify(dsn, sending=False, guesses=_free(), media=media / "voipms") as texts:
        for interface in interfaces():
            wanted = requests([interface], KEYS, count, seed)
            tried.append(await _attack(f"{interface.path} (HTTP)", texts.url, wanted, count))
    async with phone_notify(dsn, media / "phone", guesses=_free()) as phone:
        server = phone.url.removesuffix(phone_interface().path)
        wanted = requests([phone_interface()], (PHONE_KEY, PHONE_KEY, KEYS[-1]), count, seed)
        tried.append(await _attack(f"{phone_interface().path} (HTTP)", server, wanted, count))
    async with dialer(dsn, media / "dialer", guesses=_free()) as dialling:
        wanted = dialer_requests(count, seed)
        tried.append(await _attack(f"the Dialer: {SEND}, {STATUS}", dialling.url, wanted, count, own_faults=False))
    return tried


async def own_doors(dsn: str, media: Path, count: int, seed: int) -> list[Tried]:
    """The console, with an operator and a customer who are logged in, and FastAGI."""
    tried = []
    async with console_house(dsn, media / "console") as house:
        for name, key in (("operator", None), ("customer", "acme")):
            browser = await house.logged_in(f"{name}@attack.example", key)
            wanted = console_requests(house.console.doors, browser, count // 2, seed)
            tried.append(await _attack(f"the console, as {name}", house.url, wanted, count // 2, own_faults=False))
    async with texts_room(dsn, sending=False) as texts:
        tried.append(Tried("FastAGI", count, tuple(await ask(texts, count, seed))))
    return tried


async def main(count: int, seed: int) -> int:
    """Attack every door, and print what came of it; 1 when one failed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    tried = await asyncio.to_thread(readers, count, seed)
    with open_folder("ringpost-attack-") as folder:
        server = PostgresServer(folder / "cluster", logs=folder / "logs", settings=FAST)
        await server.start(timeout=60)
        try:
            dsn = server.dsn_of("postgres")
            await Migrations(MIGRATIONS).apply(dsn)
            tried += await customers_doors(dsn, folder, count, seed)
            tried += await own_doors(dsn, folder, count, seed)
        finally:
            await server.stop()
    print(f"{'door':<56} {'inputs':>8} {'failures':>9}")
    for each in tried:
        print(f"{each.door:<56} {each.inputs:>8,} {len(each.failures):>9}")
        for failure in each.failures[:5]:
            print(f"  {failure}")
    print(f"{'together':<56} {sum(each.inputs for each in tried):>8,} {sum(len(each.failures) for each in tried):>9}")
    return 1 if any(each.failures for each in tried) else 0


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:3]]
    sys.exit(asyncio.run(main(numbers[0] if numbers else INPUTS, numbers[1] if len(numbers) > 1 else 20261127)))
