"""baresip, a softphone of the distribution: a SIP stack that is neither Asterisk's nor ours. UDP, TCP, TLS, SRTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from controller.embedded.debian import provision
from controller.programs import ProgramTree
from controller.softphone.call_audio import Audio
from tests.support.ports import free_port, free_range
from tests.support.tones import write_tone

PACKAGES = ("baresip-core",)
_MODULES = ("g711.so", "aufile.so", "srtp.so")
_RTP_PORTS = 20
SAID = 12
"""The tone code of what it says."""


def baresip_tools(project: Path) -> ProgramTree:
    """The unpacked softphone: beside the folder that RINGPOST_TEST_TOOLS names, or the project's own."""
    named = os.environ.get("RINGPOST_TEST_TOOLS")
    folder = Path(named).absolute().parent if named else project / ".ringpost"
    return provision(folder / "softphone-tools", packages=PACKAGES)


@dataclass(frozen=True, slots=True)
class Login:
    """An account. server: address and port. authority: the certificate by which the server is known, over TLS.

    certificate: one file with the certificate and key of its own, where it is called over TLS, on `port`; it takes the
    port before too. answers: takes calls.
    """

    user: str
    password: str
    server: tuple[str, int]
    transport: str = "udp"
    encrypted: bool = False
    registers: bool = True
    address: str = "127.0.0.1"
    port: int = 0
    authority: Path | None = None
    certificate: Path | None = None
    answers: bool = False


@dataclass
class Baresip:
    """A running softphone: what it says, and what it has heard."""

    folder: Path
    port: int
    control_port: int
    process: asyncio.subprocess.Process
    said: str = ""
    heard: Audio = field(default_factory=lambda: Audio(np.zeros(0, dtype=np.int16), 0.0))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _control: list[asyncio.StreamWriter] = field(default_factory=list)

    def close(self) -> None:
        """Hang up the connections that commands came by."""
        for writer in self._control:
            writer.close()

    async def read(self) -> None:
        """Take in what it says, until it ends."""
        assert self.process.stdout is not None
        while piece := await self.process.stdout.read(4096):
            self.said += piece.decode(errors="replace")
            self._changed.set()

    async def tells(self, what: str, timeout: float = 30.0) -> None:
        """Wait until it says this."""
        async with asyncio.timeout(timeout):
            while what not in self.said:
                self._changed.clear()
                await self._changed.wait()

    async def command(self, name: str, parameters: str = "") -> None:
        """Have it do something, as its module ctrl_tcp takes it: JSON in a netstring."""
        wanted = json.dumps({"command": name, "params": parameters})
        _, writer = await asyncio.open_connection("127.0.0.1", self.control_port)
        writer.write(f"{len(wanted)}:{wanted},".encode())
        await writer.drain()
        self._control.append(writer)

    def keep_heard(self) -> None:
        """Keep what it has heard, once it has ended."""
        for path in self.folder.glob("heard*.wav"):
            with wave.open(str(path)) as file:
                self.heard = Audio(np.frombuffer(file.readframes(file.getnframes()), dtype="<i2"), 0.0)


@asynccontextmanager
async def baresip(tree: ProgramTree, login: Login) -> AsyncIterator[Baresip]:
    """The softphone, registered if the account registers; ended when the block ends."""
    with tempfile.TemporaryDirectory(prefix="ringpost-baresip-") as name:
        folder = Path(name)
        port = login.port or free_port("udp", "tcp", host=login.address)
        control_port = free_port("tcp")
        _configure(folder, tree, login, port, control_port)
        process = await asyncio.create_subprocess_exec(
            *tree.command("baresip", "-f", str(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )
        phone = Baresip(folder, port, control_port, process)
        reading = asyncio.create_task(phone.read())
        try:
            await phone.tells("200 OK" if login.registers else "baresip is ready")
            yield phone
        finally:
            phone.close()
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
            await reading
            phone.keep_heard()


def _configure(folder: Path, tree: ProgramTree, login: Login, port: int, control_port: int) -> None:
    first = free_range(_RTP_PORTS, "udp")
    listen = port - 1 if login.certificate else port  # over TLS it listens on the port after
    config = [
        f"sip_listen {login.address}:{listen}",
        f"rtp_ports {first}-{first + _RTP_PORTS - 1}",
        f"audio_source aufile,{write_tone(folder / 'said.wav', SAID, 5.0)}",
        f"audio_player aufile,{folder}/heard.wav",
        f"audio_alert aufile,{folder}/alert.wav",
        "audio_srate 8000-8000",
        "audio_channels 1-1",
        f"module_path {tree.root}/usr/lib/baresip/modules",
        *(f"module {name}" for name in _MODULES),
        "module_app account.so",
        "module_app menu.so",
        "module_app ctrl_tcp.so",
        f"ctrl_tcp_listen 127.0.0.1:{control_port}",
        *([f"sip_cafile {login.authority}"] if login.authority else []),
        *([f"sip_certificate {login.certificate}"] if login.certificate else []),
    ]
    (folder / "config").write_text("\n".join(config) + "\n")
    host, server_port = login.server
    parameters = [f"auth_user={login.user}", f"auth_pass={login.password}"] if login.password else []
    parameters += ["mediaenc=srtp-mand"] if login.encrypted else []
    parameters += ["regint=60" if login.registers else "regint=0", "answermode=auto" if login.answers else ""]
    options = "".join(f";{each}" for each in parameters if each)
    account = f"<sip:{login.user}@{host}:{server_port};transport={login.transport}>{options}"
    (folder / "accounts").write_text(account + "\n")
    (folder / "contacts").write_text("")
    (folder / "uuid").write_text("00000000-0000-0000-0000-000000000000")
