"""Amounts of money in English words, for the speech engine."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# fmt: off
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
# fmt: on
_TENS = ("_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", " thousand", " million", " billion", " trillion", " quadrillion")


def money(amount: Decimal) -> str:
    """ "twelve dollars and thirty-four cents" for 12.34. Rounded to cents; below 10^18."""
    cents = int((abs(amount) * 100).to_integral_value(ROUND_HALF_UP))
    sign = "minus " if amount < 0 and cents else ""
    dollars, cents = divmod(cents, 100)
    parts = []
    if dollars or not cents:
        parts.append(f"{words(dollars)} dollar{'' if dollars == 1 else 's'}")
    if cents:
        parts.append(f"{words(cents)} cent{'' if cents == 1 else 's'}")
    return sign + " and ".join(parts)


def words(number: int) -> str:
    """A whole number from 0 in words, without "and": "one thousand two hundred thirty-four"."""
    if number == 0:
        return _SMALL[0]
    parts: list[str] = []
    for group in _GROUPS:
        number, below = divmod(number, 1000)
        if below:
            parts.append(_hundreds(below) + group)
        if not number:
            break
    return " ".join(reversed(parts))


def _hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        parts.append(_TENS[tens] + (f"-{_SMALL[ones]}" if ones else ""))
    elif rest:
        parts.append(_SMALL[rest])
    return " ".join(parts)
