"""The VoIP.ms interface over real HTTP and a real PostgreSQL; only Asterisk and the speech are made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry

from controller.api.auth import Guesses
from controller.api.voipms.dates import ZONE
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.mail.server import MailServer
from controller.metering.accounts import Accounts
from controller.metering.prices import CurrentPrices, PriceList, Rate
from controller.metering.usage import UsageProduct
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.script.analysis.checker import NOWHERE
from controller.service.build_voipms import VoipmsParts, voipms_routes
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.texts.metrics import TextMetrics
from controller.texts.queueing import utc_now
from controller.texts.service import Texts
from tests.support.synthesizers import ToneSynthesizer
from tests.support.texts import TextsRoom, texts_room
from tests.support.voipms import KEY, PLAIN, Client, serving

DID, STATED, SECOND = "2015550101", "2015550102", "2015550104"
STOCK, CANADIAN, TOLL_FREE = "+12015550107", "+14165550108", "+18005550109"
CONTACT, ABROAD = "2125550123", "+442071838750"
PRICES = PriceList("USD", 4, (Rate(UsageProduct.CALL, "incoming", per_minute=Decimal("0.009")),))


def snapshot(key: LicenseKey = KEY) -> Snapshot:
    """A customer with three numbers, one of which the configuration answers; another one's; and three in stock."""
    return Snapshot(
        license_keys={each.name: each for each in (key, PLAIN)},
        dids={
            f"+1{DID}": Did(f"+1{DID}", voice=key, sms=key, description="Jersey City"),
            f"+1{STATED}": Did(f"+1{STATED}", voice=key, script_file=Path("x.txt"), script_source="~Hello~"),
            f"+1{SECOND}": Did(f"+1{SECOND}", sms=key),
            "+12015550103": Did("+12015550103", voice=PLAIN, sms=PLAIN),
            STOCK: Did(STOCK, description="Hackensack"),
            CANADIAN: Did(CANADIAN),
            TOLL_FREE: Did(TOLL_FREE),
            ABROAD: Did(ABROAD),
        },
        phones={"alice": Phone("alice", "password", "+12015550110")},
        trunks={"carrier": Trunk("carrier", "192.0.2.1")},
    )


@dataclass
class VoipmsRoom:
    """The running interface. `rival`: the other customer's client."""

    client: Client
    rival: Client
    texts: TextsRoom
    dids: GrantedDids
    entries: Entries
    sounds: KeySounds

    async def rows(self, method: str = "getSMS", **wanted: object) -> list[dict[str, Any]]:
        """The messages of these days that fit."""
        answer = await self.client.call(method, **days(), **wanted)
        rows: list[dict[str, Any]] = answer.get("sms", [])
        return rows


def days(before: int = 1) -> dict[str, str]:
    """The days around today, for `from` and `to`."""
    today = datetime.now(ZONE)
    first, last = today - timedelta(days=before), today + timedelta(days=1)
    return {"from": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d} 23:59:59"}


async def voipms_parts(
    texts: TextsRoom, media: Path, guesses: Guesses | None = None, mail: MailServer | None = None
) -> VoipmsParts:
    """What the interface is made of, over the texts' room. media: a folder for prompts."""
    prompts = Prompts(media, Voices([ToneSynthesizer("tone")], {}))
    library = SoundLibrary(texts.database, prompts)
    await library.load()
    sounds = KeySounds(texts.directory, library, prompts)
    dids = GrantedDids(texts.database, texts.directory, NOWHERE, sounds.ids)
    entries = Entries(texts.database)
    entries.on_change(texts.directory.keep)
    await entries.load()
    await dids.load()
    service = Texts(texts.database, texts.directory, texts.queueing, TextMetrics(CollectorRegistry()))
    accounts = Accounts(texts.database, CurrentPrices(PRICES))
    return VoipmsParts(
        texts.database,
        texts.directory,
        dids,
        entries,
        sounds,
        service,
        texts.phones,
        accounts,
        guesses=guesses or Guesses(),
        mail=mail,
    )


@asynccontextmanager
async def voipms_room(
    dsn: str,
    media: Path,
    known: Snapshot | None = None,
    *,
    sending: bool = True,
    holds_key: HoldsKey = holds_nobody,
    mail: MailServer | None = None,
) -> AsyncIterator[VoipmsRoom]:
    """Start the interface and what is behind it."""
    async with texts_room(dsn, known or snapshot(), now=utc_now, sending=sending, holds_key=holds_key) as texts:
        parts = await voipms_parts(texts, media, mail=mail)
        dids, entries, sounds = parts.dids, parts.entries, parts.sounds
        listening = [asyncio.create_task(dids.run()), asyncio.create_task(entries.run())]
        try:
            async with serving(voipms_routes(parts)) as client, aiohttp.ClientSession() as session:
                rival = Client(session, client.url, "plain", PLAIN.key)
                yield VoipmsRoom(client, rival, texts, dids, entries, sounds)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)


def limited(**access: object) -> Snapshot:
    """The snapshot, with another access of the customer."""
    return snapshot(replace(KEY, api=replace(KEY.api, **access)))  # type: ignore[arg-type]
