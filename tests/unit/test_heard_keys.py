"""Keys of the far side, by RFC 4733 events and by tones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.softphone.call_audio import Audio, Samples, decode_mulaw, encode_mulaw
from controller.softphone.dtmf import COLUMNS, ROWS, EventListener, tones_in
from controller.softphone.rtp import KEYS, TELEPHONE_EVENT, RtpPacket, TelephoneEvent, key_frames

PAD = ("123A", "456B", "789C", "*0#D")


def dtmf(key: str, seconds: float = 0.1, amplitude: float = 4000) -> Samples:
    row = next(place for place, keys in enumerate(PAD) if key in keys)
    moment = np.arange(round(seconds * 8000)) / 8000
    waves = np.sin(2 * np.pi * ROWS[row] * moment) + np.sin(2 * np.pi * COLUMNS[PAD[row].index(key)] * moment)
    return np.asarray(amplitude * waves, dtype=np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), dtype=np.int16)


def over_the_wire(*parts: Samples) -> Audio:
    return Audio(decode_mulaw(encode_mulaw(np.concatenate(parts))), 0.0)


def events_of(keys: str, slots: int = 5) -> list[tuple[float, bytes]]:
    packets, moment, timestamp = [], 0.0, 1000
    for key in keys:
        for frame in key_frames(key, slots):
            packets.append((moment, RtpPacket(TELEPHONE_EVENT, 0, timestamp, 1, frame.payload).encode()))
            moment += 0.02
        timestamp += 8000
        moment += 0.06
    return packets


@given(st.text(KEYS, max_size=8), st.integers(2, 10))
def test_each_event_is_one_key_with_its_length(keys: str, slots: int) -> None:
    listener = EventListener()
    for arrived, data in events_of(keys, slots):
        listener.add(arrived, data)

    assert "".join(heard.key for heard in listener.keys) == keys
    assert [heard.seconds for heard in listener.keys] == pytest.approx([slots * 0.02] * len(keys))


def test_a_key_is_told_once_at_its_first_packet() -> None:
    listener = EventListener()

    told = [key.key for arrived, data in events_of("12") if (key := listener.add(arrived, data))]
    assert told == ["1", "2"]


def test_a_key_of_which_only_the_end_arrived_is_heard() -> None:
    listener = EventListener()
    listener.add(0.0, RtpPacket(TELEPHONE_EVENT, 0, 5, 1, TelephoneEvent(7, 800, end=True).encode()).encode())

    assert [heard.key for heard in listener.keys] == ["7"]


@given(st.binary(max_size=32))
def test_nonsense_is_no_key(data: bytes) -> None:
    listener = EventListener()
    listener.add(0.0, data)

    assert all(heard.key in KEYS for heard in listener.keys)


@pytest.mark.parametrize("offset", [0.0, 0.003, 0.011, 0.0175])
def test_all_keys_are_heard_as_tones_wherever_they_begin(offset: float) -> None:
    keys = "1234567890*#ABCD"
    parts = [part for key in keys for part in (dtmf(key), silence(0.08))]

    heard = tones_in(over_the_wire(silence(offset), *parts))
    assert "".join(one.key for one in heard) == keys
    assert [one.at for one in heard] == pytest.approx([offset + 0.18 * place for place in range(16)], abs=0.021)


def test_the_same_key_twice_is_two_keys() -> None:
    assert [one.key for one in tones_in(over_the_wire(dtmf("5"), silence(0.06), dtmf("5")))] == ["5", "5"]


def test_what_is_too_short_too_faint_one_tone_or_noise_is_no_key() -> None:
    moment = np.arange(1600) / 8000
    single = np.asarray(8000 * np.sin(2 * np.pi * 770 * moment), dtype=np.int16)
    noise = np.random.default_rng(1).normal(0, 3000, 8000).astype(np.int16)

    assert tones_in(over_the_wire(dtmf("1", 0.02), silence(0.1), dtmf("2", amplitude=40), silence(0.1), single)) == []
    assert tones_in(over_the_wire(noise)) == []
    assert tones_in(Audio(silence(0), 0.0)) == []
