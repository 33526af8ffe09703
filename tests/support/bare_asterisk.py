"""A real Asterisk with the least configuration, for tests of its interfaces alone: no trunks, Local channels as calls.

What Ringpost's own configuration makes of Asterisk is tested elsewhere, with the templates.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import signal
import struct
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.embedded.process import OwnedProcess
from controller.programs import ProgramTree
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port

USERNAME = "ringpost"
PASSWORD = "for-tests-only"

MODULES = """
    res_http_websocket res_websocket_client res_ari_model res_ari
    res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
    res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_endpoints res_ari_events
    res_ari_playbacks res_ari_recordings app_stasis app_playback app_senddtmf app_exec app_db pbx_config bridge_simple
    bridge_holding chan_bridge_media res_timing_timerfd res_musiconhold res_speech res_agi format_wav format_sln
    codec_ulaw codec_resample func_channel func_timeout func_talkdetect func_base64 func_db func_global
    func_callerid func_strings
    res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session
    res_pjsip_endpoint_identifier_ip res_pjsip_messaging res_pjsip_pubsub res_pjsip_sdp_rtp res_rtp_asterisk
    chan_pjsip res_hep res_hep_pjsip
"""

EXTENSIONS = """
[default]
exten => stasis,1,Set(TIMEOUT(absolute)=60)
 same => n,Stasis(ringpost,incoming,${EXTEN})
 same => n,Set(GLOBAL(AFTER_STASIS)=${STASISSTATUS})
 same => n,Hangup()
exten => T,1,Set(GLOBAL(LEASE_EXPIRED)=yes)
 same => n,Hangup()

[released]
exten => s,1,Set(GLOBAL(RELEASED)=yes)
 same => n,Hangup(21)

[caller]
exten => silent,1,Answer()
 same => n,Wait(60)
