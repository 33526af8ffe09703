"""Each operation of the ARI client, held against the running server's own declarations (api-docs)."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from controller.asterisk.ari.applications import Applications
from controller.asterisk.ari.bridges import Bridge, Bridges
from controller.asterisk.ari.channels import Channel, Channels
from controller.asterisk.ari.client import SILENCED_EVENTS, AriClient
from controller.asterisk.ari.endpoints import Endpoints
from controller.asterisk.ari.playbacks import Playbacks
from controller.asterisk.ari.recordings import Recordings
from controller.asterisk.ari.requests import Answer, Query
from controller.asterisk.ari.server import AsteriskResource

RESOURCES = ("applications", "asterisk", "bridges", "channels", "endpoints", "playbacks", "recordings")

DESCRIBED = {"id": "x", "name": "x", "technology": "PJSIP", "resource": "x", "status": "Running", "value": "x"}
FIELD = {"attribute": "x", "value": "y"}


class AttemptLog:
    """Takes requests instead of a server."""

    def __init__(self) -> None:
        self.method = self.uri = ""
        self.query: Query = {}
        self.body: Any = None

    async def request(self, method: str, uri: str, query: Query | None = None, body: object = None) -> Answer:
        self.method, self.uri, self.query, self.body = method, uri, query or {}, body
        if uri.startswith("asterisk/config/dynamic/"):
            return Answer(200, json.dumps([FIELD]))
        many = re.fullmatch(r"\w+|endpoints/\w+|recordings/stored|asterisk/modules", uri) is not None
        if uri == "asterisk/info":
            return Answer(200, "{}")
        return Answer(200, json.dumps([DESCRIBED] if many else DESCRIBED))

    async def download(self, uri: str) -> bytes:
        await self.request("GET", uri)
        return b""


Call = Callable[[AttemptLog], Awaitable[object]]
VARIABLES = {"X": "y"}

CALLS: dict[str, Call] = {
    "Applications.get": lambda r: Applications(r).get("a"),
    "Applications.list": lambda r: Applications(r).list(),
    "Applications.silence": lambda r: Applications(r).silence("a", ["ChannelVarset"]),
    "Applications.subscribe": lambda r: Applications(r).subscribe("a", "channel:c"),
    "Applications.unsubscribe": lambda r: Applications(r).unsubscribe("a", "channel:c"),
    "AsteriskResource.delete_object": lambda r: AsteriskResource(r).delete_object("res_pjsip", "aor", "x"),
    "AsteriskResource.get_object": lambda r: AsteriskResource(r).get_object("res_pjsip", "aor", "x"),
    "AsteriskResource.get_variable": lambda r: AsteriskResource(r).get_variable("X"),
    "AsteriskResource.info": lambda r: AsteriskResource(r).info(),
    "AsteriskResource.modules": lambda r: AsteriskResource(r).modules(),
    "AsteriskResource.ping": lambda r: AsteriskResource(r).ping(),
    "AsteriskResource.put_object": lambda r: AsteriskResource(r).put_object("res_pjsip", "aor", "x", {"a": "b"}),
    "AsteriskResource.reload_module": lambda r: AsteriskResource(r).reload_module("m.so"),
    "AsteriskResource.set_variable": lambda r: AsteriskResource(r).set_variable("X", "y"),
    "Bridge.add_channel": lambda r: Bridge(r, "b").add_channel(
        "c", "d", role="announcer", absorb_dtmf=True, mute=False
    ),
    "Bridge.destroy": lambda r: Bridge(r, "b").destroy(),
    "Bridge.play": lambda r: Bridge(r, "b").play(["sound:x"], playback_id="p"),
    "Bridge.remove_channel": lambda r: Bridge(r, "b").remove_channel("c"),
    "Bridge.start_moh": lambda r: Bridge(r, "b").start_moh("default"),
    "Bridge.state": lambda r: Bridge(r, "b").state(),
    "Bridge.stop_moh": lambda r: Bridge(r, "b").stop_moh(),
    "Bridges.create": lambda r: Bridges(r).create(bridge_id="b", bridge_type="mixing", name="n"),
    "Bridges.list": lambda r: Bridges(r).list(),
    "Channel.answer": lambda r: Channel(r, "c").answer(),
    "Channel.continue_in_dialplan": lambda r: Channel(r, "c").continue_in_dialplan(
        context="x", extension="s", priority=1
    ),
    "Channel.dial": lambda r: Channel(r, "c").dial(caller="d", timeout_seconds=5),
    "Channel.get_variable": lambda r: Channel(r, "c").get_variable("X"),
    "Channel.hangup": lambda r: Channel(r, "c").hangup(reason_code=16),
    "Channel.hold": lambda r: Channel(r, "c").hold(),
    "Channel.play": lambda r: Channel(r, "c").play(["sound:x"], playback_id="p", offset_ms=1, skip_ms=2),
    "Channel.progress": lambda r: Channel(r, "c").progress(),
    "Channel.record": lambda r: Channel(r, "c").record(name="n", max_seconds=1, max_silence_seconds=2, beep=True),
    "Channel.ring": lambda r: Channel(r, "c").ring(),
    "Channel.rtp_statistics": lambda r: Channel(r, "c").rtp_statistics(),
    "Channel.send_dtmf": lambda r: Channel(r, "c").send_dtmf("1", before_ms=1, between_ms=2, duration_ms=3, after_ms=4),
    "Channel.set_variable": lambda r: Channel(r, "c").set_variable("X", "y"),
    "Channel.snoop": lambda r: Channel(r, "c").snoop(snoop_id="s", application="a"),
    "Channel.start_moh": lambda r: Channel(r, "c").start_moh("default"),
    "Channel.start_silence": lambda r: Channel(r, "c").start_silence(),
    "Channel.state": lambda r: Channel(r, "c").state(),
    "Channel.stop_moh": lambda r: Channel(r, "c").stop_moh(),
    "Channel.stop_ring": lambda r: Channel(r, "c").stop_ring(),
    "Channel.stop_silence": lambda r: Channel(r, "c").stop_silence(),
    "Channel.unhold": lambda r: Channel(r, "c").unhold(),
    "Channels.create": lambda r: Channels(r).create(
        endpoint="PJSIP/x",
        channel_id="c",
        application="a",
        application_args="b",
        other_channel_id="d",
        originator="e",
        variables=VARIABLES,
    ),
    "Channels.external_media": lambda r: Channels(r).external_media(
        channel_id="m", application="a", external_host="127.0.0.1:4000"
    ),
    "Channels.list": lambda r: Channels(r).list(),
    "Channels.originate": lambda r: Channels(r).originate(
        endpoint="PJSIP/x",
        channel_id="c",
        application="a",
        application_args="b",
        context="d",
        extension="s",
        priority=1,
        caller_id="x <1>",
        timeout_seconds=5,
        variables=VARIABLES,
        other_channel_id="o",
        formats="ulaw",
    ),
    "Endpoints.get": lambda r: Endpoints(r).get("PJSIP", "x"),
    "Endpoints.list": lambda r: Endpoints(r).list("PJSIP"),
    "Endpoints.send_message": lambda r: Endpoints(r).send_message(to="t", sender="s", body="b", variables=VARIABLES),
    "Playbacks.control": lambda r: Playbacks(r).control("p", "pause"),
    "Playbacks.stop": lambda r: Playbacks(r).stop("p"),
    "Recordings.cancel": lambda r: Recordings(r).cancel("a/b"),
    "Recordings.delete_stored": lambda r: Recordings(r).delete_stored("a/b"),
    "Recordings.is_under_way": lambda r: Recordings(r).is_under_way("a/b"),
    "Recordings.stop": lambda r: Recordings(r).stop("a/b"),
    "Recordings.stored_file": lambda r: Recordings(r).stored_file("a/b"),
    "Recordings.stored_names": lambda r: Recordings(r).stored_names(),
}


@pytest.fixture(scope="module")
async def declarations(ari: AriClient) -> dict[str, Any]:
    """What the server declares, by resource."""
    return {name: (await ari.request("GET", f"api-docs/{name}.json")).json() for name in RESOURCES}


def matching(declarations: dict[str, Any], method: str, uri: str) -> list[dict[str, Any]]:
    """The declared operations of this method whose path fits, fixed paths before those with variables."""
    found = []
    for api in declarations[uri.split("/", 1)[0]]["apis"]:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(api["path"].removeprefix("/")))
        if re.fullmatch(pattern, uri):
            found += [(api["path"].count("{"), o) for o in api["operations"] if o["httpMethod"] == method]
    return [operation for _, operation in sorted(found, key=lambda pair: pair[0])]


@pytest.mark.parametrize("name", sorted(CALLS))
async def test_an_operation_is_declared_with_its_parameters(declarations: dict[str, Any], name: str) -> None:
    recorder = AttemptLog()
    await CALLS[name](recorder)
    operations = matching(declarations, recorder.method, recorder.uri)
    assert operations, f"{recorder.method} {recorder.uri} is not declared"
    parameters = operations[0].get("parameters", [])
    queries = {p["name"] for p in parameters if p["paramType"] == "query"}
    required = {p["name"] for p in parameters if p["paramType"] == "query" and p.get("required")}
    sent = {key for key, value in recorder.query.items() if value is not None}
    assert sent <= queries
    assert required <= sent
    bodies = {p["name"] for p in parameters if p["paramType"] == "body"}
    assert recorder.body is None or bodies


def test_every_operation_of_the_client_is_checked_here() -> None:
    offered = {
        f"{kind.__name__}.{name}"
        for kind in (
            Applications,
            AsteriskResource,
            Bridge,
            Bridges,
            Channel,
            Channels,
            Endpoints,
            Playbacks,
            Recordings,
        )
        for name, method in vars(kind).items()
        if inspect.iscoroutinefunction(method)
    }
    assert offered == set(CALLS)


async def test_every_event_that_ringpost_silences_or_reads_is_declared(ari: AriClient) -> None:
    events = (await ari.request("GET", "api-docs/events.json")).json()
    read = [
        "StasisStart",
        "StasisEnd",
        "ChannelStateChange",
        "ChannelDtmfReceived",
        "ChannelTalkingStarted",
        "ChannelTalkingFinished",
        "ChannelHangupRequest",
        "ChannelDestroyed",
        "Dial",
        "PlaybackStarted",
        "PlaybackFinished",
        "RecordingStarted",
        "RecordingFinished",
        "RecordingFailed",
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
        "ApplicationReplaced",
        "RESTResponse",
    ]
    assert set(read) | set(SILENCED_EVENTS) <= set(events["models"])
