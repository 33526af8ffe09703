"""RTP packets and telephone-events, to bytes and back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.softphone.rtp import KEYS, RtpPacket, TelephoneEvent, key_frames

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=400),
    marker=st.booleans(),
)
events = st.builds(
    TelephoneEvent,
    code=st.integers(0, 255),
    duration=st.integers(0, 0xFFFF),
    end=st.booleans(),
    volume=st.integers(0, 63),
)


@given(packets)
def test_a_packet_survives_the_way_to_bytes_and_back(packet: RtpPacket) -> None:
    assert RtpPacket.decode(packet.encode()) == packet


@given(events)
def test_an_event_survives_the_way_to_bytes_and_back(event: TelephoneEvent) -> None:
    assert TelephoneEvent.decode(event.encode()) == event


@given(st.binary(max_size=64))
def test_any_bytes_are_a_packet_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        packet = RtpPacket.decode(data)
        assert len(packet.payload) <= len(data) - 12


@given(packets, st.integers(1, 15), st.integers(1, 200))
def test_contributors_extension_and_padding_are_not_payload(packet: RtpPacket, contributors: int, padding: int) -> None:
    plain = packet.encode()
    extension = b"\xbe\xde\x00\x01abcd"
    first = bytes([plain[0] | 0x30 | contributors])
    data = first + plain[1:12] + bytes(4 * contributors) + extension + packet.payload
    data += bytes(padding - 1) + bytes([padding])

    assert RtpPacket.decode(data) == packet


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x00", "shorter"),
        (b"\x40" + bytes(11), "version"),
        (b"\x9f" + bytes(11), "cut"),
        (b"\xa0" + bytes(11) + b"\x00", "padding"),
        (b"\xa0" + bytes(11) + b"\x09", "longer"),
    ],
)
def test_what_is_no_packet_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        RtpPacket.decode(data)


def test_a_key_held_for_100_ms_is_five_growing_packets_with_the_last_sent_three_times() -> None:
    frames = key_frames("#", 5)

    told = [TelephoneEvent.decode(frame.payload) for frame in frames]
    assert [event.code for event in told] == [11] * 7
    assert [event.duration for event in told] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in told] == [False] * 4 + [True] * 3
    assert [frame.marker for frame in frames] == [True] + [False] * 6
    assert [frame.age for frame in frames] == list(range(7))


@given(st.sampled_from(KEYS), st.integers(1, 409))
def test_a_key_begins_once_and_ends_thrice_however_long_it_is_held(key: str, slots: int) -> None:
    frames = key_frames(key, slots)

    told = [TelephoneEvent.decode(frame.payload) for frame in frames]
    assert sum(frame.marker for frame in frames) == 1
    assert [event.end for event in told[-4:]] == [False, True, True, True]
    assert {event.duration for event in told if event.end} == {slots * 160}
    assert {KEYS[event.code] for event in told} == {key}


@pytest.mark.parametrize(("key", "slots"), [("x", 5), ("", 5), ("12", 5), ("1", 0), ("1", 410)])
def test_what_is_no_key_or_no_time_is_refused(key: str, slots: int) -> None:
    with pytest.raises(ValueError, match="key"):
        key_frames(key, slots)
