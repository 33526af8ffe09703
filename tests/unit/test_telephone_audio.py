"""Mu-law, and packets put in their place in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.softphone.call_audio import Audio, Listener, decode_mulaw, encode_mulaw
from controller.softphone.rtp import PCMU, RtpPacket


def packet(sequence: int, timestamp: int, level: int = 1000, ssrc: int = 7) -> bytes:
    payload = encode_mulaw(np.full(160, level))
    return RtpPacket(PCMU, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, payload).encode()


def loud_at(audio: Audio) -> list[int]:
    """The 20 ms frames that are not silent."""
    frames = audio.samples[: len(audio.samples) // 160 * 160].reshape(-1, 160)
    return [int(place) for place in np.flatnonzero(np.abs(frames).max(axis=1) > 500)]


@given(st.integers(0, 255))
def test_each_mulaw_code_means_one_level_and_comes_back(code: int) -> None:
    level = decode_mulaw(bytes([code]))

    # 0x7f and 0xff both mean zero.
    assert encode_mulaw(level) == bytes([0xFF if code == 0x7F else code])


@pytest.mark.parametrize(
    ("code", "level"), [(0x00, -32124), (0x80, 32124), (0xFF, 0), (0xFE, 8), (0x7E, -8), (0x8F, 16764)]
)
def test_mulaw_levels_are_those_of_g711(code: int, level: int) -> None:
    assert decode_mulaw(bytes([code]))[0] == level


@given(st.integers(-32768, 32767))
def test_mulaw_loses_at_most_a_sixteenth_of_a_level(level: int) -> None:
    back = int(decode_mulaw(encode_mulaw([level]))[0])

    assert abs(back - level) <= max(8, abs(level) / 16, abs(level) - 32124)


def test_audio_begins_when_its_first_packet_came() -> None:
    listener = Listener()
    listener.add([(10.02, packet(1, 5000)), (10.04, packet(2, 5160))])

    audio = listener.audio()
    assert audio.started == pytest.approx(10.0)
    assert audio.seconds == pytest.approx(0.04)


def test_a_lost_packet_leaves_silence_in_its_place() -> None:
    listener = Listener()
    listener.add([(1.02, packet(1, 0)), (1.06, packet(3, 320))])

    assert loud_at(listener.audio()) == [0, 2]


def test_packets_in_the_wrong_order_are_put_in_the_right_one() -> None:
    listener = Listener()
    listener.add([(1.02, packet(1, 0, 600)), (1.06, packet(3, 320, 3000)), (1.061, packet(2, 160, 1500))])

    levels = [int(level) for level in listener.audio().samples[[0, 160, 320]]]
    assert levels == sorted(levels)


def test_jitter_does_not_move_audio() -> None:
    listener = Listener()
    listener.add([(1.0 + arrived, packet(n, 160 * n)) for n, arrived in enumerate([0.02, 0.13, 0.131, 0.132, 0.133])])

    assert loud_at(listener.audio()) == [0, 1, 2, 3, 4]


def test_a_pause_of_the_far_side_whose_clock_stands_still_meanwhile_is_heard_as_a_pause() -> None:
    listener = Listener()
    listener.add([(1.02, packet(1, 0)), (2.02, packet(2, 160))])

    assert loud_at(listener.audio()) == [0, 50]


def test_another_source_goes_on_at_its_own_timestamps() -> None:
    listener = Listener()
    listener.add([(1.02, packet(1, 0)), (1.04, packet(90, 77777, ssrc=8)), (1.06, packet(91, 77937, ssrc=8))])

    assert loud_at(listener.audio()) == [0, 1, 2]


def test_timestamps_run_over_their_end() -> None:
    listener = Listener()
    listener.add([(1.02, packet(0xFFFF, 0xFFFFFFFF - 79)), (1.04, packet(0x10000, 0x100000000 + 80))])

    assert loud_at(listener.audio()) == [0, 1]


@given(st.lists(st.tuples(st.floats(0, 60), st.binary(max_size=200)), max_size=20))
def test_nothing_that_arrives_breaks_the_listener(arrivals: list[tuple[float, bytes]]) -> None:
    listener = Listener()
    listener.add(sorted(arrivals))

    assert listener.audio().seconds <= 62


def test_since_leaves_out_what_was_heard_before() -> None:
    audio = Audio(np.arange(8000, dtype=np.int16), 2.0)

    later = audio.since(2.5)
    assert (later.started, later.samples[0]) == (2.5, 4000)
    assert audio.since(0.0).started == 2.0
    assert audio.since(9.0).seconds == 0
