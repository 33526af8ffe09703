"""Limits of usage: what the YAML may say, and when a limit is reached."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from controller.config_file.document import parse_document
from controller.config_file.validation import read_entries
from controller.directory.limit_declarations import LimitsEntry
from controller.directory.usage_limits import MoneyLimit, UsageLimits
from controller.metering.thresholds import Standing, reached

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NOTHING = Standing(0, Decimal(0), Decimal(0))


def levels(limits: UsageLimits, standing: Standing) -> list[tuple[str, str, str]]:
    return [(each.name, each.level, each.period) for each in reached(limits, standing, NOW)]


def test_without_limits_nothing_is_reached_and_nothing_watched() -> None:
    assert levels(UsageLimits(), Standing(10**9, Decimal(10**9), Decimal(10**9))) == []
    assert not UsageLimits(calls_per_day=1, texts_per_day=1).is_watched


@pytest.mark.parametrize(("seconds", "held"), [(599, False), (600, True)])
def test_minutes_are_reached_to_the_second(seconds: int, held: bool) -> None:
    found = levels(UsageLimits(minutes_per_day=10), Standing(seconds, Decimal(0), Decimal(0)))
    assert found == ([("minutes_per_day", "hard", "2026-11-27")] if held else [])


def test_money_warns_at_soft_and_holds_at_hard_by_day_and_by_month() -> None:
    limits = UsageLimits(
        money_per_day=MoneyLimit(Decimal(5), Decimal(10)), money_per_month=MoneyLimit(Decimal(50), None)
    )
    assert levels(limits, NOTHING) == []
    assert levels(limits, Standing(0, Decimal("4.9999"), Decimal(50))) == [("money_per_month", "soft", "2026-11")]
    assert levels(limits, Standing(0, Decimal(10), Decimal(10))) == [
        ("money_per_day", "soft", "2026-11-27"),
        ("money_per_day", "hard", "2026-11-27"),
    ]


def test_a_limit_of_zero_lets_nothing_out() -> None:
    assert levels(UsageLimits(minutes_per_day=0), NOTHING) == [("minutes_per_day", "hard", "2026-11-27")]


def test_limits_are_read_and_an_amount_alone_is_hard() -> None:
    document = parse_document(
        "limits:\n  acme: {calls_per_day: 20, money_per_day: 9.50, money_per_month: {soft: 80, hard: 100}, "
        "warn: billing@example.com}\n"
    )
    ((_, entry),) = read_entries(document, "limits", LimitsEntry).values()
    assert document.mistakes == []
    assert entry is not None
    limits = entry.limits
    assert (limits.calls_per_day, limits.money_per_day) == (20, MoneyLimit(None, Decimal("9.50")))
    assert (limits.money_per_month, limits.warn) == (MoneyLimit(Decimal(80), Decimal(100)), ("billing@example.com",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{calls_per_day: §-1}", "at least 0"),
        ("{minutes_per_day: §many}", "a whole number"),
        ("{money_per_day: §1e3}", "hard"),
        ("{money_per_day: {hard: §free}}", "not an amount"),
        ("{money_per_day: {soft: §20, hard: 10}}", "at most as high"),
        ("{warn: §nobody}", "e-mail"),
        ("{§calls: 3}", "unknown key"),
    ],
)
def test_a_mistake_in_a_limit_has_its_place(text: str, words: str) -> None:
    column = len("  acme: ") + text.index("§") + 1
    document = parse_document(f"limits:\n  acme: {text.replace('§', '')}\n")
    read_entries(document, "limits", LimitsEntry)
    assert [(each.line, each.column) for each in document.mistakes] == [(2, column)], document.mistakes
    if words != "hard":
        assert words in str(document.mistakes[0])
