"""Calls that came in wait for their caller's ACK before anything of the script runs, whatever happens meanwhile."""

from __future__ import annotations

from controller.asterisk.hep import SIP, Address, CapturedSipMessage, HepPacket
from controller.calls.acknowledgements import Acknowledgements
from tests.support.calls import calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.patience import until

NUMBER = "+12015550101"
ARGS = ("incoming", "12015550101", "allowed", "", "", "asterisks-tag")
KNOWN = snapshot({NUMBER: r"~\ClearDTMF()~ Press 1. ~\WaitForDTMF(300)~"})
NOWHERE = Address("127.0.0.1", 5060)
PACKET = HepPacket(NOWHERE, NOWHERE, 0.0, SIP, 1, "", b"")


def acknowledge(acknowledgements: Acknowledgements) -> None:
    headers = (("to", "<sip:12015550101@127.0.0.1>;tag=asterisks-tag"), ("cseq", "1 ACK"))
    acknowledgements.on_sip(PACKET, CapturedSipMessage("ACK", "sip:a@b", 0, "", headers, b""))


async def test_the_script_begins_with_the_ack_and_silence_is_sent_to_who_is_slow(postgres: str) -> None:
    acknowledgements = Acknowledgements(lambda: True)
    async with FakeAri() as fake, calls_room(fake, postgres, KNOWN, acknowledgements=acknowledgements) as room:
        channel = fake.incoming_call(args=ARGS)
        await fake.asked("POST", f"channels/{channel}/silence")
        assert fake.played == []
        acknowledge(acknowledgements)
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.hang_up(channel)
        await room.idle()


async def test_a_call_that_is_ended_from_outside_before_its_ack_runs_nothing_and_says_who_ended_it(
    postgres: str,
) -> None:
    async with (
        FakeAri() as fake,
        calls_room(fake, postgres, KNOWN, acknowledgements=Acknowledgements(lambda: True)) as room,
    ):
        channel = fake.incoming_call(args=ARGS)
        await until(lambda: fake.channels[channel].state == "Up")
        assert room.live.end(channel, "ended-by-administrator")
        await room.idle()
        assert fake.played == []
        assert [fields for event, fields in await room.trace() if event == "end"] == [
            {"reason": "ended-by-administrator"}
        ]


async def test_a_caller_who_hangs_up_before_the_ack_is_no_call_of_the_script(postgres: str) -> None:
    async with (
        FakeAri() as fake,
        calls_room(fake, postgres, KNOWN, acknowledgements=Acknowledgements(lambda: True)) as room,
    ):
        channel = fake.incoming_call(args=ARGS)
        await until(lambda: fake.channels[channel].state == "Up")
        fake.hang_up(channel)
        await room.idle()
        assert fake.played == []
        assert [fields for event, fields in await room.trace() if event == "end"] == [{"reason": "unconfirmed"}]


async def test_a_call_that_was_answered_before_its_controller_died_waits_for_no_ack(postgres: str) -> None:
    async with FakeAri() as fake:
        channel = fake.surviving_channel("1700000000.7")
        channel.application_args = ARGS
        async with calls_room(fake, postgres, KNOWN, acknowledgements=Acknowledgements(lambda: True)) as room:
            fake.emit("StasisStart", args=list(ARGS), channel=channel.described())
            await fake.until(lambda: fake.played == ["say:Press 1."])
            fake.hang_up(channel.id)
            await room.idle()
