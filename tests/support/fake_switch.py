"""The switch behind the fake ARI: channels, playbacks, recordings and bridges, behaving as Asterisk 22 was seen to."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakePlayback:
    id: str
    media: tuple[str, ...]
    channel_id: str
    state: str = "queued"
    place: int = 0
    timer: asyncio.TimerHandle | None = None


@dataclass
class FakeRecording:
    name: str
    channel_id: str
    query: dict[str, str]


@dataclass
class FakeChannel:
    """A channel of the fake; `in_stasis` is whether the application has it."""

    id: str
    state: str = "Ring"
    caller_number: str = ""
    caller_name: str = ""
    extension: str = ""
    in_stasis: bool = True
    outgoing: bool = False
    application_args: tuple[str, ...] = ()
    answered: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    playbacks: deque[FakePlayback] = field(default_factory=deque)
    recording: FakeRecording | None = None
    sent_digits: str = ""
    hangup_cause: int | None = None
    bridge_id: str | None = None
    continued_to: tuple[str, str, str] | None = None
    on_hold_music: bool = False
    originate_query: dict[str, str] = field(default_factory=dict)
    endpoint: str = "fake"
    snooped_id: str = ""
    """The channel that this one hears, and with which it ends."""
    packets_per_look: int = 50
    """How many packets of RTP have gone out each time that somebody asks; 0 for a call without media."""
    sent_packets: int = 0
    lost_packets: int = 0

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": f"PJSIP/{self.endpoint}-{self.id}",
            "state": self.state,
            "caller": {"name": self.caller_name, "number": self.caller_number},
            "connected": {"name": "", "number": ""},
            "dialplan": {"context": "inbound", "exten": self.extension, "priority": 2, "app_name": "Stasis"},
            "creationtime": "2025-01-01T00:00:00.000+0000",
            "language": "en",
        }


class FakeSwitch:
    """What a scripted test does to calls from outside (`incoming_call`, `press`, `hang_up` …), and what it may look at.

    Playbacks finish by themselves after `playback_seconds` (0: at once; None: when `finish_playback` says so);
    `media_seconds` overrides it for single media URIs; those in `missing_media` fail. Recordings finish when stopped,
    at a hang-up, or by `finish_recording`.
    """

    def __init__(self, *, playback_seconds: float | None = 0.0) -> None:
        self.playback_seconds = playback_seconds
        self.media_seconds: dict[str, float | None] = {}
        self.missing_media: set[str] = set()
        self.channels: dict[str, FakeChannel] = {}
        self.gone: dict[str, FakeChannel] = {}
        self.bridges: dict[str, list[str]] = {}
        self.bridge_names: dict[str, str] = {}
        self.stored: dict[str, bytes] = {}
        self.recorded_seconds = 2.0
        self.recorded_file = b"RIFF-recorded"
        self.played: list[str] = []
        """Every medium that began to play, in order."""
        self.on_originate: Callable[[FakeChannel], None] | None = None
        """Called with each channel that the client originates or dials; by default it stays silent, unanswered."""
        self.unowned: list[FakeChannel] = []
        """Calls that came while no client was connected: Stasis refused them."""
        self._numbers = itertools.count(1)

    def emit(self, event_type: str, **fields: Any) -> None:
        raise AssertionError("the fake has no wire")

    @property
    def has_client(self) -> bool:
        return False

    # -- what happens outside ------------------------------------------------------------------------------------

    def incoming_call(
        self,
        to: str = "12015550101",
        caller: str = "12015550199",
        *,
        caller_name: str = "",
        channel_id: str | None = None,
        args: tuple[str, ...] | None = None,
        endpoint: str = "fake",
    ) -> str:
        """Somebody calls `to`; StasisStart(incoming, to) goes out. Gives the channel's id."""
        channel = FakeChannel(
            id=channel_id or f"1700000000.{next(self._numbers)}",
            caller_number=caller,
            caller_name=caller_name,
            extension=to,
            application_args=("incoming", to) if args is None else args,
            endpoint=endpoint,
        )
        if not self.has_client:
            channel.in_stasis = False
            self.unowned.append(channel)
            return channel.id
        self.channels[channel.id] = channel
        self.emit("StasisStart", args=list(channel.application_args), channel=channel.described())
        return channel.id

    def surviving_channel(self, channel_id: str, *, state: str = "Up", to: str = "12015550101") -> FakeChannel:
        """A channel that is in the application already, left by a former connection; no event tells of it."""
        channel = FakeChannel(id=channel_id, state=state, extension=to, answered=state == "Up")
        self.channels[channel_id] = channel
        return channel

    def press(self, channel_id: str, digits: str, *, duration_ms: int = 100) -> None:
        """The far side presses digits."""
        for digit in digits:
            self._event(channel_id, "ChannelDtmfReceived", digit=digit, duration_ms=duration_ms)

    def talk_started(self, channel_id: str) -> None:
        self._event(channel_id, "ChannelTalkingStarted")

    def talk_finished(self, channel_id: str, duration_ms: int) -> None:
        self._event(channel_id, "ChannelTalkingFinished", duration=duration_ms)

    def hang_up(self, channel_id: str, cause: int = 16) -> None:
        """The far side hangs up."""
        self._event(channel_id, "ChannelHangupRequest", cause=cause)
        self._take_down(self.channels[channel_id], cause)

    def ringing(self, channel_id: str) -> None:
        """The phone that was called rings."""
        channel = self.channels[channel_id]
        channel.state = "Ringing"
        self._event(channel_id, "ChannelStateChange")
        self.dial(channel, "RINGING")

    def answer(self, channel_id: str) -> None:
        """The phone that was called is picked up."""
        channel = self.channels[channel_id]
        channel.state, channel.answered = "Up", True
        self._event(channel_id, "ChannelStateChange")
        self.dial(channel, "ANSWER")
        if not channel.in_stasis:
            channel.in_stasis = True
            self.emit("StasisStart", args=list(channel.application_args), channel=channel.described())

    def reject(self, channel_id: str, *, cause: int = 17, dial_status: str = "BUSY") -> None:
        """The call that was placed fails: 17 BUSY, 19 NOANSWER, 1 or 34 or 38 CHANUNAVAIL or CONGESTION."""
        channel = self.channels.pop(channel_id)
        self.gone[channel_id] = channel
        self.emit("ChannelHangupRequest", cause=cause, channel=channel.described())
        self.dial(channel, dial_status)
        self.emit("ChannelDestroyed", cause=cause, cause_txt="", channel=channel.described())

    def lease_expired(self, channel_id: str) -> None:
        """The channel's absolute time-out passes: it falls out of Stasis into the dialplan."""
        channel = self.channels[channel_id]
        channel.in_stasis = False
        channel.continued_to = ("inbound", "T", "1")
        self._end_media(channel)
        self.emit("StasisEnd", channel=channel.described())

    def finish_playback(self, channel_id: str, *, state: str = "done", moment: str = "") -> None:
        """The playback that this channel hears now is over; `moment`: when, by this switch's clock, if it tells it."""
        self._finish_playing(self.channels[channel_id], state, moment)

    def finish_recording(self, channel_id: str, *, seconds: float = 2.0, content: bytes = b"RIFF-recorded") -> None:
        """The recording of this channel ends by itself (silence, maximum, terminating digit)."""
        channel = self.channels[channel_id]
        self.recorded_seconds, self.recorded_file = seconds, content
        self._finish_recording(channel)

    def fail_recording(self, channel_id: str) -> None:
        channel = self.channels[channel_id]
        recording, channel.recording = channel.recording, None
        assert recording is not None, "nothing is being recorded"
        self.emit("RecordingFailed", recording=self._log_targets(recording, "failed", cause="disk"))

    # -- what the client asks for --------------------------------------------------------------------------------

    def start_playing(self, channel: FakeChannel, playback_id: str, media: tuple[str, ...]) -> FakePlayback:
        playback = FakePlayback(playback_id, media, channel.id)
        channel.playbacks.append(playback)
        if len(channel.playbacks) == 1:
            self._play_next(channel)
        return playback

    def stop_playing(self, playback_id: str) -> bool:
        for channel in self.channels.values():
            for playback in channel.playbacks:
                if playback.id == playback_id:
                    if channel.playbacks[0] is playback:
                        self._finish_playing(channel, "done")
                    else:
                        channel.playbacks.remove(playback)
                        self.emit("PlaybackFinished", playback=self._playback(playback, "done"))
                    return True
        return False

    def control_playing(self, playback_id: str, operation: str) -> bool:
        for channel in self.channels.values():
            if channel.playbacks and channel.playbacks[0].id == playback_id:
                playback = channel.playbacks[0]
                if operation == "pause" and playback.timer is not None:
                    playback.timer.cancel()
                elif operation in ("unpause", "restart"):
                    self._begin(channel, playback)
                return True
        return False

    def start_recording(self, channel: FakeChannel, query: dict[str, str]) -> None:
        channel.recording = FakeRecording(query["name"], channel.id, query)
        self.emit("RecordingStarted", recording=self._log_targets(channel.recording, "recording"))

    def stop_recording(self, name: str, *, keep: bool) -> bool:
        for channel in self.channels.values():
            if channel.recording is not None and channel.recording.name == name:
                if keep:
                    self._finish_recording(channel)
                else:
                    recording, channel.recording = channel.recording, None
                    self.emit("RecordingFailed", recording=self._log_targets(recording, "canceled"))
                return True
        return False

    def take_down(self, channel: FakeChannel, cause: int) -> None:
        self._event(channel.id, "ChannelHangupRequest", cause=32, soft=True)
        self._take_down(channel, cause)

    def let_go(self, channel: FakeChannel, context: str, extension: str, priority: str) -> None:
        channel.in_stasis = False
        channel.continued_to = (context, extension, priority)
        self._end_media(channel)
        self.emit("StasisEnd", channel=channel.described())

    def place(self, channel: FakeChannel) -> None:
        """A channel is dialled."""
        self.dial(channel, "")
        if self.on_originate is not None:
            asyncio.get_running_loop().call_soon(self.on_originate, channel)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _event(self, channel_id: str, event_type: str, **fields: Any) -> None:
        self.emit(event_type, **fields, channel=self.channels[channel_id].described())

    def dial(self, channel: FakeChannel, status: str) -> None:
        """Tell how far a dialling has got: RINGING, PROGRESS, ANSWER, or why it ended."""
        self.emit("Dial", dialstatus=status, forward="", dialstring="fake", peer=channel.described())

    def _take_down(self, channel: FakeChannel, cause: int) -> None:
        del self.channels[channel.id]
        self.gone[channel.id] = channel
        channel.hangup_cause = cause
        self._end_media(channel)
        if channel.bridge_id is not None:
            self.leave_bridge(channel)
        if channel.in_stasis:
            self.emit("StasisEnd", channel=channel.described())
        if channel.outgoing:
            self.emit("ChannelDestroyed", cause=cause, cause_txt="", channel=channel.described())
        for snoop in [each for each in self.channels.values() if each.snooped_id == channel.id]:
            self._take_down(snoop, cause)

    def _end_media(self, channel: FakeChannel) -> None:
        while channel.playbacks:
            playback = channel.playbacks.popleft()
            if playback.timer is not None:
                playback.timer.cancel()
            self.emit("PlaybackFinished", playback=self._playback(playback, "failed"))
        if channel.recording is not None:
            self._finish_recording(channel)

    def _play_next(self, channel: FakeChannel) -> None:
        if channel.playbacks:
            self._begin(channel, channel.playbacks[0])

    def _begin(self, channel: FakeChannel, playback: FakePlayback) -> None:
        """Play the medium that is due; one that is missing is passed over, and only as the last one is it a failure."""
        self.emit("PlaybackStarted", playback=self._playback(playback, "playing"))
        medium = playback.media[playback.place]
        self.played.append(medium)
        seconds = 0.0 if medium in self.missing_media else self.media_seconds.get(medium, self.playback_seconds)
        if seconds is not None:
            loop = asyncio.get_running_loop()
            playback.timer = loop.call_later(seconds, self._medium_ended, channel, playback)

    def _medium_ended(self, channel: FakeChannel, playback: FakePlayback) -> None:
        if not channel.playbacks or channel.playbacks[0] is not playback:
            return
        if playback.place + 1 < len(playback.media):
            self.emit("PlaybackContinuing", playback=self._playback(playback, "continuing"))
            playback.place += 1
            self._begin(channel, playback)
        else:
            self._finish_playing(channel, "failed" if playback.media[-1] in self.missing_media else "done")

    def _finish_playing(self, channel: FakeChannel, state: str, moment: str = "") -> None:
        assert channel.playbacks, "nothing is being played"
        playback = channel.playbacks.popleft()
        if playback.timer is not None:
            playback.timer.cancel()
        stamp = {"timestamp": moment} if moment else {}
        self.emit("PlaybackFinished", playback=self._playback(playback, state), **stamp)
        self._play_next(channel)

    def _finish_recording(self, channel: FakeChannel) -> None:
        recording, channel.recording = channel.recording, None
        assert recording is not None, "nothing is being recorded"
        self.stored[recording.name] = self.recorded_file
        told = self._log_targets(recording, "done", duration=int(self.recorded_seconds))
        self.emit("RecordingFinished", recording=told)

    def leave_bridge(self, channel: FakeChannel) -> None:
        assert channel.bridge_id is not None
        bridge_id, channel.bridge_id = channel.bridge_id, None
        self.bridges[bridge_id].remove(channel.id)
        self.emit("ChannelLeftBridge", bridge=self.bridge(bridge_id), channel=channel.described())

    def enter_bridge(self, channel: FakeChannel, bridge_id: str) -> None:
        channel.bridge_id = bridge_id
        self.bridges[bridge_id].append(channel.id)
        self.emit("ChannelEnteredBridge", bridge=self.bridge(bridge_id), channel=channel.described())

    def bridge(self, bridge_id: str) -> dict[str, Any]:
        name = self.bridge_names.get(bridge_id, "")
        return {"id": bridge_id, "name": name, "bridge_type": "mixing", "channels": list(self.bridges[bridge_id])}

    def _playback(self, playback: FakePlayback, state: str) -> dict[str, Any]:
        playback.state = state
        return {
            "id": playback.id,
            "media_uri": playback.media[0],
            "target_uri": f"channel:{playback.channel_id}",
            "language": "en",
            "state": state,
        }

    def _log_targets(self, recording: FakeRecording, state: str, **more: Any) -> dict[str, Any]:
        target = f"channel:{recording.channel_id}"
        return {"name": recording.name, "format": "wav", "state": state, "target_uri": target, **more}
