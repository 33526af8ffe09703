"""ARI's resources as the fake answers them: which request does what to the switch, and with which status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_switch import FakeChannel, FakeSwitch

Reply = tuple[int, Any]
NO_CONTENT: Reply = (204, None)


@dataclass(frozen=True)
class FakeRequest:
    """A request as it came over the wire; the parts of `uri` are decoded."""

    method: str
    uri: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None


class FakeResources(FakeSwitch):
    """Answers requests; knows nothing of how they came."""

    application = "ringpost"

    def __init__(self, *, version: str, playback_seconds: float | None) -> None:
        super().__init__(playback_seconds=playback_seconds)
        self.version = version
        self.silenced: tuple[str, ...] = ()
        """The types of events that the client does not want; they are sent all the same when a test emits them."""

    def answer_request(self, request: FakeRequest) -> Reply:
        collection, _, rest = request.uri.partition("/")
        answer = getattr(self, f"_answer_{collection}", None)
        return (404, {"message": "Resource not found"}) if answer is None else answer(request, rest)

    def _answer_asterisk(self, request: FakeRequest, rest: str) -> Reply:
        if rest == "info":
            return 200, {"system": {"version": self.version, "entity_id": "fake"}, "status": {"startup_time": ""}}
        return (200, {"ping": "pong"}) if rest == "ping" else NO_CONTENT

    def _answer_applications(self, request: FakeRequest, rest: str) -> Reply:
        if request.uri.endswith("/eventFilter"):
            self.silenced = tuple(event["type"] for event in request.body["disallowed"])
        held = [channel.id for channel in self.channels.values() if channel.in_stasis]
        application = {"name": self.application, "channel_ids": held, "bridge_ids": list(self.bridges)}
        return 200, application if rest else [application]

    def _answer_endpoints(self, request: FakeRequest, rest: str) -> Reply:
        if rest.endswith("sendMessage"):
            return 202, None
        technology, slash, name = rest.partition("/")
        return 200, {"technology": technology, "resource": name, "channel_ids": []} if slash else []

    def _answer_playbacks(self, request: FakeRequest, rest: str) -> Reply:
        playback_id, _, operation = rest.rpartition("/") if rest.endswith("/control") else (rest, "", "")
        if operation:
            done = self.control_playing(playback_id, request.query["operation"])
        else:
            done = self.stop_playing(playback_id)
        return NO_CONTENT if done else (404, {"message": "Playback not found"})

    def _answer_recordings(self, request: FakeRequest, rest: str) -> Reply:
        if rest == "stored":
            return 200, [{"name": name, "format": "wav"} for name in self.stored]
        if request.method == "GET":
            live = {channel.recording.name for channel in self.channels.values() if channel.recording}
            found = rest.removeprefix("live/") in live
            return (200, {"name": rest}) if found else (404, {"message": "Recording not found"})
        if rest.startswith("stored/"):
            done = self.stored.pop(rest.removeprefix("stored/"), None) is not None
        elif rest.endswith("/stop"):
            done = self.stop_recording(rest.removeprefix("live/").removesuffix("/stop"), keep=True)
        else:
            done = self.stop_recording(rest.removeprefix("live/"), keep=False)
        return NO_CONTENT if done else (404, {"message": "Recording not found"})

    def _answer_bridges(self, request: FakeRequest, rest: str) -> Reply:
        bridge_id, _, operation = rest.partition("/")
        if request.method == "POST" and not operation:
            if bridge_id in self.bridges:
                return 409, {"message": f"Bridge with id '{bridge_id}' already exists"}
            self.bridges[bridge_id] = []
            self.bridge_names[bridge_id] = request.query.get("name", "")
            return 200, self.bridge(bridge_id)
        if bridge_id not in self.bridges:
            return (
                (200, [self.bridge(name) for name in self.bridges])
                if not rest
                else (404, {"message": "Bridge not found"})
            )
        for channel_id in request.query.get("channel", "").split(",") if "channel" in request.query else ():
            channel = self.channels.get(channel_id)
            if channel is None or not channel.in_stasis:
                return 400, {"message": "Channel not found"}
            if operation == "addChannel":
                self.enter_bridge(channel, bridge_id)
            else:
                self.leave_bridge(channel)
        if request.method == "DELETE" and not operation:
            for channel_id in list(self.bridges[bridge_id]):
                self.leave_bridge(self.channels[channel_id])
            del self.bridges[bridge_id]
        return (200, self.bridge(bridge_id)) if request.method == "GET" else NO_CONTENT

    def _answer_channels(self, request: FakeRequest, rest: str) -> Reply:
        # A channel is found by its name, too, in which there is a slash.
        named = next((each for each in self.channels if "/" in each and rest.startswith(f"{each}/")), "")
        channel_id, _, operation = (named, "", rest[len(named) + 1 :]) if named else rest.partition("/")
        if request.method == "GET" and not rest:
            return 200, [channel.described() for channel in self.channels.values()]
        if request.method == "POST" and not operation:
            return self._originate(request, channel_id)
        channel = self.channels.get(channel_id)
        if channel is None:
            return 404, {"message": "Channel not found"}
        if not operation:
            return self._answer_whole_channel(request, channel)
        if not channel.in_stasis:
            return 409, {"message": "Channel not in Stasis application"}
        name, _, argument = operation.partition("/")
        answer = getattr(self, f"_channel_{name}", None)
        return NO_CONTENT if answer is None else answer(request, channel, argument)

    def _answer_whole_channel(self, request: FakeRequest, channel: FakeChannel) -> Reply:
        if request.method == "GET":
            return 200, channel.described()
        self.take_down(channel, int(request.query.get("reason_code", 16)))
        return NO_CONTENT

    def _channel_snoop(self, request: FakeRequest, channel: FakeChannel, snoop_id: str) -> Reply:
        if snoop_id in self.channels:
            return 400, {"message": "Channel with given unique ID already exists"}
        snoop = FakeChannel(id=snoop_id, state="Up", answered=True, snooped_id=channel.id)
        self.channels[snoop_id] = snoop
        self.emit("StasisStart", args=[], channel=snoop.described())
        return 200, snoop.described()

    def _originate(self, request: FakeRequest, channel_id: str) -> Reply:
        created = channel_id == "create"
        channel_id = request.query["channelId"] if created else channel_id
        if channel_id in self.channels:
            return 409, {"message": "Channel with given unique ID already exists"}
        args = request.query.get("appArgs", "")
        channel = FakeChannel(
            id=channel_id,
            state="Down",
            in_stasis=created,
            outgoing=True,
            application_args=tuple(args.split(",")) if args else (),
            variables=dict((request.body or {}).get("variables", {})),
            originate_query=request.query,
        )
        self.channels[channel_id] = channel
        if created:
            self.emit("StasisStart", args=list(channel.application_args), channel=channel.described())
        else:
            self.place(channel)
        return 200, channel.described()

    def _channel_rtp_statistics(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        channel.sent_packets += channel.packets_per_look
        return 200, {"txcount": channel.sent_packets, "rxcount": 0, "txploss": channel.lost_packets}

    def _channel_dial(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        channel.originate_query = {**channel.originate_query, **request.query}
        self.place(channel)
        return NO_CONTENT

    def _channel_answer(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        if not channel.answered:
            channel.state, channel.answered = "Up", True
            self.emit("ChannelStateChange", channel=channel.described())
        return NO_CONTENT

    def _channel_play(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        media = tuple(request.query["media"].split(","))
        playback = self.start_playing(channel, argument, media)
        return 201, {"id": playback.id, "media_uri": media[0], "target_uri": f"channel:{channel.id}", "state": "queued"}

    def _channel_record(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        if channel.recording or (request.query["ifExists"] == "fail" and request.query["name"] in self.stored):
            return 409, {"message": "Recording already exists"}
        self.start_recording(channel, request.query)
        return 201, {"name": request.query["name"], "format": "wav", "state": "queued"}

    def _channel_dtmf(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        channel.sent_digits += request.query["dtmf"]
        return NO_CONTENT

    def _channel_moh(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        channel.on_hold_music = request.method == "POST"
        return NO_CONTENT

    def _channel_variable(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        name = request.query["variable"]
        if request.method == "POST":
            channel.variables[name] = request.query["value"]
            return NO_CONTENT
        if name not in channel.variables:
            return 404, {"message": "Provided variable was not found"}
        return 200, {"value": channel.variables[name]}

    def _channel_continue(self, request: FakeRequest, channel: FakeChannel, argument: str) -> Reply:
        target = request.query
        self.let_go(channel, target.get("context", ""), target.get("extension", ""), target.get("priority", ""))
        return NO_CONTENT
