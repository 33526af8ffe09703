"""What is metered, counted for Prometheus, product by product."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from controller.metering.usage import UsageRecord

_LABELS = ["product", "direction"]


class UsageMetrics:
    """Counts records and their units as this controller writes them. What is billed is in the store (`UsageReader`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known: dict[tuple[str, str], tuple[Counter, Counter]] = {}
        self._records = Counter("ringpost_usage_records", "Transactions metered.", _LABELS, registry=registry)
        self._units = Counter(
            "ringpost_usage_units", "What they used: seconds, segments, pieces.", _LABELS, registry=registry
        )

    def count(self, records: Iterable[UsageRecord]) -> None:
        """Count records that are written."""
        for record in records:
            labels = (record.product.value, record.direction)
            if labels not in self._known:
                self._known[labels] = self._records.labels(*labels), self._units.labels(*labels)
            counted, units = self._known[labels]
            counted.inc()
            units.inc(record.units)
