"""`limits:` of a licence key, as the YAML writes it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from controller.config_file.validation import Declaration, mistake
from controller.directory.usage_limits import MoneyLimit, UsageLimits
from controller.script.commands.kinds import EMAIL

# What the demo key may order in any 24 hours, unless its limits say otherwise: everybody knows it.
DEMO_ORDERS_PER_DAY = 25

Orders = Annotated[int, Field(ge=0, le=100_000_000)]


def _money(text: Any) -> Any:
    if not isinstance(text, str) or re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", text) is None:
        raise mistake("not an amount", "digits with up to four decimals, such as 250 or 99.50")
    return Decimal(text)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _address(text: str) -> str:
    if EMAIL.read(text) is None:
        raise mistake("not a valid e-mail address", "one plain address such as billing@example.com")
    return text


Money = Annotated[Decimal, BeforeValidator(_money)]


class MoneyLimitEntry(Declaration):
    """A limit of money: an amount alone is the hard one."""

    soft: Money | None = None
    hard: Money | None = None

    @model_validator(mode="before")
    @classmethod
    def _hard_alone(cls, value: Any) -> Any:
        return {"hard": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _in_order(self) -> MoneyLimitEntry:
        if self.soft is not None and self.hard is not None and self.soft > self.hard:
            raise mistake("the warning comes after the end", "`soft` at most as high as `hard`", at=("soft",))
        return self

    @property
    def limit(self) -> MoneyLimit:
        """What it declares."""
        return MoneyLimit(self.soft, self.hard)


class LimitsEntry(Declaration):
    """`limits:` what a licence key may use."""

    calls_per_day: Orders | None = None
    texts_per_day: Orders | None = None
    minutes_per_day: Orders | None = None
    money_per_day: MoneyLimitEntry = Field(default_factory=MoneyLimitEntry)
    money_per_month: MoneyLimitEntry = Field(default_factory=MoneyLimitEntry)
    warn: Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], BeforeValidator(_listed)] = ()

    @property
    def limits(self) -> UsageLimits:
        """What it declares."""
        return UsageLimits(
            calls_per_day=self.calls_per_day,
            texts_per_day=self.texts_per_day,
            minutes_per_day=self.minutes_per_day,
            money_per_day=self.money_per_day.limit,
            money_per_month=self.money_per_month.limit,
            warn=self.warn,
        )

    @property
    def of_demo(self) -> UsageLimits:
        """The same for a demo key, which has an allowance of orders even where none is declared."""
        calls, texts = self.calls_per_day, self.texts_per_day
        return replace(
            self.limits,
            calls_per_day=DEMO_ORDERS_PER_DAY if calls is None else calls,
            texts_per_day=DEMO_ORDERS_PER_DAY if texts is None else texts,
        )
