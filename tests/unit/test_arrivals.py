"""A call that comes in: what the dialplan hands over, and the ACK that is waited for."""

from __future__ import annotations

from base64 import b64encode

import pytest

from controller.asterisk.ari.events import Event
from controller.asterisk.hep import Address, CapturedSipMessage, HepPacket
from controller.calls.acknowledgements import Acknowledgements
from controller.calls.arrival import Arrival

TAG = "0c5e6a0e-4a1c-4b05-93f1-37f6b3bd3e5f"
NOWHERE = Address("192.0.2.1", 5060)
PACKET = HepPacket(NOWHERE, NOWHERE, 0.0, 1, 1, "", b"")
NUMBER = "<sip:+12015550199@carrier.example>"


def arrival(privacy: str = "", party: str = "", sender: str = NUMBER, presentation: str = "allowed") -> Arrival:
    wishes = b64encode(f"{privacy}|ringpost|{party}|ringpost|{sender}".encode()).decode()
    args = ["incoming", "12015550101", presentation, "", wishes, TAG]
    return Arrival.of(Event("StasisStart", {"args": args}))


@pytest.mark.parametrize("privacy", ["id", "ID", "user;id", "id;critical", "header", "session; id", "history"])
def test_any_wish_for_privacy_withholds_the_number(privacy: str) -> None:
    assert arrival(privacy).withheld


@pytest.mark.parametrize("privacy", ["", "none", "None", " none ", "critical"])
def test_no_wish_for_privacy_shows_it(privacy: str) -> None:
    assert not arrival(privacy).withheld


@pytest.mark.parametrize(
    ("party", "withheld"),
    [
        (";party=calling;privacy=full", True),
        (";privacy=uri", True),
        ('; Privacy = "full"', True),
        (";privacy=full-network", True),
        (";privacy=off", False),
        (";privacy=name", False),
        (";party=called;privacy=full", False),
    ],
)
def test_a_remote_party_id_withholds_it_too(party: str, withheld: bool) -> None:
    assert arrival(party=NUMBER + party).withheld is withheld


def test_the_host_of_nobody_withholds_it() -> None:
    assert arrival(sender='"Anonymous" <sip:+12015550199@Anonymous.Invalid>;tag=1').withheld
    assert arrival(presentation="prohib_not_screened").withheld


@pytest.mark.parametrize("args", [[], ["incoming"], ["incoming", "1"], ["incoming", "1", "allowed", "x", "%%%", TAG]])
def test_a_call_of_which_less_is_told_is_taken_too(args: list[str]) -> None:
    assert not Arrival.of(Event("StasisStart", {"args": args})).withheld


def message(method: str, to: str) -> CapturedSipMessage:
    return CapturedSipMessage(method, "sip:a@b", 0, "", (("to", to), ("cseq", f"1 {method}")), b"")


def test_the_ack_of_this_dialog_is_told_and_no_other() -> None:
    told: list[str] = []
    acknowledgements = Acknowledgements(lambda: True)
    with acknowledgements.awaiting(TAG, lambda: told.append("confirmed")) as waits:
        assert waits
        # Whoever was not told the answer can write no tag of it, whatever else he knows of the call.
        for to in (NUMBER, f"{NUMBER};tag=guessed", f"{NUMBER};tag={TAG}x", f'"tag={TAG}" {NUMBER}'):
            acknowledgements.on_sip(PACKET, message("ACK", to))
        acknowledgements.on_sip(PACKET, message("BYE", f"{NUMBER};tag={TAG}"))
        assert told == []
        acknowledgements.on_sip(PACKET, message("ACK", f"{NUMBER} ; Tag={TAG};x=y"))
    assert told == ["confirmed"]
    acknowledgements.on_sip(PACKET, message("ACK", f"{NUMBER};tag={TAG}"))
    assert told == ["confirmed"]


@pytest.mark.parametrize(("tag", "mirrored"), [("", True), (TAG, False)])
def test_nobody_waits_for_what_cannot_be_told(tag: str, mirrored: bool) -> None:
    with Acknowledgements(lambda: mirrored).awaiting(tag, lambda: None) as waits:
        assert not waits
