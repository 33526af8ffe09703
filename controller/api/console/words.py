"""Values in the words of the console's pages: times, lengths, numbers, codes, states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from controller.api.console.languages import mark
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.stored_calls import CallSummary
from controller.egress.urls import masked_url
from controller.metering.usage import UsageProduct
from controller.texts.model.states import TextState

NOTHING = "-"
WITHHELD = mark("withheld")
# What is said of calls, texts, post-backs and usage by words of their rooms.
WORDS = (
    *(each.name.lower().replace("_", " ") for each in ResponseCode),
    *(each.value for each in TextState),
    *(each.value for each in UsageProduct),
    *(each.unit for each in UsageProduct),
    *("waiting", "under way", "delivered", "failed"),
    *("hung up", "end of script", "transferred", "ended by administrator", "no media", "asterisk lost", "lost"),
    *("max call length", "call length limit", "step limit", "error", "refused", "busy", "unconfirmed"),
    *("program changed", "state unreadable", "routing", "not answered", "cancelled"),
    *("incoming", "outgoing", "operator", "customer", "unknown"),
    *("call", "prompts", "digits", "recording", "transfer", "script", "SIP"),
)


def code_words(code: int) -> str:
    """A response code in words."""
    try:
        name = ResponseCode(code).name
    except ValueError:
        return "unknown"
    return name.lower().replace("_", " ")


def moment(at: datetime | None) -> Markup | str:
    """A moment in UTC, to the second."""
    if at is None:
        return NOTHING
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(), f"{utc:%Y-%m-%d %H:%M:%S}")


def clock(seconds: float) -> str:
    """A length as minutes and seconds, or hours."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def ago(seconds: float) -> str:
    """An age in its largest unit."""
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


@pass_context
def caller(context: Context, call: CallSummary) -> str:
    """Who called; “withheld” without a number."""
    return (call.their_number if call.direction == "incoming" else call.our_number) or _said(context, WITHHELD)


def called(call: CallSummary) -> str:
    """Who was called."""
    return call.our_number if call.direction == "incoming" else call.their_number


def lasted(call: CallSummary) -> str:
    """How long a call was, or is, from the answer."""
    if call.answered_at is None:
        return NOTHING
    return clock(((call.ended_at or datetime.now(UTC)) - call.answered_at).total_seconds())


@pass_context
def standing(context: Context, call: CallSummary) -> str:
    """Where a call stands: how it ended, or what it does."""
    if call.ended_at is not None:
        return _said(context, call.end_reason.replace("-", " "))
    if call.due_at is not None:
        return _said(context, mark("due %(at)s"), at=f"{call.due_at.astimezone(UTC):%m-%d %H:%M:%S}")
    if call.answered_at is None:
        return _said(context, mark("dialling") if call.direction == "outgoing" else mark("ringing"))
    words = code_words(call.response_code) if call.direction == "outgoing" else mark("in progress")
    return _said(context, words)


@pass_context
def _words_of_code(context: Context, code: int) -> str:
    return _said(context, code_words(code))


def _said(context: Context, message: str, /, **values: object) -> str:
    """A message in the language of the page."""
    said: str = context["_"](message, **values)
    return said


FILTERS: Mapping[str, Callable[..., str]] = {
    "moment": moment,
    "clock": clock,
    "ago": ago,
    "caller": caller,
    "called": called,
    "lasted": lasted,
    "standing": standing,
    "code_words": _words_of_code,
    "masked_url": masked_url,
}
