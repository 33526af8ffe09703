"""A caller with G.722 hears what is above 4 kHz, on the whole house; one with G.711 hears the same speech at 8 kHz."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.house import House, customer, running_house
from tests.support.sip_peer import sip_peer
from tests.support.tones import write_tone

SAYS, PLAYS = "+12015550101", "+12015550102"
KEY = "7f6c1a52-0000-4000-8000-000000000001"
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+12015550101": {{voice: acme, script: says.txt}}
  "+12015550102": {{voice: acme, script: plays.txt}}
trunks:
  carrier: {{host: {carrier}}}
"""
G722, PCMU = "9", "0"
PACKETS = 90
# ITU-T G.722, 3.5.4: what a code of the upper sub-band adds to the logarithm of its scale, and its highest value.
_ADDED = (798, -214, 798, -214)
_HIGHEST = 22_528
FAINT = 4000


@pytest.fixture(scope="module")
async def house(
    tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("wideband")
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "sound.wav", 7, 2.0)
    (folder / "says.txt").write_text(r"Six sea shells, and a fish. ~\WaitForDTMF(30)~")
    (folder / "plays.txt").write_text(r"~^sound~ ~\WaitForDTMF(30)~")
    async with customer() as acme, running_asterisk(tools, numbers=frozenset({SAYS, PLAYS})) as asterisk:
        yaml = YAML.format(key=KEY, url=acme.url, carrier=TRUNK_ADDRESS)
        async with running_house(folder, asterisk, fresh_database, tools.root, yaml) as running:
            yield running


def upper_band(payloads: Sequence[bytes]) -> int:
    """How loud the half above 4 kHz became, as the logarithm that decoders of G.722 adapt their scale by."""
    scale = highest = 0
    for code in b"".join(payloads):
        scale = min(max((scale * 127 >> 7) + _ADDED[code >> 6], 0), _HIGHEST)
        highest = max(highest, scale)
    return highest


async def heard(house: House, number: str, codec: str) -> list[bytes]:
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", house.asterisk.sip_port)) as peer:
        media = f"m=audio {peer.rtp_port} RTP/AVP {codec} 101"
        peer.invite(f"sip:{number}@127.0.0.1", body=peer.sdp(media, "a=rtpmap:101 telephone-event/8000"))
        answer = await peer.final_answer()
        assert answer.status == 200, answer.text
        peer.acknowledge(answer)
        packets = await peer.hear(PACKETS)
        peer.hang_up(answer)
    return [packet.payload for packet in packets if packet.payload_type == int(codec)]


async def test_a_caller_with_g722_hears_what_is_above_four_kilohertz(house: House) -> None:
    spoken, played = upper_band(await heard(house, SAYS, G722)), upper_band(await heard(house, PLAYS, G722))
    assert spoken > FAINT > played, "speech is wide; the sound of a telephone is not"


async def test_a_caller_with_g711_hears_speech_as_ever(house: House) -> None:
    payloads = await heard(house, SAYS, PCMU)
    # Silence is the same packet again and again; speech is not.
    assert len(set(payloads)) > len(payloads) / 3
