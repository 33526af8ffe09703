"""What of post-backs is measured for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from controller.postbacks.attempt import Attempt, Claimed
from controller.postbacks.lanes import host_of

# Customers choose their hosts, so there must be an end to the labels.
MOST_HOSTS = 100
OTHER_HOSTS = "other"


class PostbackMetrics:
    """Counters and gauges in a registry; without one they count for nobody."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._attempts = Counter(
            "ringpost_postback_attempts", "Attempts to deliver a post-back.", ["result"], registry=registry
        )
        self._by_host = Counter(
            "ringpost_postback_host_attempts",
            f"Attempts by receiver's host and port; the first {MOST_HOSTS} hosts by name.",
            ["host", "result"],
            registry=registry,
        )
        self._seconds = Histogram(
            "ringpost_postback_seconds",
            "Time of one attempt.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
            registry=registry,
        )
        self._oldest = Gauge(
            "ringpost_postback_oldest_seconds", "Age of the oldest post-back not delivered.", registry=registry
        )
        self._under_way = Gauge("ringpost_postbacks_under_way", "Post-backs being delivered now.", registry=registry)
        self._held = Gauge(
            "ringpost_postback_hosts_held", "Hosts held back because they failed for long.", registry=registry
        )
        self._given_up = Counter("ringpost_postbacks_given_up", "Post-backs given up.", registry=registry)
        self._hosts: set[str] = set()
        # Prometheus looks a counter up by its labels, at the cost of ten increments.
        self._known: dict[tuple[str, str], tuple[Counter, Counter]] = {}

    def attempted(self, claimed: Claimed, attempt: Attempt) -> None:
        """Count one attempt."""
        for counter in self._counters(self._host(claimed.lane), _result(attempt)):
            counter.inc()
        self._seconds.observe(attempt.seconds)

    def _counters(self, host: str, result: str) -> tuple[Counter, Counter]:
        known = self._known.get((host, result))
        if known is None:
            known = self._attempts.labels(result), self._by_host.labels(host, result)
            self._known[host, result] = known
        return known

    def gave_up(self) -> None:
        """Count one post-back that is not tried again."""
        self._given_up.inc()

    def show(self, *, under_way: int, held: int) -> None:
        """Set the gauges of the moment."""
        self._under_way.set(under_way)
        self._held.set(held)

    def show_oldest(self, seconds: float) -> None:
        """Set the age of the oldest, 0 when none waits."""
        self._oldest.set(seconds)

    def _host(self, lane: str) -> str:
        host = host_of(lane)
        if host not in self._hosts:
            if len(self._hosts) >= MOST_HOSTS:
                return OTHER_HOSTS
            self._hosts.add(host)
        return host


def _result(attempt: Attempt) -> str:
    if attempt.delivered:
        return "delivered"
    return "refused" if attempt.status is not None else "failed"
