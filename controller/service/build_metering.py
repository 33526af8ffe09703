"""The parts of the room `metering`, wired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from controller.config.load import Configuration
from controller.directory.current import CurrentDirectory
from controller.mail.server import MailServer
from controller.metering.accounts import Accounts
from controller.metering.metrics import UsageMetrics
from controller.metering.monthly import MonthlyUsage
from controller.metering.prices import CurrentPrices
from controller.metering.speech import SpeechUsage
from controller.metering.store.standings import Standings
from controller.metering.usage_watch import UsageWatch
from controller.store.database import Database


@dataclass(frozen=True, slots=True)
class MeteringParts:
    """The parts of the room `metering`."""

    prices: CurrentPrices
    accounts: Accounts
    monthly: MonthlyUsage
    watch: UsageWatch
    metrics: UsageMetrics
    speech: SpeechUsage


def build_metering(
    configuration: Configuration, database: Database, directory: CurrentDirectory, registry: CollectorRegistry
) -> MeteringParts:
    """Prices, accounts, what each month begins with, the watch over limits, the counters, and the usage of speech."""
    prices = CurrentPrices(configuration.prices)
    mail = configuration.settings.mail
    server = (
        MailServer(mail.host, mail.port, mail.sender, mail.username, mail.password, mail.tls) if mail.host else None
    )
    metrics = UsageMetrics(registry)
    return MeteringParts(
        prices=prices,
        accounts=Accounts(database, prices),
        monthly=MonthlyUsage(database, directory, lambda: datetime.now(UTC)),
        watch=UsageWatch(Standings(database), directory, prices, server),
        metrics=metrics,
        speech=SpeechUsage(database, metrics, lambda: datetime.now(UTC)),
    )
