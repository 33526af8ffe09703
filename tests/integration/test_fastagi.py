"""The dialplan's questions over FastAGI, asked by a plain socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.asterisk.fastagi import CONNECTIONS_AT_MOST, HEAD_LIMIT, AgiRequest, FastAgiServer, quoted
from controller.errors import AsteriskRefused, AsteriskTimeout, AsteriskUnreachable
from tests.support.patience import LONGEST_WAIT

HEAD = b"agi_network: yes\nagi_network_script: text\nagi_extension: 12015550101\nagi_arg_1: one\nagi_arg_2: two: 2\n\n"


@pytest.fixture
async def questions() -> asyncio.Queue[AgiRequest]:
    return asyncio.Queue()


@pytest.fixture
async def outcomes() -> asyncio.Queue[object]:
    return asyncio.Queue()


@pytest.fixture
async def server(questions: asyncio.Queue[AgiRequest], outcomes: asyncio.Queue[object]) -> AsyncIterator[FastAgiServer]:
    async def text(request: AgiRequest) -> None:
        questions.put_nowait(request)
        try:
            await request.set_variable("STORED", 'a "quoted"\nvalue \\')
            outcomes.put_nowait(await request.get_variable("${MESSAGE(from)}"))
        except Exception as error:
            outcomes.put_nowait(error)
            raise

    server = FastAgiServer(port=0, head_timeout=0.2, command_timeout=0.2)
    server.route("text", text)
    await server.start()
    yield server
    await server.stop(1)


class Connections:
    """Connections to the server, closed when the test ends."""

    def __init__(self, server: FastAgiServer) -> None:
        self._server = server
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        self._writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)


@pytest.fixture
async def connections(server: FastAgiServer) -> AsyncIterator[Connections]:
    connections = Connections(server)
    yield connections
    await connections.close()


async def test_a_question_is_read_and_answered(
    connections: Connections, questions: asyncio.Queue[AgiRequest], outcomes: asyncio.Queue[object]
) -> None:
    reader, writer = await connections.open()
    writer.write(HEAD)
    question = await asyncio.wait_for(questions.get(), LONGEST_WAIT)
    assert question.arguments == ("one", "two: 2")
    assert question.headers["agi_extension"] == "12015550101"
    assert await reader.readline() == b'SET VARIABLE "STORED" "a \\"quoted\\" value \\\\"\n'
    writer.write(b"200 result=1\n")
    assert await reader.readline() == b'GET FULL VARIABLE "${MESSAGE(from)}"\n'
    writer.write(b"200 result=1 (<sip:alice@example.net> (home) x=y)\n")
    assert await asyncio.wait_for(outcomes.get(), LONGEST_WAIT) == "<sip:alice@example.net> (home) x=y"
    assert await asyncio.wait_for(reader.read(), LONGEST_WAIT) == b""


async def test_connections_that_close_without_a_word_do_no_harm(
    connections: Connections, questions: asyncio.Queue[AgiRequest]
) -> None:
    for _ in range(20):
        _, writer = await connections.open()
        writer.close()
    _, writer = await connections.open()
    writer.write(HEAD)
    assert (await asyncio.wait_for(questions.get(), LONGEST_WAIT)).arguments


async def test_a_connection_that_says_nothing_is_closed_after_its_time(connections: Connections) -> None:
    reader, writer = await connections.open()
    writer.write(b"agi_network: yes\n")
    assert await asyncio.wait_for(reader.read(), LONGEST_WAIT) == b""


async def test_a_head_without_end_is_cut_off(connections: Connections) -> None:
    reader, writer = await connections.open()
    writer.write(b"a" * (HEAD_LIMIT + 10))
    with_end = await asyncio.wait_for(asyncio.gather(reader.read(), return_exceptions=True), LONGEST_WAIT)
    assert with_end[0] == b"" or isinstance(with_end[0], ConnectionError)


async def test_a_question_for_an_unknown_script_is_closed(connections: Connections) -> None:
    reader, writer = await connections.open()
    writer.write(b"agi_network_script: other\n\n")
    assert await asyncio.wait_for(reader.read(), LONGEST_WAIT) == b""


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"510 Invalid or unknown command\n", AsteriskRefused),
        (b"nonsense\n", AsteriskUnreachable),
        (b"", AsteriskTimeout),
        (None, AsteriskUnreachable),
    ],
)
async def test_a_command_that_fails_raises_a_typed_error(
    connections: Connections, outcomes: asyncio.Queue[object], answer: bytes | None, error: type[Exception]
) -> None:
    reader, writer = await connections.open()
    writer.write(HEAD)
    await reader.readline()
    if answer is None:
        writer.close()
    else:
        writer.write(answer)
    assert isinstance(await asyncio.wait_for(outcomes.get(), LONGEST_WAIT), error)


@given(st.text())
def test_a_quoted_argument_is_one_line_and_ends_where_it_should(text: str) -> None:
    argument = quoted(text)
    assert not set("\r\n\0") & set(argument)
    inner = argument[1:-1].replace("\\\\", "")
    assert '"' not in inner.replace('\\"', "")
    assert not inner.replace('\\"', "").endswith("\\")


async def test_a_flood_of_connections_is_turned_away_and_passes(
    connections: Connections, questions: asyncio.Queue[AgiRequest]
) -> None:
    silent = [await connections.open() for _ in range(CONNECTIONS_AT_MOST)]
    reader, _ = await connections.open()
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), LONGEST_WAIT) == b""
    # Those that say nothing are closed when their time is over.
    await asyncio.wait_for(asyncio.gather(*(each.read() for each, _ in silent)), LONGEST_WAIT)
    _, writer = await connections.open()
    writer.write(HEAD)
    assert (await asyncio.wait_for(questions.get(), LONGEST_WAIT)).arguments == ("one", "two: 2")
