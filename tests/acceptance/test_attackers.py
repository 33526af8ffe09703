"""What attackers try on the real Asterisk: guessed passwords, audio that can be heard on the way."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from controller.asterisk.ami import AmiClient
from controller.asterisk.configuration import BANNED_FILE, SipPhone
from controller.errors import AsteriskRefused, CallRefused
from controller.programs import ProgramTree
from controller.running.bans import BanRules, Bans
from controller.running.certificates import CERTIFICATE, KEY, provide_certificate
from controller.softphone.registration import Account, Registration, digest
from controller.softphone.sip import SipMessage
from tests.support.asterisk import AMI_PASSWORD, PHONE_PASSWORD, PROJECT, RunningAsterisk, running_asterisk
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port

ATTACKER = "127.0.0.9"
SECRET = Account("secret", "a password of twelve")
SRTP = (
    "m=audio 40000 RTP/SAVP 0",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
)
RTP = ("m=audio 40000 RTP/AVP 0",)


@dataclass
class Attacked:
    asterisk: RunningAsterisk
    ami: AmiClient
    bans: Bans
    tls_port: int


@pytest.fixture(scope="module")
async def attacked(tools: ProgramTree, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Attacked]:
    certificates = tmp_path_factory.mktemp("tls")
    provide_certificate(certificates, certificate="", key="", name="localhost")
    phones = (SipPhone("alice", PHONE_PASSWORD), SipPhone(SECRET.user, SECRET.password, media_encryption="srtp"))
    tls_port = free_port("tcp")
    async with running_asterisk(
        tools,
        tls_port=tls_port,
        certificate=certificates / CERTIFICATE,
        certificate_key=certificates / KEY,
        phones=phones,
    ) as asterisk:
        known = asterisk.configuration
        ami = AmiClient(host="127.0.0.1", port=known.ami_port, username="ringpost", secret=AMI_PASSWORD)
        file = known.etc_dir / BANNED_FILE
        bans = Bans(ami, file, BanRules(5, 600.0), lambda: ("127.0.0.2",), CollectorRegistry(), time.monotonic)
        tasks = [asyncio.create_task(ami.run()), asyncio.create_task(bans.run())]
        try:
            await ami.wait_ready(LONGEST_WAIT)
            yield Attacked(asterisk, ami, bans, tls_port)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def refused(attacked: Attacked, account: Account, host: str) -> int:
    """The status of a refused registration from an address; 200 when it is taken."""
    contact = (host, free_port("udp", host=host))
    try:
        await Registration(account, ("127.0.0.1", attacked.asterisk.sip_port), contact).send(60)
    except CallRefused as error:
        return error.status or 0
    return 200


async def test_who_guesses_passwords_is_shut_out_and_nobody_else(attacked: Attacked) -> None:
    statuses: list[int] = []
    async with asyncio.timeout(60):
        while 403 not in statuses:
            statuses.append(await refused(attacked, Account("alice", f"guess-{len(statuses)}"), ATTACKER))
    assert len(statuses) >= 5
    assert set(statuses) == {401, 403}
    assert attacked.bans.banned == [ATTACKER]
    # Not even with the right password, now; others go on as before.
    assert await refused(attacked, Account("alice", PHONE_PASSWORD), ATTACKER) == 403
    assert await refused(attacked, Account("alice", PHONE_PASSWORD), "127.0.0.1") == 200
    security = (attacked.asterisk.configuration.log_dir / "security.log").read_text()
    page = (PROJECT / "docs" / "security.md").read_text()
    pattern = page.partition("failregex = ")[2].partition("\n")[0]
    found = re.findall(pattern.replace("<HOST>", r"([0-9.]+)"), security)
    assert found
    assert set(found) == {ATTACKER}


async def test_the_controllers_account_runs_no_commands_and_calls_nobody(attacked: Attacked) -> None:
    forbidden: list[tuple[str, dict[str, str]]] = [
        ("Command", {"Command": "core show version"}),
        ("Originate", {"Channel": "Local/s@nowhere", "Application": "System", "Data": "id"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
    ]
    for name, fields in forbidden:
        with pytest.raises(AsteriskRefused):
            await attacked.ami.action(name, **fields)


class TlsPhone:
    """A phone over TLS: one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        self._reader, self._writer, self._port = reader, writer, port
        self._number = 0
        self._call = uuid4().hex

    async def ask(self, method: str, user: str, body: str = "") -> SipMessage:
        """The final answer to a request, its challenge answered."""
        answer = await self._send(method, user, body, "")
        if answer.status == 401:
            uri = f"sip:{user}@localhost:{self._port}"
            login = digest(SECRET, answer.headers["www-authenticate"], method, uri)
            answer = await self._send(method, user, body, f"Authorization: {login}\r\n")
        return answer

    async def _send(self, method: str, user: str, body: str, login: str) -> SipMessage:
        self._number += 1
        us = f"<sip:{SECRET.user}@localhost>"
        branch = f"z9hG4bK-{uuid4().hex}"
        head = (
            f"{method} sip:{user}@localhost:{self._port} SIP/2.0\r\n"
            f"Via: SIP/2.0/TLS 127.0.0.1:5999;rport;branch={branch}\r\n"
            f"From: {us};tag=tls{self._number}\r\nTo: <sip:{user}@localhost>\r\n"
            f"Call-ID: {self._call}\r\n"
            f"CSeq: {self._number} {method}\r\nContact: <sip:{SECRET.user}@127.0.0.1:5999;transport=tls>\r\n{login}"
            f"Max-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        self._writer.write(head.encode())
        while True:
            text = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), LONGEST_WAIT)).decode()
            answer = SipMessage.parse(text)
            length = int(answer.headers.get("content-length", "0"))
            body_text = (await self._reader.readexactly(length)).decode()
            if answer.status and answer.status >= 200 and branch in text:
                return SipMessage.parse(text + body_text)


@asynccontextmanager
async def tls_phone(attacked: Attacked) -> AsyncIterator[TlsPhone]:
    context = ssl.create_default_context(cafile=str(attacked.asterisk.configuration.certificate))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", attacked.tls_port, ssl=context, server_hostname="localhost"
    )
    try:
        yield TlsPhone(reader, writer, attacked.tls_port)
    finally:
        writer.transport.abort()


def sdp(*media: str) -> str:
    head = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
    return "\r\n".join((*head, *media)) + "\r\n"


async def test_a_phone_registers_over_tls_by_the_certificate_that_was_made(attacked: Attacked) -> None:
    async with tls_phone(attacked) as phone:
        assert (await phone.ask("REGISTER", SECRET.user)).status == 200


@pytest.mark.parametrize(("media", "refused"), [(SRTP, False), (RTP, True)])
async def test_a_phone_for_encrypted_audio_has_no_other(
    attacked: Attacked, media: tuple[str, ...], refused: bool
) -> None:
    async with tls_phone(attacked) as phone:
        answer = await phone.ask("INVITE", "12015550101", sdp(*media))
    # No controller is there: who gets through hears the announcement.
    assert answer.status == (488 if refused else 200)
    assert ("RTP/SAVP" in answer.body) is not refused
