"""ARI events: what they hold, and one ordered queue of them for each channel.

The events and their fields are those of Asterisk's own declarations (`api-docs/events.json`). Fields and types that
are not known here pass through untouched.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from typing import Any

import structlog

from controller.errors import AsteriskError

log = structlog.get_logger()

CONNECTION_LOST = "ConnectionLost"
"""Put by the client into every channel's queue when the WebSocket dropped: what Asterisk tells until the next
`ConnectionRestored` is lost, the channel itself lives on."""

CONNECTION_RESTORED = "ConnectionRestored"
"""Put by the client into every channel's queue when Asterisk can be asked again."""

EVENTS_OVERFLOWED = "EventsOverflowed"
"""The last event of a queue that nobody emptied: later events of this channel were not kept."""

QUEUE_LIMIT = 1000

_NOTHING: dict[str, Any] = {}


class Event:
    """One event of Asterisk: its `type` (as ARI names it) and its whole `data`.

    The accessors give an empty value where the event has no such field.
    """

    __slots__ = ("data", "type")

    def __init__(self, event_type: str, data: dict[str, Any]) -> None:
        self.type = event_type
        self.data = data

    def __repr__(self) -> str:
        return f"<Event {self.type} of {self.channel_id or 'no channel'}>"

    @property
    def channel(self) -> dict[str, Any]:
        """The channel as the event describes it; of a Dial event, the channel that is dialled."""
        channel: dict[str, Any] = self.data.get("channel") or self.data.get("peer") or _NOTHING
        return channel

    @property
    def channel_id(self) -> str:
        """The id of the channel that the event, its playback or its recording is about."""
        if identifier := self.channel.get("id"):
            return str(identifier)
        about = self.data.get("playback") or self.data.get("recording") or _NOTHING
        return str(about.get("target_uri", "")).partition("channel:")[2]

    @property
    def endpoint(self) -> str:
        """The endpoint that the channel belongs to: "carrier" of the channel PJSIP/carrier-0000002a."""
        return str(self.channel.get("name", "")).partition("/")[2].rpartition("-")[0]

    @property
    def channel_state(self) -> str:
        """Down, Rsrvd, OffHook, Dialing, Ring, Ringing, Up, Busy, Dialing Offhook, Pre-ring or Unknown."""
        return str(self.channel.get("state", ""))

    @property
    def caller_number(self) -> str:
        return str((self.channel.get("caller") or _NOTHING).get("number", ""))

    @property
    def caller_name(self) -> str:
        return str((self.channel.get("caller") or _NOTHING).get("name", ""))

    @property
    def args(self) -> tuple[str, ...]:
        """What the dialplan handed to Stasis() after the application's name (StasisStart)."""
        return tuple(self.data.get("args") or ())

    @property
    def moment(self) -> float:
        """When it happened, in seconds on Asterisk's clock (of 1970, UTC); 0 when none is told."""
        try:
            return datetime.fromisoformat(str(self.data.get("timestamp", ""))).timestamp()
        except ValueError:
            return 0.0

    @property
    def digit(self) -> str:
        return str(self.data.get("digit", ""))

    @property
    def duration_ms(self) -> int:
        """How long the digit was held (ChannelDtmfReceived) or the talk lasted (ChannelTalkingFinished), in ms."""
        return int(self.data.get("duration_ms") or self.data.get("duration") or 0)

    @property
    def cause(self) -> int:
        """The hang-up cause of ITU-T Q.850 (ChannelHangupRequest, ChannelDestroyed); 0 when none is told."""
        return int(self.data.get("cause") or 0)

    @property
    def cause_text(self) -> str:
        return str(self.data.get("cause_txt", ""))

    @property
    def sip_status(self) -> int:
        """The SIP status with which the call failed (ChannelDestroyed of newer servers); 0 when none is told."""
        return int(self.data.get("tech_cause") or 0)

    @property
    def dial_status(self) -> str:
        """Of a Dial event: empty when it begins, then RINGING, PROGRESS, ANSWER, BUSY, NOANSWER, CHANUNAVAIL …"""
        return str(self.data.get("dialstatus", ""))

    @property
    def playback_id(self) -> str:
        return str((self.data.get("playback") or _NOTHING).get("id", ""))

    @property
    def playback_state(self) -> str:
        """queued, playing, continuing, done or failed."""
        return str((self.data.get("playback") or _NOTHING).get("state", ""))

    @property
    def recording(self) -> dict[str, Any]:
        recording: dict[str, Any] = self.data.get("recording") or _NOTHING
        return recording

    @property
    def recording_name(self) -> str:
        return str(self.recording.get("name", ""))

    @property
    def recording_seconds(self) -> float:
        """The length of a finished recording, in seconds."""
        return float(self.recording.get("duration") or 0)

    @property
    def bridge_id(self) -> str:
        return str((self.data.get("bridge") or _NOTHING).get("id", ""))


