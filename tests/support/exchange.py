"""A bare Asterisk with a dialplan of its own and without Ringpost: what the softphone is proved on, and calls compared.

Its trunk is whoever calls from 127.0.0.2; the phone alice registers with a password.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.embedded.asterisk_server import AsteriskServer, AsteriskTree
from controller.programs import ProgramTree
from tests.support.ports import free_port, free_range
from tests.support.tones import write_tone

TRUNK_ADDRESS = "127.0.0.2"
PHONE = "alice"
PASSWORD = "for-tests-only"
# Sounds of the dialplan: tone-1 … tone-9, each so long.
TONE_SECONDS = 0.6

MODULES = """
    res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session res_pjsip_pubsub
    res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_endpoint_identifier_ip res_pjsip_nat
    res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_authenticator_digest res_rtp_asterisk
    res_timing_timerfd chan_pjsip bridge_simple bridge_softmix bridge_native_rtp codec_ulaw format_wav pbx_config
    app_echo app_playback app_playtones app_read app_senddtmf app_dial app_sendtext func_channel func_logic
    res_http_websocket res_websocket_client res_stasis res_ari_model res_ari res_ari_asterisk
"""

FILES = {
    "http.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport=%HTTP%\n",
    "ari.conf": "[general]\nenabled=yes\n[exchange]\ntype=user\npassword=%PASSWORD%\n",
    "rtp.conf": "[general]\nrtpstart=%RTP_FIRST%\nrtpend=%RTP_LAST%\n",
    "logger.conf": "[general]\n[logfiles]\nasterisk.log => notice,warning,error\n",
    "asterisk.conf": "[directories]\nastetcdir => %etc_dir%\nastmoddir => %module_dir%\nastvarlibdir => %data_dir%\n"
    "astdbdir => %var_dir%\nastkeydir => %var_dir%\nastdatadir => %data_dir%\nastagidir => %data_dir%\n"
    "astspooldir => %spool_dir%\nastrundir => %run_dir%\nastlogdir => %log_dir%\n",
    "pjsip.conf": """
[udp]
type=transport
protocol=udp
bind=127.0.0.1:%SIP%
[line](!)
type=endpoint
context=numbers
allow=!all,ulaw
direct_media=%DIRECT_MEDIA%
dtmf_mode=rfc4733
[trunk](line)
aors=trunk
[trunk]
type=aor
contact=sip:127.0.0.2:%TRUNK%
[trunk]
type=identify
endpoint=trunk
match=127.0.0.2
[alice](line)
aors=alice
auth=alice
[alice]
type=auth
auth_type=userpass
username=alice
password=%PASSWORD%
[alice]
type=aor
max_contacts=1
remove_existing=yes
""",
    **dict.fromkeys(("cdr.conf", "cel.conf", "indications.conf", "features.conf", "stasis.conf", "manager.conf"), ""),
    **dict.fromkeys(("acl.conf", "ccss.conf", "udptl.conf", "pjproject.conf", "websocket_client.conf"), ""),
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A running one: where it takes SIP, where it expects the trunk's far side, and its process."""

    server: tuple[str, int]
    trunk: tuple[str, int]
    pid: int


@asynccontextmanager
async def exchange(tools: ProgramTree, dialplan: str, *, direct_media: bool = False) -> AsyncIterator[Exchange]:
    """`dialplan` is the content of the context `numbers`, into which all calls go."""
    folder = Path(tempfile.mkdtemp(prefix="ringpost-exchange-"))
    tree = AsteriskTree(folder / "asterisk", tools, folder / "logs")
    sip, trunk, http, first = (
        free_port("udp"),
        free_port("udp", host=TRUNK_ADDRESS),
        free_port("tcp"),
        free_range(1000, "udp"),
    )
    values: dict[str, object] = {
        **tree.directories(),
        "SIP": sip,
        "TRUNK": trunk,
        "HTTP": http,
        "RTP_FIRST": first,
        "RTP_LAST": first + 999,
        "PASSWORD": PASSWORD,
        "DIRECT_MEDIA": "yes" if direct_media else "no",
    }
    modules = "".join(f"load={name}.so\n" for name in MODULES.split())
    try:
        tree.make()
        files = {
            **FILES,
            "modules.conf": f"[modules]\nautoload=no\n{modules}",
            "extensions.conf": f"[numbers]\n{dialplan}",
        }
        for name, text in files.items():
            for key, value in values.items():
                text = text.replace(f"%{key}%", str(value))
            (tree.etc_dir / name).write_text(text)
        for code in range(1, 10):
            write_tone(tree.sounds_dir / f"tone-{code}.wav", code, TONE_SECONDS)
        server = AsteriskServer(tree, http_port=http, username="exchange", password=PASSWORD)
        await server.start(timeout=30)
        try:
            assert server.pid is not None
            yield Exchange(("127.0.0.1", sip), (TRUNK_ADDRESS, trunk), server.pid)
        finally:
            await server.stop()
    finally:
        shutil.rmtree(folder)
