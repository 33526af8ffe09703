"""What carriers send, on the whole house: each scenario is what was written into an INVITE, and what came of it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from controller.asterisk.configuration import SipTrunk
from controller.calls.loops import MOST_LINKS
from controller.programs import ProgramTree
from tests.support.asterisk import TRUNK_ADDRESS, running_asterisk
from tests.support.house import Customer, House, Posted, customer, running_house
from tests.support.ports import free_port
from tests.support.sip_peer import sip_peer
from tests.support.tones import heard_codes, write_tone

KEY = "7f6c1a52-0000-4000-8000-000000000001"
OPEN_TRUNK_ADDRESS = "127.0.0.3"
SHORT, WAITING, LONDON, PASSED_ON = "+12015550101", "+12015550102", "+442079460123", "+12015550103"
SOUND = 7
NUMBERS = (SHORT, WAITING, LONDON, PASSED_ON)
YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+12015550101": {{voice: acme, script: short.txt}}
  "+442079460123": {{voice: acme, script: short.txt}}
  "+12015550102": {{voice: acme, script: waiting.txt}}
  "+12015550103": {{voice: acme, script: passed_on.txt}}
trunks:
  carrier: {{host: {carrier}}}
  open: {{host: {open}, show_withheld: true, did_from: X-DID}}
"""
SCRIPTS = {
    "short": r"~^sound~ ~\EndCall()~",
    "waiting": r"~\WaitForDTMF(1)~ ~^sound~ ~\WaitForDTMF(30)~",
    "passed_on": r"~\TransferTo(3125550123)~",
}
# More packets than the sound has: what comes beyond it is silence that is sent.
PACKETS_OF_SILENCE = 120


@dataclass
class Running:
    """The house, and how it is called."""

    house: House
    acme: Customer
    server: tuple[str, int]

    async def final(self, caller: str) -> Posted:
        """The final post-back of the calls of this caller."""
        found = await self.acme.wait(lambda posted: any(each.final and _of(each, caller) for each in posted))
        return next(each for each in found if each.final and _of(each, caller))


def _of(posted: Posted, caller: str) -> bool:
    return posted.form["callerid"] == caller


@pytest.fixture(scope="module")
async def running(
    tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("carriers")
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "sound.wav", SOUND, 0.6)
    for name, script in SCRIPTS.items():
        (folder / f"{name}.txt").write_text(script)
    trunks = (
        SipTrunk("carrier", TRUNK_ADDRESS, port=free_port("udp", "tcp", host=TRUNK_ADDRESS)),
        SipTrunk("open", OPEN_TRUNK_ADDRESS, did_from=("X-DID",)),
    )
    async with customer() as acme, running_asterisk(tools, trunks=trunks, numbers=frozenset(NUMBERS)) as asterisk:
        yaml = YAML.format(key=KEY, url=acme.url, carrier=TRUNK_ADDRESS, open=OPEN_TRUNK_ADDRESS)
        async with running_house(folder, asterisk, fresh_database, tools.root, yaml) as house:
            yield Running(house, acme, ("127.0.0.1", asterisk.sip_port))


@dataclass(frozen=True)
class Called:
    """An INVITE, and which number and caller the customer is told of. `status`: what the carrier is answered."""

    name: str
    uri: str = "sip:+12015550101@127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: str = ""
    number: str = "2015550101"
    address: str = TRUNK_ADDRESS
    status: int = 200


