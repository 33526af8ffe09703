"""Keys that the far side presses: heard as RFC 4733 events, or as tones in the audio (ITU-T Q.23)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from controller.softphone.call_audio import Audio
from controller.softphone.rtp import CLOCK_RATE, FRAME_SAMPLES, FRAME_SECONDS, KEYS, RtpPacket, TelephoneEvent

ROWS: Final = (697.0, 770.0, 852.0, 941.0)
COLUMNS: Final = (1209.0, 1336.0, 1477.0, 1633.0)
_PAD: Final = ("123A", "456B", "789C", "*0#D")
# Amplitude of a 16-bit sine below which a tone is not counted: about -40 dBm0.
_FAINTEST: Final = 150.0


@dataclass(frozen=True, slots=True)
class HeardKey:
    """A key that the far side pressed: `at` in seconds after the call began, `seconds` for how long."""

    key: str
    at: float
    seconds: float


class EventListener:
    """Collects RFC 4733 events into keys; the repeated packets of one event are one key."""

    def __init__(self) -> None:
        self._heard: dict[tuple[int, int], HeardKey] = {}

    def add(self, arrived: float, data: bytes) -> HeardKey | None:
        """A packet of telephone-event. The key, at its first packet; None for the rest and for nonsense."""
        try:
            packet = RtpPacket.decode(data)
            event = TelephoneEvent.decode(packet.payload)
        except ValueError:
            return None
        if event.code >= len(KEYS):
            return None
        identity = (packet.ssrc, packet.timestamp)
        known = self._heard.get(identity)
        seconds = event.duration / CLOCK_RATE
        if known is None:
            self._heard[identity] = key = HeardKey(KEYS[event.code], arrived, seconds)
            return key
        if seconds > known.seconds:
            self._heard[identity] = HeardKey(known.key, known.at, seconds)
        return None

    @property
    def keys(self) -> tuple[HeardKey, ...]:
        return tuple(self._heard.values())


def _basis() -> npt.NDArray[np.complex128]:
    sample = np.arange(FRAME_SAMPLES)[:, None]
    turns = sample * np.array(ROWS + COLUMNS)[None, :] / CLOCK_RATE
    return np.asarray(np.exp(-2j * np.pi * turns), dtype=np.complex128)


_BASIS: Final = _basis()


def tones_in(audio: Audio, *, shortest: float = 0.04) -> list[HeardKey]:
    """The DTMF keys in audio, in order: Goertzel's sums over 20 ms frames (all frames at once, as one matrix product).

    A tone shorter than `shortest` seconds is not a key (ITU-T Q.24 asks for 40 ms).
    """
    found: list[HeardKey] = []
    for key, first, count in _runs(_key_of_each_frame(audio)):
        if key is not None and count * FRAME_SECONDS >= shortest - 1e-9:
            found.append(HeardKey(key, audio.started + first * FRAME_SECONDS, count * FRAME_SECONDS))
    return found


def _key_of_each_frame(audio: Audio) -> list[str | None]:
    count = len(audio.samples) // FRAME_SAMPLES
    frames = audio.samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES).astype(np.float64)
    levels = 2.0 / FRAME_SAMPLES * np.abs(frames @ _BASIS)
    power = np.mean(frames**2, axis=1)
    rows, columns = levels[:, :4], levels[:, 4:]
    row, column = rows.max(axis=1, initial=0.0), columns.max(axis=1, initial=0.0)
    pure = (row**2 + column**2) / 2 > 0.6 * power
    twisted = np.maximum(row, column) > 4.0 * np.minimum(row, column)
    real = pure & ~twisted & (np.minimum(row, column) > _FAINTEST)
    row_place, column_place = rows.argmax(axis=1), columns.argmax(axis=1)
    return [
        _PAD[row_place[frame]][column_place[frame]] if real[frame] else None for frame in range(count)
    ]  # fmt: skip


def _runs(keys: list[str | None]) -> Iterator[tuple[str | None, int, int]]:
    first = 0
    for place in range(1, len(keys) + 1):
        if place == len(keys) or keys[place] != keys[first]:
            yield keys[first], first, place - first
            first = place
