"""A call is listened to by RTP that Asterisk sends; what was made for it is gone when nobody listens any more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from controller.asterisk.ari.events import Event
from controller.calls.line.heard_sound import HeardSound
from controller.calls.line.listener import LineListener, ListeningPlace
from controller.errors import AsteriskNotFound, AsteriskUnreachable
from controller.softphone.call_audio import encode_mulaw, talk
from controller.softphone.rtp import PCMU, RtpPacket
from tests.support.patience import LONGEST_WAIT

if TYPE_CHECKING:
    from controller.asterisk.ari.client import AriClient

PLACE = ListeningPlace("ringpost", "127.0.0.1", "127.0.0.1")


@dataclass
class Media:
    """Asterisk, as far as it makes a channel heard. `removed`: what was hung up or destroyed."""

    refused: bool = False
    enters: bool = True
    address: str = "127.0.0.1"
    sent_to: tuple[str, int] = ("", 0)
    removed: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    sender: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def __post_init__(self) -> None:
        self.sender.bind(("127.0.0.1", 0))

    # The parts of a client that a listener uses.

    @property
    def channels(self) -> Media:
        return self

    @property
    def bridges(self) -> Media:
        return self

    def get(self, name: str) -> Resource:
        return Resource(self, name)

    def events_of(self, _channel: str) -> Media:
        return self

    def close(self) -> None:
        """The events of a channel are not wanted any more."""

    async def external_media(self, *, external_host: str, **_rest: object) -> None:
        host, _, port = external_host.rpartition(":")
        self.sent_to = host, int(port)

    async def create(self, **_rest: object) -> None:
        """A bridge."""


@dataclass
class Resource:
    """A channel or a bridge of it."""

    media: Media
    id: str

    async def snoop(self, **_rest: object) -> None:
        if self.media.refused:
            raise AsteriskUnreachable

    async def get_variable(self, name: str) -> str:
        port = self.media.sender.getsockname()[1]
        return self.media.address if name.endswith("ADDRESS") else str(port)

    async def add_channel(self, *names: str) -> None:
        self.media.mixed += names

    async def hangup(self) -> None:
        self.media.removed.append(self.id)
        raise AsteriskNotFound

    async def destroy(self) -> None:
        self.media.removed.append(self.id)


class Entering(Media):
    """As Asterisk tells of a channel that enters the application: not with the first event."""

    def events_of(self, _channel: str) -> Media:
        return cast("Media", Told(self.enters))


class Told:
    def __init__(self, enters: bool) -> None:
        self._events = [Event("ChannelVarset", {}), *([Event("StasisStart", {})] if enters else [])]

    async def get(self, _timeout: float) -> Event | None:
        return self._events.pop(0) if self._events else None

    def close(self) -> None:
        self._events.clear()


def listener(media: Media, place: ListeningPlace | None = PLACE) -> LineListener:
    return LineListener(cast("AriClient", media), "1700000000.1", lambda kind: f"1700000000.1-{kind}", place)


def consuming(enough: Callable[[HeardSound], bool]) -> tuple[Callable[[HeardSound], None], asyncio.Event]:
    """A consumer, and the event that is set when it has heard enough."""
    heard = asyncio.Event()

    def consume(sound: HeardSound) -> None:
        if enough(sound):
            heard.set()

    return consume, heard


GONE = ["1700000000.1-ear-bridge", "1700000000.1-ear-media", "1700000000.1-ear-snoop"]


async def test_what_asterisk_sends_is_heard_and_nothing_that_others_send() -> None:
    media = Entering()
    ears = listener(media)
    consume, heard = consuming(lambda sound: bool(list(sound.words())))
    assert await ears.prepare()
    assert ears.works
    assert media.mixed == GONE[:0:-1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger, media.sender:
        said = encode_mulaw(talk(0.6))
        packets = [said[at : at + 160] for at in range(0, len(said), 160)]
        media.sender.sendto(b"before anybody listens", media.sent_to)
        assert await ears.begin(consume)
        stranger.sendto(RtpPacket(PCMU, 0, 0, 7, bytes(160)).encode(), media.sent_to)
        media.sender.sendto(b"no packet", media.sent_to)
        for number, payload in enumerate(packets):
            media.sender.sendto(RtpPacket(PCMU, number, 160 * number, 1, payload).encode(), media.sent_to)
        async with asyncio.timeout(LONGEST_WAIT):
            await heard.wait()
    await ears.end(consume)
    assert not ears.works
    assert sorted(media.removed) == GONE


async def test_a_line_without_packets_is_silent_for_as_long_as_it_lasts() -> None:
    media = Entering()
    ears = listener(media)
    consume, heard = consuming(lambda sound: sound.seconds > 0.4)
    with media.sender:
        assert await ears.begin(consume)
        async with asyncio.timeout(LONGEST_WAIT):
            await heard.wait()
    assert not list(ears.sound.words())
    await ears.close()
    assert sorted(media.removed) == GONE


async def test_one_who_still_listens_keeps_what_was_made() -> None:
    media = Entering()
    ears = listener(media)
    first, _ = consuming(lambda _sound: False)
    second, heard = consuming(lambda _sound: True)
    with media.sender:
        assert await ears.begin(first)
        assert await ears.begin(second)
        await ears.end(first)
        assert ears.works
        async with asyncio.timeout(LONGEST_WAIT):
            await heard.wait()
        await ears.end(second)
    assert not ears.works


@pytest.mark.parametrize(
    "media",
    [Entering(refused=True), Entering(enters=False), Entering(address="nowhere")],
    ids=["refused", "not in the application", "no address"],
)
async def test_where_it_cannot_be_had_nothing_is_left(media: Media) -> None:
    ears = listener(media)
    consume, _ = consuming(lambda _sound: True)
    with media.sender:
        assert not await ears.begin(consume)
    assert not ears.works
    assert sorted(media.removed) == GONE


async def test_without_a_place_to_listen_at_nothing_is_asked() -> None:
    media = Media()
    with media.sender:
        assert not await listener(media, None).prepare()
    assert media.sent_to == ("", 0)


async def test_what_an_earlier_driver_left_is_removed() -> None:
    media = Media()
    with media.sender:
        await listener(media).remove_leftovers()
    assert sorted(media.removed) == GONE