_callers = itertools.count(2015_560_100)
ASSERTED = "<sip:+12015550199@carrier.example>"
HIDDEN = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
REGISTERED = "sip:1000001@127.0.0.1;line=abc"
CALLED = (
    Called("the number in To of a registered trunk", REGISTERED, {"To": "<sip:+12015550101@carrier.example>"}),
    Called("with a name and a tag", REGISTERED, {"To": '"Acme: a@b, Inc." <sip:12015550101@c.example;user=phone>'}),
    Called("with parameters", REGISTERED, {"To": "<sip:2015550101;npdi=yes@carrier.example>"}),
    Called("called party", REGISTERED, {"P-Called-Party-ID": "<sip:+12015550101@carrier.example>"}),
    Called("a user that is a name", "sip:ringpost@127.0.0.1", {"P-Called-Party-ID": "<sip:+12015550101@c.example>"}),
    Called("no user at all", "sip:127.0.0.1", {"To": "<sip:+12015550101@carrier.example>"}),
    Called("a header of the carrier's own", REGISTERED, {"X-DID": "12015550101"}, address=OPEN_TRUNK_ADDRESS),
    Called("digits of another country", "sip:442079460123@127.0.0.1", number="442079460123"),
    Called("the same with the prefix that Europe dials", "sip:00442079460123@127.0.0.1", number="442079460123"),
    Called("an escaped plus", "sip:%2B12015550101@127.0.0.1"),
    Called("separators", "sip:+1-201-555-0101@127.0.0.1;user=phone"),
    Called("a telephone URI", "tel:+12015550101"),
    Called("a telephone URI in To", REGISTERED, {"To": '"Acme 24/7" <tel:+1-201-555-0101>'}),
    Called("a telephone URI with a context", REGISTERED, {"To": "<tel:2015550101;phone-context=+1>"}),
    Called("a user that is a sign", "sip:*1000001@127.0.0.1", {"To": "<sip:+12015550101@carrier.example>"}),
    Called("a user of one digit", "sip:1@127.0.0.1", {"To": "<sip:+12015550101@carrier.example>"}),
    Called("nobody's sign", "sip:*97@127.0.0.1", status=404),
    Called("nobody's number", "sip:nobodys-name@127.0.0.1", status=404),
    Called("a hostile name", REGISTERED, {"To": '"${SHELL(id)},)(&|:1" <sip:%24%7Bx%7D@c.example>'}, status=404),
    Called("a hostile header", REGISTERED, {"X-DID": "${SHELL(id)},)(&|:1;"}, address=OPEN_TRUNK_ADDRESS, status=404),
    Called(
        "a number that is withheld",
        headers={
            "From": '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
            "P-Asserted-Identity": "<sip:+12015550199@carrier.example>",
            "Privacy": "id",
        },
        caller="anonymous",
    ),
    Called(
        "a number that is withheld in the old way",
        headers={"Remote-Party-ID": "<sip:+12015550199@carrier.example>;party=calling;privacy=full"},
        caller="anonymous",
    ),
    *(
        Called(f"Privacy: {value}", headers={"Privacy": value, "P-Asserted-Identity": ASSERTED}, caller="anonymous")
        for value in ("id;critical", "user;id", "header", "session; id", "ID", "user")
    ),
    *(
        Called(f"Remote-Party-ID with {value}", headers={"Remote-Party-ID": f"{ASSERTED};{value}"}, caller="anonymous")
        for value in ("privacy=uri", "screen=yes;privacy=full", 'party=calling; Privacy="full"', "privacy=full-off")
    ),
    Called("an anonymous From", headers={"From": HIDDEN, "P-Asserted-Identity": ASSERTED}, caller="anonymous"),
    Called(
        "an asserted identity that is none",
        headers={"From": HIDDEN, "P-Asserted-Identity": "<sip:anonymous@carrier.example>"},
        caller="anonymous",
    ),
    Called("a From that is restricted", headers={"From": "<sip:Restricted@c.example>;tag=2"}, caller="anonymous"),
    Called(
        "a number that is not withheld",
        headers={"Privacy": "none", "P-Asserted-Identity": ASSERTED, "Remote-Party-ID": f"{ASSERTED};privacy=off"},
        caller="2015550199",
    ),
    Called("a name that is withheld", headers={"Remote-Party-ID": f"{ASSERTED};privacy=name"}, caller="2015550199"),
    Called("foreign digits call", headers={"From": "<sip:442079460199@c.example>;tag=3"}, caller="442079460199"),
    Called(
        "a withheld number that the administrator asks for",
        headers={
            "From": '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
            "P-Asserted-Identity": "<sip:+12015550199@carrier.example>",
            "Privacy": "id",
            "X-DID": "<sip:+12015550101@carrier.example>",
        },
        address=OPEN_TRUNK_ADDRESS,
        caller="2015550199",
    ),
)  # fmt: skip


@pytest.mark.parametrize("called", CALLED, ids=lambda called: called.name)
async def test_which_number_is_called_and_who_calls(running: Running, called: Called) -> None:
    caller = called.caller or str(next(_callers))
    before = len(running.acme.posted)
    async with sip_peer(called.address, running.server) as peer:
        sender = f"<sip:1{caller}@{called.address}>;tag={caller}"
        peer.invite(called.uri, headers={"From": sender, **called.headers})
        answer = await peer.final_answer()
        assert answer.status == called.status, answer.text
        if called.status != 200:
            return
        peer.acknowledge(answer)
        posted = await running.acme.wait(lambda posted: any(each.final for each in posted[before:]))
    final = next(each for each in posted[before:] if each.final)
    assert (final.form["phonenumber"], final.form["callerid"]) == (called.number, caller)
    assert "2015550199" not in str(final.form) or called.caller == "2015550199"


