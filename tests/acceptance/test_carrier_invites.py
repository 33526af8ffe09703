"""What carriers write into an INVITE, on a real Asterisk: without a controller, who calls a number of ours hears it."""

from __future__ import annotations

import pytest

from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.sip_peer import SipPeer, sip_peer

# Enough of the announcement to know that sound flows.
PACKETS = 20


async def answered_and_heard(peer: SipPeer) -> str:
    """Take the call, and wait for sound; gives the answer's session description."""
    answer = await peer.final_answer()
    assert answer.status == 200, answer.text
    peer.acknowledge(answer)
    await peer.hear(PACKETS)
    peer.hang_up(answer)
    return answer.body


@pytest.mark.parametrize("first", ["audio", "image"])
async def test_a_fax_stream_in_the_offer_is_declined_and_the_call_is_heard(
    asterisk: RunningAsterisk, first: str
) -> None:
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", asterisk.sip_port)) as peer:
        audio = (f"m=audio {peer.rtp_port} RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")
        image = ("m=image 41000 udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400")
        offer = peer.sdp(*audio, *image) if first == "audio" else peer.sdp(*image, *audio)
        peer.invite("sip:+12015550101@127.0.0.1", body=offer)
        description = await answered_and_heard(peer)
    assert "m=image 0 " in description


@pytest.mark.parametrize(
    "parameters", [";npdi", ";npdi;rn=+12015550000", ";rn=+12015550000", ";cic=+10288", ";phone-context=+1"]
)
async def test_the_number_stands_before_the_parameters_of_the_user_part(
    asterisk: RunningAsterisk, parameters: str
) -> None:
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", asterisk.sip_port)) as peer:
        peer.invite(f"sip:+12015550101{parameters}@127.0.0.1")
        await answered_and_heard(peer)