class ChannelEvents:
    """The events of one channel, in Asterisk's order, from the moment this queue was asked for; one reader at a time.

    The connection's reader puts events in and never waits. A queue that has reached its limit ends with one
    `EventsOverflowed` and takes no more.
    """

    __slots__ = ("_closed", "_events", "_limit", "_streams", "_waiter", "channel_id")

    def __init__(self, channel_id: str, streams: EventStreams, limit: int) -> None:
        self.channel_id = channel_id
        self._streams = streams
        self._limit = limit
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    async def get(self, timeout: float) -> Event | None:
        """The next event; None when `timeout` seconds passed without one.

        Raises AsteriskError when the queue is closed and empty.
        """
        if not self._events and not self._closed:
            await self._arrival(timeout)
        if self._events:
            return self._events.popleft()
        if self._closed:
            raise AsteriskError(f"The events of channel {self.channel_id} are not followed any more.")
        return None

    async def _arrival(self, timeout: float) -> None:
        if self._waiter is not None:
            raise AsteriskError(f"The events of channel {self.channel_id} have another reader.")
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(timeout, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def get_nowait(self) -> Event | None:
        """The next event that is here already, or None."""
        return self._events.popleft() if self._events else None

    def put(self, event: Event) -> None:
        if self._closed:
            return
        if len(self._events) >= self._limit:
            log.error("A channel's events are not read", channel=self.channel_id, limit=self._limit)
            self._events.append(Event(EVENTS_OVERFLOWED, {"channel": {"id": self.channel_id}}))
            self._end()
            return
        self._events.append(event)
        self._wake()

    def close(self) -> None:
        """Stop following the channel; a reader that waits is told so by AsteriskError."""
        self._events.clear()
        self._end()

    def _end(self) -> None:
        self._closed = True
        self._streams.forget(self)
        self._wake()


class EventStreams:
    """Gives each event to the queue of the channel that it is about."""

    def __init__(self, limit: int = QUEUE_LIMIT) -> None:
        self._limit = limit
        self._streams: dict[str, ChannelEvents] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def of(self, channel_id: str) -> ChannelEvents:
        """The queue of this channel; made at the first call, and the same one until it is closed."""
        stream = self._streams.get(channel_id)
        if stream is None:
            stream = self._streams[channel_id] = ChannelEvents(channel_id, self, self._limit)
        return stream

    def forget(self, stream: ChannelEvents) -> None:
        if self._streams.get(stream.channel_id) is stream:
            del self._streams[stream.channel_id]

    def route(self, event: Event) -> None:
        """Put the event into its channel's queue, if somebody follows that channel; a Dial event into both legs'."""
        data = event.data
        if channel := data.get("channel"):
            self._put(channel["id"], event)
        elif about := data.get("playback") or data.get("recording"):
            kind, _, identifier = about["target_uri"].partition(":")
            if kind == "channel":
                self._put(identifier, event)
        elif event.type == "Dial":
            for leg in ("caller", "peer"):
                if party := data.get(leg):
                    self._put(party["id"], event)

    def broadcast(self, event_type: str) -> None:
        """Put an event of the client's own into every queue."""
        for channel_id, stream in list(self._streams.items()):
            stream.put(Event(event_type, {"channel": {"id": channel_id}}))

    def _put(self, channel_id: str, event: Event) -> None:
        stream = self._streams.get(channel_id)
        if stream is not None:
            stream.put(event)