exten => digits,1,Answer()
 same => n,Wait(0.3)
 same => n,SendDTMF(12#,100,60)
 same => n,Wait(60)
exten => talking,1,Answer()
 same => n,Playback(tone)
 same => n,Wait(60)
exten => leaving,1,Answer()
 same => n,Wait(0.3)
 same => n,Hangup(16)
exten => ringing,1,Ringing()
 same => n,Wait(0.2)
 same => n,Answer()
 same => n,Wait(60)
exten => busy,1,Hangup(17)

[texts]
exten => _X!,1,AGI(agi://127.0.0.1:%AGI%/text,${EXTEN},${MESSAGE(from)},${BASE64_ENCODE(${MESSAGE(body)})})
 same => n,ExecIf($["${STORED}" != "yes"]?Set(DB(spool/${EXTEN})=${BASE64_ENCODE(${MESSAGE(body)})}))
 same => n,Hangup()
"""

FILES = {
    "http.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport=%HTTP%\nsessionlimit=1000\n",
    "ari.conf": "[general]\nenabled=yes\nwebsocket_write_timeout=1000\n[%USER%]\ntype=user\npassword=%PASSWORD%\n",
    "manager.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\nport=%AMI%\n"
    "[%USER%]\nsecret=%PASSWORD%\nread=all\nwrite=all\n",
    "hep.conf": "[general]\nenabled=yes\ncapture_address=127.0.0.1:%HEP%\ncapture_id=7\nuuid_type=call-id\n",
    "pjsip.conf": "[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:%SIP%\n"
    "[itself]\ntype=endpoint\ncontext=texts\nmessage_context=texts\nallow=ulaw\naors=itself\n"
    "[itself]\ntype=aor\ncontact=sip:itself@127.0.0.1:%SIP%\n"
    "[itself]\ntype=identify\nendpoint=itself\nmatch=127.0.0.1\n",
    "musiconhold.conf": "[default]\nmode=files\ndirectory=%FOLDER%/data/sounds/en\n",
    "logger.conf": "[logfiles]\nmessages => notice,warning,error\n",
    "extensions.conf": EXTENSIONS,
    "asterisk.conf": "[directories]\nastetcdir => %FOLDER%/etc\nastmoddir => %MODULES%\nastvarlibdir => %FOLDER%/data\n"
    "astdbdir => %FOLDER%/data\nastkeydir => %FOLDER%/data\nastdatadir => %FOLDER%/data\nastagidir => %FOLDER%/data\n"
    "astspooldir => %FOLDER%/spool\nastrundir => %FOLDER%/run\nastlogdir => %FOLDER%/log\n",
    **dict.fromkeys(
        (
            "cdr.conf",
            "cel.conf",
            "rtp.conf",
            "indications.conf",
            "features.conf",
            "stasis.conf",
            "websocket_client.conf",
        ),
        "",
    ),
}


def _state_of(thread: Path) -> str:
    """The letter that Linux gives the state of a thread, after its name in parentheses (proc(5))."""
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


class BareAsterisk:
    """Start, stop and kill it; make clients for it."""

    def __init__(self, tools: ProgramTree, folder: Path) -> None:
        self.folder = folder
        self.http_port = free_port("tcp")
        self.ami_port = free_port("tcp")
        self.agi_port = free_port("tcp")
        self.hep_port = free_port("udp")
        self.sip_port = free_port("udp")
        self._tools = tools
        self._process: OwnedProcess | None = None
        self._write_files()

    def _write_files(self) -> None:
        for name in ("etc", "data/sounds/en", "spool/recording", "run", "log"):
            (self.folder / name).mkdir(parents=True)
        shutil.copytree(self._tools.root / "usr/share/asterisk/documentation", self.folder / "data/documentation")
        shutil.copytree(self._tools.root / "usr/share/asterisk/rest-api", self.folder / "data/rest-api")
        values = {
            "HTTP": self.http_port,
            "AMI": self.ami_port,
            "AGI": self.agi_port,
            "HEP": self.hep_port,
            "SIP": self.sip_port,
            "USER": USERNAME,
            "PASSWORD": PASSWORD,
            "FOLDER": self.folder,
            "MODULES": self._tools.libraries / "asterisk/modules",
        }
        modules = "".join(f"load={name}.so\n" for name in MODULES.split())
        for name, text in {**FILES, "modules.conf": f"[modules]\nautoload=no\n{modules}"}.items():
            for key, value in values.items():
                text = text.replace(f"%{key}%", str(value))
            (self.folder / "etc" / name).write_text(text)
        for name, seconds in (("tone", 1.0), ("blip", 0.06)):
            self._write_tone(self.folder / f"data/sounds/en/{name}.wav", seconds)

    def _write_tone(self, path: Path, seconds: float) -> None:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            samples = (int(8000 * math.sin(2 * math.pi * 440 * i / 8000)) for i in range(int(8000 * seconds)))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))

    async def start(self) -> None:
        """Start it, and wait until ARI answers."""
        self._process = await OwnedProcess.start(
            self._tools.command("asterisk", "-f", "-C", str(self.folder / "etc/asterisk.conf")),
            log=self.folder / "log/output",
            orphaned=signal.SIGKILL,
        )
        client = self.ari(application="probe")
        running = asyncio.create_task(client.run())
        try:
            await client.wait_connected(LONGEST_WAIT)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop((signal.SIGTERM, 3.0))
            self._process = None

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        self._process = None

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The process is stopped: connections stay open, and nothing answers."""
        assert self._process is not None
        self._process.send(signal.SIGSTOP)
        threads = Path(f"/proc/{self._process.pid}/task")
        # A thread that runs meanwhile would answer once more.
        while any(_state_of(thread) not in "Tt" for thread in threads.iterdir()):
            time.sleep(0.001)
        try:
            yield
        finally:
            self._process.send(signal.SIGCONT)

    def ari(self, **options: object) -> AriClient:
        settings = {"url": f"http://127.0.0.1:{self.http_port}", "username": USERNAME, "password": PASSWORD}
        retries = {"application": "ringpost", "first_delay": 0.05, "longest_delay": 0.2}
        return AriClient(**{**settings, **retries, **options})  # type: ignore[arg-type]

    def ami(self, **options: object) -> AmiClient:
        settings = {"host": "127.0.0.1", "port": self.ami_port, "username": USERNAME, "secret": PASSWORD}
        retries = {"first_delay": 0.05, "longest_delay": 0.2}
        return AmiClient(**{**settings, **retries, **options})  # type: ignore[arg-type]
