"""What of calls is measured for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class CallMetrics:
    """The counters of calls, in a registry of Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.started = Counter("ringpost_calls", "Calls answered", ["direction"], registry=registry)
        self.ended = Counter("ringpost_calls_ended", "Calls ended, by reason", ["reason"], registry=registry)
        self.refused = Counter("ringpost_calls_refused", "Calls refused, by reason", ["reason"], registry=registry)
        self.live = Gauge("ringpost_calls_live", "Calls in progress", registry=registry)
