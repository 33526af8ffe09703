"""What of speech is measured for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class SpeechMetrics:
    """The counters of speech, in a registry of Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Counter(
            "ringpost_speech_seconds", "Speech rendered, in seconds of sound, by engine", ["engine"], registry=registry
        )
        self.stand_ins = Counter(
            "ringpost_speech_stand_ins",
            "Texts that another engine spoke, because the voice's own (the label) failed or was too slow",
            ["engine"],
            registry=registry,
        )
