"""The guard and the poster against real sockets: TLS, DNS that changes, answers without an end."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from controller.egress.guard import Guard
from controller.errors import FetchFailed, UrlRefused
from controller.postbacks.attempt import Attempt, Blame, Claimed
from controller.postbacks.poster import Poster, PostingOptions
from tests.support.receiving import read_request, receiving, serving

CERTIFICATES = Path(__file__).parent.parent / "support" / "certificates"
LOOPBACK = ["127.0.0.0/8"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def claimed(url: str) -> Claimed:
    return Claimed(1, uuid4(), "call:1", 1, "call.answered", False, "acme", url, "lane", "a=1", 0, 0.0, False, 0.0)


@asynccontextmanager
async def posting(
    guard: Guard, options: PostingOptions | None = None, now: datetime | None = None
) -> AsyncIterator[Poster]:
    poster = Poster(guard, options or PostingOptions(1.0, 2.0), lambda _key: (), lambda: now or datetime.now(UTC))
    await poster.open()
    try:
        yield poster
    finally:
        await poster.close()
        guard.close()


async def post(url: str, guard: Guard, options: PostingOptions | None = None, now: datetime | None = None) -> Attempt:
    async with posting(guard, options, now) as poster:
        return await poster.post(claimed(url))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        writer.write(OK)


def server_tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


def client_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))


def addresses(*answers: str | Sequence[str]) -> Guard:
    """A guard whose look-ups give each of the answers in turn."""
    left = [[found] if isinstance(found, str) else list(found) for found in answers]

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0)

    return Guard(LOOPBACK, resolve=resolve, tls=client_tls())


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "TLS: certificate expired 3 days ago"),
        ("wrong_name", "TLS: the certificate is not for localhost"),
        ("self_signed", "TLS: the certificate is self-signed"),
    ],
)
async def test_a_certificate_that_cannot_be_trusted_is_named_with_its_fault(certificate: str, reason: str) -> None:
    async with serving(answer, server_tls(certificate)) as port:
        guard = addresses("127.0.0.1", "127.0.0.1")
        now = datetime(2021, 1, 4, 12, tzinfo=UTC)
        attempt = await post(f"https://localhost:{port}/", guard, now=now)
    assert (attempt.delivered, attempt.status, attempt.reason) == (False, None, reason)
    assert attempt.blame is Blame.HOST


async def test_a_good_certificate_is_good() -> None:
    async with serving(answer, server_tls("good")) as port:
        attempt = await post(f"https://localhost:{port}/", addresses("127.0.0.1"))
    assert (attempt.delivered, attempt.reason) == (True, "")


async def test_https_to_a_server_without_it_is_told() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(plain) as port:
        attempt = await post(f"https://localhost:{port}/", addresses("127.0.0.1"))
    assert attempt.reason.startswith("TLS: ")


async def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to() -> None:
    """Between the check and the connection a second look-up would have led elsewhere (“DNS rebinding”)."""
    async with serving(answer) as port:
        guard = addresses("127.0.0.1", "10.0.0.5")
        attempt = await post(f"http://rebinding.example:{port}/", guard)
    assert attempt.delivered


async def test_a_name_that_comes_to_lead_into_a_private_network_is_refused_from_then_on() -> None:
    async with serving(answer) as port:
        guard = addresses("127.0.0.1", "10.0.0.5")
        assert (await post(f"http://rebinding.example:{port}/", guard)).delivered
        attempt = await post(f"http://rebinding.example:{port}/", guard)
    assert attempt.reason == "refused by the guard: 10.0.0.5 is private"
    assert attempt.blame is Blame.URL
    assert not attempt.hopeless


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    guard = addresses(["127.0.0.1", "169.254.169.254"])
    attempt = await post("http://mixed.example:8080/", guard)
    assert attempt.reason == "refused by the guard: 169.254.169.254 is a metadata service"


async def test_the_socket_itself_refuses_an_address_that_got_past_the_text() -> None:
    guard = Guard()
    with pytest.raises(UrlRefused, match=r"127\.0\.0\.1 is loopback"):
        async with guard.session(guard.connector()) as session, session.get("http://127.0.0.1:8080/"):
            pass


async def test_localhost_by_name_is_refused() -> None:
    attempt = await post("http://localhost:8080/", Guard())
    assert attempt.reason.endswith("is loopback")


async def test_a_name_without_an_address_is_told() -> None:
    attempt = await post("http://nowhere.invalid/", Guard())
    assert attempt.reason.startswith("DNS: ")
    assert attempt.blame is Blame.HOST


async def test_a_port_where_nobody_listens_is_told() -> None:
    async with serving(answer) as port:
        pass
    attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK))
    assert attempt.reason == "no connection: refused"


async def test_a_body_that_never_ends_is_cut_and_the_status_counts() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            await writer.drain()

    async with serving(endless) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK))
        assert attempt.delivered
        fetched = await Guard(LOOPBACK).fetch(f"http://127.0.0.1:{port}/", limit_bytes=1000, timeout=5)
    assert (fetched.status, fetched.body, fetched.truncated) == (200, b"x" * 1000, True)


async def test_a_body_that_drips_does_not_hold_the_attempt() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await reader.read()

    async with serving(dripping) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK), PostingOptions(1.0, 0.5))
        assert attempt.delivered
        with pytest.raises(FetchFailed, match="no answer within"):
            await Guard(LOOPBACK).fetch(f"http://127.0.0.1:{port}/", timeout=0.3)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmuch more than five",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nless",
        b"HTTP/1.1 204 No Content\r\n\r\na body all the same",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n?\r\n",
    ],
)
@pytest.mark.parametrize("cut", [None, 1, 17])
async def test_the_status_alone_decides_however_the_rest_is_wrong_and_the_packets_are_cut(
    sent: bytes, cut: int | None
) -> None:
    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for start in range(0, len(sent), cut or len(sent)):
            writer.write(sent[start : start + (cut or len(sent))])
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(strange) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK), PostingOptions(30.0, 120.0))
    assert (attempt.delivered, attempt.status) == (True, 204 if b"204" in sent else 200)


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_ones() -> None:
    """The receiver answers twice; the second answer waits on the idle connection when the next post-back comes."""
    requests: list[bytes] = []
    second = asyncio.Event()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            requests.append(await read_request(reader))
            writer.write(OK)
            await writer.drain()
            if len(requests) == 1:
                writer.write(OK)
                await writer.drain()
                second.set()

    async with serving(twice) as port, posting(Guard(LOOPBACK)) as poster:
        url = f"http://127.0.0.1:{port}/"
        assert (await poster.post(claimed(url))).delivered
        await second.wait()
        assert (await poster.post(claimed(url))).delivered
    assert len(requests) == 2


async def test_a_user_in_the_url_is_sent_as_basic_authorisation() -> None:
    requests: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        await writer.drain()

    async with serving(note) as port:
        assert (await post(f"http://acme:s3cret@127.0.0.1:{port}/A%7eb?x=%41", Guard(LOOPBACK))).delivered
    assert b"POST /A%7eb?x=%41 HTTP/1.1" in requests[0]
    assert b"Authorization: Basic YWNtZTpzM2NyZXQ=" in requests[0]


async def test_headers_without_an_end_are_a_failure() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Endless: and so on\r\n")
            await writer.drain()

    async with serving(endless) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK))
    assert not attempt.delivered


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "the connection was closed before an answer"),
        (b"220 mail.example ESMTP\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "answered 500 Internal Server Error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", "the answer is not HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x28\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 399 Oh\r\nContent-Length: 0\r\n\r\n", "answered 399"),
    ],
)
async def test_what_is_no_success_is_told_in_words(sent: bytes, reason: str) -> None:
    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(sent)
        await writer.drain()

    async with serving(strange) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK))
    assert not attempt.delivered
    assert attempt.reason.startswith(reason)
    assert "\n" not in attempt.reason
    assert "^" not in attempt.reason


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL])
async def test_what_this_machine_is_short_of_is_blamed_on_nobody(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def no_socket(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("controller.egress.guard.socket.socket", no_socket)
    attempt = await post("http://127.0.0.1:9999/", Guard(LOOPBACK))
    assert attempt.blame is Blame.NOBODY
    assert attempt.reason == f"not sent: {os.strerror(number).lower()} on this machine"


async def test_silence_is_a_failure_after_the_limit() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as port:
        attempt = await post(f"http://127.0.0.1:{port}/", Guard(LOOPBACK), PostingOptions(0.2, 0.3))
    assert attempt.reason == "no answer within 0.3 s"
    assert attempt.blame is Blame.HOST


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with receiving() as receiver:
        assert (await post(receiver.url, Guard(LOOPBACK))).delivered


async def test_a_fetch_gives_status_and_text_and_follows_no_redirect() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Type: text/plain; charset=latin-1\r\n"
            b"Content-Length: 1\r\n\r\n\xfc"
        )
        await writer.drain()

    async with serving(redirect) as port:
        fetched = await Guard(LOOPBACK).fetch(f"http://127.0.0.1:{port}/")
    assert (fetched.status, fetched.content_type, fetched.text) == (302, "text/plain", "ü")


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "file:///etc/passwd", "http://localhost:8080/"])
async def test_a_fetch_passes_the_same_guard(url: str) -> None:
    with pytest.raises(UrlRefused):
        await Guard().fetch(url)
