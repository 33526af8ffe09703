"""The parts of the room `texts`, wired with each other and with Asterisk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.asterisk.browser_phones import BrowserPhones
from controller.asterisk.fastagi import FastAgiServer
from controller.asterisk.hep import HepReceiver
from controller.config.load import Configuration
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackUrlOf
from controller.metering.metrics import UsageMetrics
from controller.metering.usage_watch import HeldKeys, HoldsKey
from controller.store.database import Database
from controller.texts.consent import CallConsent, OptOuts
from controller.texts.intake.intake import SCRIPT, Intake
from controller.texts.intake.storing import IncomingStore
from controller.texts.metrics import TextMetrics
from controller.texts.queueing import Queueing, utc_now
from controller.texts.rules import Rules
from controller.texts.sending.phones import RegisteredPhones
from controller.texts.sending.sender import Sender
from controller.texts.service import Texts
from controller.texts.text_retention import TextRetention


@dataclass(frozen=True, slots=True)
class TextListeners:
    """Where Asterisk reaches us: the dialplan by FastAGI, its mirrored SIP by HEP."""

    agi: FastAgiServer
    hep: HepReceiver
    host: str
    hep_port: int

    async def run(self) -> None:
        """Listen, until cancelled. OSError when a port is taken."""
        try:
            await self.hep.start(host=self.host, port=self.hep_port)
            await self.agi.start()
            await asyncio.Event().wait()
        finally:
            self.hep.stop()
            await self.agi.stop()


@dataclass(frozen=True, slots=True)
class TextParts:
    """The parts of the room `texts`."""

    texts: Texts
    opt_outs: OptOuts
    call_consent: CallConsent
    intake: Intake
    sender: Sender
    phones: RegisteredPhones
    listeners: TextListeners
    retention: TextRetention


def build_texts(
    configuration: Configuration,
    *,
    database: Database,
    directory: CurrentDirectory,
    ari: AriClient,
    ami: AmiClient,
    registry: CollectorRegistry,
    postback_url: PostbackUrlOf,
    holds_key: HoldsKey,
    held_keys: HeldKeys,
    usage_metrics: UsageMetrics,
    browsers: BrowserPhones,
) -> TextParts:
    """The parts that take texts in and send them, wired to Asterisk's doors."""
    settings = configuration.settings
    rules, metrics = Rules(), TextMetrics(registry, usage_metrics)
    wait = timedelta(hours=settings.texts.phone_wait_hours)
    queueing = Queueing(directory, database, rules, utc_now, wait, postback_url, holds_key, browsers)
    incoming = IncomingStore(database, directory, rules, queueing, metrics)
    intake = Intake(
        incoming, directory, rules, ami, metrics, configuration.text_secret, utc_now, postback_url, browsers
    )
    hep = HepReceiver(methods=("MESSAGE", "ACK"))
    hep.on_sip(intake.on_sip)
    phones = RegisteredPhones(ari, ami, directory)
    sender = Sender(database, directory, ari, hep, phones, rules, metrics, utc_now, held_keys, browsers)
    phones.on_arrival(sender.wake)
    agi = FastAgiServer(host=settings.asterisk.texts_listen, port=settings.asterisk.agi_port)
    agi.route(SCRIPT, intake.take)
    return TextParts(
        texts=Texts(database, directory, queueing, metrics),
        opt_outs=OptOuts(database),
        call_consent=CallConsent(database, directory),
        intake=intake,
        sender=sender,
        phones=phones,
        listeners=TextListeners(agi, hep, settings.asterisk.texts_listen, settings.asterisk.hep_port),
        retention=TextRetention(database, settings.texts.keep_days),
    )