async def test_a_refused_call_is_in_the_log_of_the_controller(running: Running) -> None:
    async with sip_peer(TRUNK_ADDRESS, running.server) as peer:
        peer.invite("sip:somebody-else@127.0.0.1")
        assert (await peer.final_answer()).status == 404
    assert any("somebody-else" in line and "call refused" in line for line in running.house.log.splitlines())


async def test_silence_is_sent_whenever_nothing_is_played(running: Running) -> None:
    async with sip_peer(TRUNK_ADDRESS, running.server) as peer:
        peer.invite(f"sip:{WAITING}@127.0.0.1")
        answer = await peer.final_answer()
        peer.acknowledge(answer)
        await peer.hear(PACKETS_OF_SILENCE)
        peer.hang_up(answer)
    assert heard_codes(peer.audio) == [SOUND], "what is played is heard between the silences"


async def test_nothing_is_done_for_a_caller_who_never_confirms_the_answer(running: Running) -> None:
    carrier = running.house.asterisk.configuration.trunks[0]
    async with (
        sip_peer(OPEN_TRUNK_ADDRESS, running.server) as spoofed,
        sip_peer(TRUNK_ADDRESS, running.server, sip_port=carrier.port) as callee,
    ):
        spoofed.invite(f"sip:{PASSED_ON}@127.0.0.1", headers={"X-DID": PASSED_ON})
        answer = await spoofed.final_answer()
        assert answer.status == 200, answer.text
        # The answer is sent again and again, as nobody confirms it; meanwhile silence is heard, and nothing is dialled.
        await spoofed.hear(PACKETS_OF_SILENCE)
        assert not [each for each in callee.requests if each.method == "INVITE"]
        spoofed.acknowledge(answer)
        invite = await callee.asked("INVITE")
        callee.reply(invite, "486 Busy Here")
        spoofed.hang_up(answer)


async def test_who_withholds_the_number_is_not_shown_to_whom_the_call_is_transferred(running: Running) -> None:
    carrier = running.house.asterisk.configuration.trunks[0]
    withheld = {"From": HIDDEN, "P-Asserted-Identity": ASSERTED, "Privacy": "id", "X-DID": PASSED_ON}
    async with (
        sip_peer(OPEN_TRUNK_ADDRESS, running.server) as caller,
        sip_peer(TRUNK_ADDRESS, running.server, sip_port=carrier.port) as callee,
    ):
        caller.invite(f"sip:{PASSED_ON}@127.0.0.1", headers=withheld)
        answer = await caller.final_answer()
        caller.acknowledge(answer)
        invite = await callee.asked("INVITE")
        callee.reply(invite, "486 Busy Here")
        caller.hang_up(answer)
    assert "2015550199" not in invite.text
    assert "anonymous" in invite.text.lower()


async def test_a_transfer_that_the_carrier_brings_back_again_and_again_is_cut(running: Running) -> None:
    """A4 of toll fraud: the number that a call is transferred to is forwarded to the number that transfers."""
    port = running.house.asterisk.configuration.trunks[0].port
    caller = {"From": f"<sip:+{next(_callers)}@carrier.example>;tag=1"}
    async with AsyncExitStack() as stack:
        callee = await stack.enter_async_context(sip_peer(TRUNK_ADDRESS, running.server, sip_port=port))
        for link in range(1, MOST_LINKS + 2):  # the call itself, and so many that come back
            back = await stack.enter_async_context(sip_peer(TRUNK_ADDRESS, running.server))
            back.invite(f"sip:{PASSED_ON}@127.0.0.1", headers=caller)
            answer = await back.final_answer()
            assert answer.status == 200, answer.text
            back.acknowledge(answer)
            stack.callback(back.hang_up, answer)
            # The answer is that of the transfer before it; and another transfer goes out.
            legs = await callee.asked_by(link, "INVITE")
            if link > 1:
                callee.reply(legs[-2], "200 OK", callee.sdp())
            callee.reply(legs[-1], "180 Ringing")
        cut = await stack.enter_async_context(sip_peer(TRUNK_ADDRESS, running.server))
        cut.invite(f"sip:{PASSED_ON}@127.0.0.1", headers=caller)
        answer = await cut.final_answer()
        assert (answer.status, answer.headers["reason"]) == (603, "Q.850;cause=25"), answer.text
        assert len(await callee.asked_by(MOST_LINKS + 1, "INVITE")) == MOST_LINKS + 1
