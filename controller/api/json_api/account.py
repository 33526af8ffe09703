"""The licence key itself over the JSON interface: its numbers, and what it used."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.reads import Reads
from controller.api.voipms.did_checks import routing_of
from controller.directory.current import CurrentDirectory
from controller.egress.urls import masked_url
from controller.metering.invoice import month_of
from controller.metering.prices import CurrentPrices
from controller.metering.report import By
from controller.metering.store.usage_reader import UsageReader

REPORTS_AT_ONCE = 2


class NumbersAsked(Asked):
    """The numbers of the key."""


class Number(Told):
    """A number of the key. routing: what answers it; has_calls, has_texts: whether these are the key's."""

    number: str
    description: str
    has_calls: bool
    has_texts: bool
    routing: str
    status_post_url: str = Field(description="Where post-backs of calls go, without its password.")


class Numbers(Told):
    """The numbers of the key."""

    numbers: tuple[Number, ...]


class UsageAsked(Asked):
    """A month such as 2026-11, without one this month; by: what the report is divided by."""

    month: Annotated[str, Field(pattern=r"^(\d{4}-\d{2})?$")] = ""
    by: By = ""


class UsageLine(Told):
    """A line of the report. amount: exact, in `currency`; unpriced: records that have no price."""

    part: str
    product: str
    direction: str
    records: int
    units: int
    unit: str
    amount: Decimal
    unpriced: int


class Usage(Told):
    """What the key used in a month, and what that costs. currency: empty without prices."""

    month: str
    currency: str
    amount: Decimal
    lines: tuple[UsageLine, ...]


class AccountOperations:
    """Operations on what the key has."""

    def __init__(self, directory: CurrentDirectory, reads: Reads, prices: CurrentPrices) -> None:
        self._directory = directory
        self._reads = reads
        self._prices = prices
        self._turns = asyncio.Semaphore(REPORTS_AT_ONCE)

    @api_operation("GET", "/numbers", Scope.NUMBERS_READ)
    async def list_numbers(self, asked: NumbersAsked, bearer: TokenBearer) -> Numbers:  # noqa: ARG002
        """The numbers of the key."""
        name = bearer.key.name
        found = []
        for did in self._directory.snapshot.dids.values():
            has_calls = did.voice is not None and did.voice.name == name
            has_texts = did.sms is not None and did.sms.name == name
            if has_calls or has_texts:
                url = did.status_post_url or did.settings.call_post_url or bearer.key.status_post_url or ""
                found.append(
                    Number(
                        number=did.number,
                        description=did.description,
                        has_calls=has_calls,
                        has_texts=has_texts,
                        routing=routing_of(did) if has_calls else "",
                        status_post_url=masked_url(url) if url else "",
                    )
                )
        return Numbers(numbers=tuple(found))

    @api_operation("GET", "/usage", Scope.USAGE_READ)
    async def show_usage(self, asked: UsageAsked, bearer: TokenBearer) -> Usage:
        """What the key used in a month, and what that costs."""
        try:
            since, until = month_of(asked.month or f"{datetime.now(UTC):%Y-%m}")
        except ValueError:
            raise ApiRefused(422, "invalid", "month: there is no such month") from None
        async with self._turns:
            reader = UsageReader(self._reads.database)
            whole = await reader.report(bearer.key.name, since, until, self._prices.list, by=asked.by)
        lines = tuple(
            UsageLine(
                part=line.part,
                product=line.product.value,
                direction=line.direction,
                records=line.records,
                units=line.units,
                unit=line.product.unit,
                amount=line.amount,
                unpriced=line.unpriced,
            )
            for line in whole.lines
        )
        return Usage(month=f"{since:%Y-%m}", currency=whole.currency, amount=whole.amount, lines=lines)
