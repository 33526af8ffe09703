"""Counts of texts."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from controller.metering.metrics import UsageMetrics
from controller.metering.usage import UsageRecord
from controller.texts.model.states import TextState


class TextMetrics:
    """Counts what came in, what was refused and why, and what became of what was sent."""

    def __init__(self, registry: CollectorRegistry, usage: UsageMetrics | None = None) -> None:
        """usage: counts what is metered."""
        self._usage = usage
        self._received = Counter("ringpost_texts_received", "Texts that came in and were stored.", registry=registry)
        self._refused = Counter(
            "ringpost_texts_refused", "Texts that came in and were not taken.", ["reason"], registry=registry
        )
        self._sent = Counter(
            "ringpost_texts_sent", "Texts that were to be sent, by what became of them.", ["state"], registry=registry
        )

    def received(self, count: int) -> None:
        """So many texts were stored."""
        self._received.inc(count)

    def metered(self, records: Iterable[UsageRecord]) -> None:
        """What texts used was written."""
        if self._usage is not None:
            self._usage.count(records)

    def refused(self, reason: str) -> None:
        """A text that came in was not taken."""
        self._refused.labels(reason).inc()

    def sent(self, state: TextState) -> None:
        """An outgoing text is over."""
        self._sent.labels(state).inc()
