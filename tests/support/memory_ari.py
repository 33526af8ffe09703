"""The scripted Asterisk without a wire: a client whose requests and events stay in this process. For unit tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, CONNECTION_RESTORED
from controller.asterisk.ari.requests import Answer, Query, parameter, refusal
from controller.calls.line.line import Line, LineLog
from controller.calls.model.response_codes import ResponseCode
from controller.errors import AsteriskTimeout, AsteriskUnreachable
from controller.script.engine import Engine
from controller.script.outcomes import Note
from controller.script.parser import parse
from controller.script.state import State
from tests.support.call_values import WrittenLog, an_answered_call
from tests.support.fake_requests import FakeRequests
from tests.support.fake_resources import FakeRequest

APPLICATION = "ringpost"


class _MemoryClient(AriClient):
    """Asks a `MemoryAri` directly."""

    def __init__(self, fake: MemoryAri) -> None:
        super().__init__(url="http://127.0.0.1:1", username="", password="", application=APPLICATION)
        self._fake = fake
        self._connected.set()

    async def request(self, method: str, uri: str, query: Query | None = None, body: object = None) -> Answer:
        if not self.connected:
            raise AsteriskUnreachable
        given = {name: parameter(value) for name, value in (query or {}).items() if value is not None}
        reply = self._fake.reply_to(FakeRequest(method, unquote(uri), given, body))
        if reply is None:
            raise AsteriskTimeout(f"no answer to {method} {uri}")
        status, answer = reply
        text = "" if answer is None else json.dumps(answer)
        if status >= 400:
            raise refusal(method, uri, status, text)
        return Answer(status, text)

    async def download(self, uri: str) -> bytes:
        if not self.connected:
            raise AsteriskUnreachable
        self._fake.note_request(FakeRequest("GET", unquote(uri)))
        name = unquote(uri).removeprefix("recordings/stored/").removesuffix("/file")
        if name not in self._fake.stored:
            raise refusal("GET", uri, 404, "")
        return self._fake.stored[name]

    def tell(self, event_type: str, data: dict[str, Any]) -> None:
        """Hand an event to whoever follows its channel."""
        self._dispatch(event_type, data)

    def lose(self) -> None:
        """The connection drops."""
        self._connected.clear()
        self._streams.broadcast(CONNECTION_LOST)

    def regain(self) -> None:
        """The connection is there again."""
        self._connected.set()
        self._streams.broadcast(CONNECTION_RESTORED)


class MemoryAri(FakeRequests):
    """See `FakeSwitch` for what a test does to calls, and `FakeRequests` for what it does to requests."""

    def __init__(self, *, playback_seconds: float | None = 0.0) -> None:
        super().__init__(playback_seconds=playback_seconds)
        self.client = _MemoryClient(self)

    def emit(self, event_type: str, **fields: Any) -> None:
        self.client.tell(event_type, {"type": event_type, **fields})

    @property
    def has_client(self) -> bool:
        return True


@dataclass
class ScriptedLine:
    """A line on the scripted Asterisk, and what was written down of it."""

    line: Line
    log: WrittenLog
    notes: list[Note] = field(default_factory=list)
    told: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    @property
    def reported(self) -> list[tuple[str, ResponseCode]]:
        """The event and the code of each post-back."""
        return self.log.posted


def scripted_line(
    fake: MemoryAri,
    *,
    queue_id: int = 1,
    script: str = r"~\WaitForDTMF(1)~",
    outgoing: bool = False,
    channel_id: str | None = None,
) -> ScriptedLine:
    """A call in the application, driven by the test instead of a session."""
    channel_id = channel_id or fake.incoming_call()
    engine = Engine(parse(script), State.for_incoming())
    call = an_answered_call(queue_id, outgoing=outgoing, channel_id=channel_id)
    written = WrittenLog(call, lambda: engine.state)
    notes: list[Note] = []
    told: list[tuple[str, Mapping[str, object]]] = []
    return ScriptedLine(
        Line(
            fake.client,
            fake.client.channels.get(channel_id),
            fake.client.events_of(channel_id),
            engine,
            queue_id=queue_id,
            caller="+12015550199",
            other_party="+12015550199",
            outgoing=outgoing,
            lease_seconds=90,
            log_to=LineLog(
                lambda: notes.extend(engine.take_notes()),
                lambda event, fields: told.append((event, fields)),
                written.log,
            ),
        ),
        written,
        notes,
        told,
    )
