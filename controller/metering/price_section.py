"""`prices:` of the admin YAML, from its text to a price list, with every mistake at its line and column."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from controller.config_file.document import Document
from controller.config_file.validation import Declaration, locate, mistake, read_section
from controller.metering.prices import ALWAYS, EVERY_NUMBER, INSIDE, PriceList, Rate
from controller.metering.usage import UsageDirection, UsageProduct

SECTION = "prices"
MOST_RATES = 50_000
_PREFIX = re.compile(r"\+[0-9]{0,15}")
_OUTGOING_ONLY = (UsageProduct.ATTEMPT, UsageProduct.TRANSFER)
_TIMED_ONLY = ("per_minute", "first_seconds", "next_seconds", "first_price")


def _currency(text: str) -> str:
    if re.fullmatch(r"[A-Z]{3}", text) is None:
        raise mistake("not a currency", "three capital letters (ISO 4217), such as USD")
    return text


def _prefix(text: str) -> str:
    if text != INSIDE and _PREFIX.fullmatch(text) is None:
        raise mistake(
            "not a prefix of numbers",
            f'"+" and the first digits, such as "+1"; "+" alone is every number, "{INSIDE}" those of ours',
        )
    return text


def _day(text: str) -> str:
    try:
        datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise mistake("not a day", "a day such as 2026-12-01, which begins at midnight UTC") from None
    return text


def _money(text: Any) -> Any:
    if not isinstance(text, str) or re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,10})?", text) is None:
        raise mistake("not an amount", "digits with up to ten decimals, such as 0.0129")
    return Decimal(text)


Money = Annotated[Decimal, BeforeValidator(_money)]


class RateEntry(Declaration):
    """One rate; see `Rate`."""

    product: UsageProduct
    direction: UsageDirection = ""
    prefix: Annotated[str, AfterValidator(_prefix)] = EVERY_NUMBER
    valid_from: Annotated[str, AfterValidator(_day)] | None = None
    each: Money = Decimal(0)
    per_minute: Money = Decimal(0)
    first_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    next_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    first_price: Money | None = None
    minimum: Money = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _of_its_product(cls, value: Any) -> Any:
        """What is timed has a price a minute, everything else one for each."""
        if not isinstance(value, dict) or value.get("product") not in set(UsageProduct):
            return value
        product = UsageProduct(value["product"])
        wrong = ("each",) if product.is_timed else _TIMED_ONLY
        for name in wrong:
            if name in value:
                right = "per_minute" if product.is_timed else "each"
                raise mistake(f'"{name}" is no price of {product}, which is in {product.unit}', right, at=(name,))
        _refuse_what_never_counts(product, value)
        if not any(name in value for name in ("each", "per_minute", "first_price")):
            raise mistake("the price is missing", "per_minute" if product.is_timed else "each", at=("product",))
        return value

    def rate(self) -> Rate:
        """The rate that it declares."""
        began = ALWAYS
        if self.valid_from is not None:
            began = datetime.strptime(self.valid_from, "%Y-%m-%d").replace(tzinfo=UTC)
        return Rate(
            product=self.product,
            direction=self.direction,
            prefix=self.prefix,
            valid_from=began,
            each=self.each,
            per_minute=self.per_minute,
            first_seconds=self.first_seconds,
            next_seconds=self.next_seconds,
            first_price=self.first_price,
            minimum=self.minimum,
        )


def _refuse_what_never_counts(product: UsageProduct, value: dict[str, Any]) -> None:
    """A rate that no record can have is a mistake of who wrote it."""
    direction, prefix = value.get("direction"), value.get("prefix", EVERY_NUMBER)
    if direction and (product.is_monthly or product is UsageProduct.LOOKUP):
        raise mistake(f"a {product} has no direction", at=("direction",))
    if direction == "incoming" and product in _OUTGOING_ONLY:
        raise mistake(f"{product} is outgoing only", "no direction", at=("direction",))
    if prefix == INSIDE and (direction == "incoming" or product not in (UsageProduct.CALL, *_OUTGOING_ONLY)):
        raise mistake(f'"{INSIDE}" is of outgoing calls only', "a rate without this prefix", at=("prefix",))
    if product.is_monthly and prefix != EVERY_NUMBER:
        raise mistake(f"a {product} has no other party", "a rate without a prefix", at=("prefix",))


class PricesSection(Declaration):
    """`prices:` the currency, how amounts are rounded, and the rates."""

    currency: Annotated[str, AfterValidator(_currency)] = ""
    decimals: Annotated[int, Field(ge=0, le=8)] = 4
    rates: Annotated[tuple[RateEntry, ...], Field(max_length=MOST_RATES)] = ()


def read_prices(document: Document) -> PriceList:
    """The price list of a document; without the section everything is free. Mistakes are noted in the document."""
    section = read_section(document, SECTION, PricesSection)
    entry = document.root.entry(SECTION)
    if section is None or entry is None:
        return PriceList()
    if section.rates and not section.currency:
        document.report(entry.position, "prices need their currency", expected="`currency: USD`")
    first: dict[tuple[object, ...], int] = {}
    for place, rate in enumerate(section.rates):
        what = (rate.product, rate.direction, rate.prefix, rate.valid_from)
        earlier = first.setdefault(what, place)
        if earlier != place:
            line = locate(entry, ("rates", earlier)).line
            document.report(
                locate(entry, ("rates", place)),
                f"the price of the same product, direction and prefix stands in line {line} already",
                expected="another `valid_from`, or one of them only",
            )
    return PriceList(section.currency, section.decimals, tuple(rate.rate() for rate in section.rates))
