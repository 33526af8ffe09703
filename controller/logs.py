"""Logs: one line an event, for people or as JSON, with the call's id, and with nothing in it that must not be there."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from controller.numbers import mask_number
from controller.terminal import visible

# Fields that are never written, whoever passes them.
SECRETS = frozenset({"password", "secret", "token", "authorization", "key"})
# Fields of the house's own in which nothing is masked.
_PLAIN = frozenset({"timestamp", "level", "channel"})
_SHORTEST_NUMBER = 10
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d{10,15}(?![\w.:-])")
# One encoder for all lines: `json.dumps` with an argument makes one for each.
_ENCODER = json.JSONEncoder(default=repr)


def _as_json(event: EventDict, **_options: object) -> str:
    return _ENCODER.encode(event)


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last net: numbers in any text are masked, secrets left out, and what others wrote cannot forge a line."""
    for name, value in event.items():
        if name in SECRETS:
            event[name] = "***"
        elif isinstance(value, str) and name not in _PLAIN:
            masked = _NUMBER.sub(_masked, value) if len(value) >= _SHORTEST_NUMBER else value
            event[name] = masked if name == "exception" else visible(masked)
    return event


def _masked(found: re.Match[str]) -> str:
    return mask_number(found.group())


def tell_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A traceback as text, masked like the rest; an event without one is left as it is."""
    if "exc_info" not in event:
        return event
    return mask_event(logger, method, structlog.processors.format_exc_info(logger, method, event))


def configure(
    level: str = "info", style: str = "console", stream: TextIO | None = None, *, for_good: bool = False
) -> None:
    """Set up logging for the process. level: debug, info, warning, error. style: console or json.

    for_good: nothing sets it up again. Each logger is then made once, which halves what a line costs.
    """
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_event,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_as_json)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    # Tracebacks are text before they are masked, and never show local variables: those hold numbers and secrets.
    structlog.configure(
        processors=[*shared, tell_exception, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=for_good,
    )
    # The libraries' own logs go the same way, from warnings upwards.
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                tell_exception,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
