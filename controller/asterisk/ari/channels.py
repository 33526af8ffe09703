"""Channels: one leg of a call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from controller.asterisk.ari.requests import Query, Requests, part

IfExists = Literal["fail", "overwrite", "append"]
TerminateOn = Literal["none", "any", "*", "#"]


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel as Asterisk described it. `state`: Down, Ring, Ringing, Up …; `created_at`: ISO 8601."""

    id: str
    name: str
    state: str
    caller_number: str
    caller_name: str
    connected_number: str
    context: str
    extension: str
    created_at: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> ChannelState:
        caller = data.get("caller") or {}
        dialplan = data.get("dialplan") or {}
        return cls(
            id=str(data["id"]),
            name=str(data.get("name", "")),
            state=str(data.get("state", "")),
            caller_number=str(caller.get("number", "")),
            caller_name=str(caller.get("name", "")),
            connected_number=str((data.get("connected") or {}).get("number", "")),
            context=str(dialplan.get("context", "")),
            extension=str(dialplan.get("exten", "")),
            created_at=str(data.get("creationtime", "")),
        )


@dataclass(frozen=True, slots=True)
class RtpStatistics:
    """What was counted of a channel's RTP so far, in packets. lost_packets: of those sent, as the other side reports
    it over RTCP; 0 when it reports nothing.
    """

    sent_packets: int
    received_packets: int
    lost_packets: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> RtpStatistics:
        def count(name: str) -> int:
            value = data.get(name)
            return int(value) if isinstance(value, int | float) else 0

        return cls(count("txcount"), count("rxcount"), count("txploss"))


class Channel:
    """One channel, by its id. Making this object asks nothing of Asterisk.

    Every method raises AsteriskNotFound when the channel is gone, and AsteriskRefused with status 409 when it is not
    in Stasis, 412 when it is in a state that does not allow the operation.
    """

    __slots__ = ("_requests", "_uri", "id")

    def __init__(self, requests: Requests, channel_id: str) -> None:
        self.id = channel_id
        self._requests = requests
        self._uri = f"channels/{part(channel_id)}"

    def __repr__(self) -> str:
        return f"<Channel {self.id}>"

    async def state(self) -> ChannelState:
        """The channel as it is now."""
        return ChannelState.of((await self._requests.request("GET", self._uri)).json())

    async def rtp_statistics(self) -> RtpStatistics:
        """What was counted of its RTP. AsteriskNotFound for a channel without RTP of its own, too."""
        return RtpStatistics.of((await self._requests.request("GET", f"{self._uri}/rtp_statistics")).json())

    async def answer(self) -> None:
        await self._requests.request("POST", f"{self._uri}/answer")

    async def hangup(self, *, reason_code: int | None = None) -> None:
        """Hang up, with a cause of ITU-T Q.850: 1 is SIP 404, 16 a normal end, 17 SIP 486, 21 SIP 403 …"""
        await self._requests.request("DELETE", self._uri, {"reason_code": reason_code})

    async def continue_in_dialplan(
        self, *, context: str | None = None, extension: str | None = None, priority: int | None = None
    ) -> None:
        """Let the channel go on in the dialplan, there or where it left off. StasisEnd follows."""
        query = {"context": context, "extension": extension, "priority": priority}
        await self._requests.request("POST", f"{self._uri}/continue", query)

    async def ring(self) -> None:
        """Tell the caller that it rings (SIP 180)."""
        await self._requests.request("POST", f"{self._uri}/ring")

    async def stop_ring(self) -> None:
        await self._requests.request("DELETE", f"{self._uri}/ring")

    async def progress(self) -> None:
        """Open early media (SIP 183): what is played now is heard before the answer."""
        await self._requests.request("POST", f"{self._uri}/progress")

    async def play(
        self, media: Sequence[str], *, playback_id: str, offset_ms: int | None = None, skip_ms: int | None = None
    ) -> None:
        """Play media URIs ("sound:http://…", "tone:…", "digits:…"), one after the other, as one playback.

        `offset_ms` into the first medium playing begins; `skip_ms` is the step of forward and reverse.
        PlaybackStarted and PlaybackFinished (state "failed" when it could not be played) follow.
        """
        query = {"media": ",".join(media), "offsetms": offset_ms, "skipms": skip_ms}
        await self._requests.request("POST", f"{self._uri}/play/{part(playback_id)}", query)

    async def record(
        self,
        *,
        name: str,
        audio_format: str = "wav",
        max_seconds: int = 0,
        max_silence_seconds: int = 0,
        if_exists: IfExists = "overwrite",
        beep: bool = False,
        terminate_on: TerminateOn = "none",
    ) -> None:
        """Record what comes from the channel, under `name`; 0 is no limit.

        RecordingStarted, then RecordingFinished or RecordingFailed follow.
        """
        query: Query = {
            "name": name,
            "format": audio_format,
            "maxDurationSeconds": max_seconds,
            "maxSilenceSeconds": max_silence_seconds,
            "ifExists": if_exists,
            "beep": beep,
            "terminateOn": terminate_on,
        }
        await self._requests.request("POST", f"{self._uri}/record", query)

    async def send_dtmf(
        self,
        digits: str,
        *,
        before_ms: int | None = None,
        between_ms: int | None = None,
        duration_ms: int | None = None,
        after_ms: int | None = None,
    ) -> None:
        """Send digits to the other side. This returns at once; no event tells when the last digit is out."""
        query = {
            "dtmf": digits,
            "before": before_ms,
            "between": between_ms,
            "duration": duration_ms,
            "after": after_ms,
        }
        await self._requests.request("POST", f"{self._uri}/dtmf", query)

    async def dial(self, *, caller: str | None = None, timeout_seconds: int | None = None) -> None:
        """Ring a channel that `channels.create` made; `caller` is the calling channel's id. Dial events follow."""
        await self._requests.request("POST", f"{self._uri}/dial", {"caller": caller, "timeout": timeout_seconds})

    async def get_variable(self, name: str) -> str:
        """A channel variable or a function of the dialplan, e.g. "CHANNEL(audioreadformat)".

        AsteriskNotFound when the variable is not set.
        """
        answer = (await self._requests.request("GET", f"{self._uri}/variable", {"variable": name})).json()
        return str(answer.get("value", ""))

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable or a function, e.g. "TALK_DETECT(set)" or "TIMEOUT(absolute)"."""
        await self._requests.request("POST", f"{self._uri}/variable", {"variable": name, "value": value})

    async def start_moh(self, moh_class: str | None = None) -> None:
        """Play music on hold, of `moh_class` or the default class."""
        await self._requests.request("POST", f"{self._uri}/moh", {"mohClass": moh_class})

    async def stop_moh(self) -> None:
        await self._requests.request("DELETE", f"{self._uri}/moh")

    async def start_silence(self) -> None:
        """Play silence: RTP flows where nothing else would be sent."""
        await self._requests.request("POST", f"{self._uri}/silence")

    async def stop_silence(self) -> None:
        await self._requests.request("DELETE", f"{self._uri}/silence")

    async def snoop(self, *, snoop_id: str, application: str, spy: Literal["in", "out", "both"] = "in") -> Channel:
        """Make a channel that hears what this one hears (`in`: from the other side); StasisStart comes soon after.

        It is hung up with this channel. AsteriskRefused: 400 when the id is taken.
        """
        await self._requests.request(
            "POST", f"{self._uri}/snoop/{part(snoop_id)}", {"spy": spy, "whisper": "none", "app": application}
        )
        return Channel(self._requests, snoop_id)

    async def hold(self) -> None:
        """Put the other side on hold (SIP re-INVITE)."""
        await self._requests.request("POST", f"{self._uri}/hold")

    async def unhold(self) -> None:
        await self._requests.request("DELETE", f"{self._uri}/hold")


class Channels:
    """All channels of Asterisk."""

    __slots__ = ("_requests",)

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def get(self, channel_id: str) -> Channel:
        """A handle; asks nothing of Asterisk."""
        return Channel(self._requests, channel_id)

    async def list(self) -> list[ChannelState]:
        """Every channel of the server, whoever's it is."""
        answer = await self._requests.request("GET", "channels")
        return [ChannelState.of(channel) for channel in answer.json()]

    async def originate(
        self,
        *,
        endpoint: str,
        channel_id: str,
        application: str | None = None,
        application_args: str | None = None,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        caller_id: str | None = None,
        timeout_seconds: int | None = None,
        variables: Mapping[str, str] | None = None,
        other_channel_id: str | None = None,
        formats: str | None = None,
    ) -> Channel:
        """Call `endpoint` ("PJSIP/…", "Local/…") and bring it into the application, or to a place in the dialplan.

        StasisStart comes at the answer; Dial events tell RINGING, PROGRESS, BUSY …; ChannelDestroyed with its cause
        when there is no answer. `timeout_seconds` is how long it may ring (30 when None, no limit when -1).
        `caller_id` is "Name <number>". `other_channel_id` is the id of the far half of a Local channel.
        AsteriskRefused: 409 when the channel id exists, 500 when the call could not be placed.
        """
        query = {
            "endpoint": endpoint,
            "app": application,
            "appArgs": application_args,
            "context": context,
            "extension": extension,
            "priority": priority,
            "callerId": caller_id,
            "timeout": timeout_seconds,
            "otherChannelId": other_channel_id,
            "formats": formats,
        }
        body = None if variables is None else {"variables": dict(variables)}
        await self._requests.request("POST", f"channels/{part(channel_id)}", query, body)
        return Channel(self._requests, channel_id)

    async def external_media(
        self, *, channel_id: str, application: str, external_host: str, audio_format: str = "ulaw"
    ) -> Channel:
        """Make a channel that sends what it is given to `external_host` ("ADDRESS:PORT") by RTP over UDP.

        StasisStart comes soon after. AsteriskRefused when the id is taken, or the format unknown.
        """
        query = {
            "channelId": channel_id,
            "app": application,
            "external_host": external_host,
            "format": audio_format,
        }
        await self._requests.request("POST", "channels/externalMedia", query)
        return Channel(self._requests, channel_id)

    async def create(
        self,
        *,
        endpoint: str,
        channel_id: str,
        application: str,
        application_args: str | None = None,
        other_channel_id: str | None = None,
        originator: str | None = None,
        formats: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Make a channel to `endpoint` without calling it yet; StasisStart comes at once. `Channel.dial` calls it."""
        query = {
            "endpoint": endpoint,
            "channelId": channel_id,
            "app": application,
            "appArgs": application_args,
            "otherChannelId": other_channel_id,
            "originator": originator,
            "formats": formats,
        }
        body = None if variables is None else {"variables": dict(variables)}
        await self._requests.request("POST", "channels/create", query, body)
        return Channel(self._requests, channel_id)
