"""Call recording on a scripted Asterisk: whose calls are recorded, what is kept of them, and what is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.directory.did_settings import DidSettings
from controller.directory.snapshot import Did, Phone, Snapshot
from controller.errors import StoreUnreachable
from controller.ivr.compiled import compile_place
from controller.ivr.model import Destination
from controller.ivr.places import Member, NumberRouting, RingGroup
from controller.ivr.translation import Catalogue
from tests.support.calls import KEY, snapshot
from tests.support.fake_switch import FakeChannel
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import MemoryRoom, memory_room
from tests.support.patience import until

NUMBER = "+12015550101"
ALICE = Phone("alice", "secret", "+12015550110", owner=KEY.name, records_calls=True)


def known(script: str = "~\\WaitForDTMF(20)~", *, number_records: bool = False, phone: Phone = ALICE) -> Snapshot:
    """A number with a script, and a phone."""
    stated = snapshot({NUMBER: script})
    settings = DidSettings(record_calls="1" if number_records else "0")
    did = replace(stated.dids[NUMBER], settings=settings)
    return replace(stated, dids={NUMBER: did}, phones={"alice": phone})


async def kept(room: MemoryRoom, count: int = 1) -> list[str]:
    """The ids of so many sounds that were kept, without the QueueID."""
    await until(lambda: len(room.sounds.recorded) >= count)
    return sorted(sound_id.rpartition("/")[0] for sound_id in room.sounds.recorded)


async def recording(fake: MemoryAri, count: int = 1) -> list[str]:
    """The channels that are recorded, when there are so many."""

    def recorded() -> list[str]:
        return [channel.id for channel in fake.channels.values() if channel.recording]

    await until(lambda: len(recorded()) >= count)
    return recorded()


async def test_a_call_to_a_number_that_asks_for_it_is_recorded_whole() -> None:
    fake = MemoryAri()
    async with memory_room(fake, known(number_records=True)) as room:
        call = fake.incoming_call()
        (tape,) = await recording(fake)
        assert fake.channels[tape].snooped_id == call
        asked = await fake.asked("POST", r"channels/.*/snoop/.*")
        assert asked.query["spy"] == "both"
        fake.hang_up(call)
        assert await kept(room) == ["call-recording/-/in"]
        await room.idle()
        assert (fake.channels, fake.stored) == ({}, {})


async def test_a_call_from_a_phone_that_asks_for_it_is_recorded_for_its_owner_and_no_other_is() -> None:
    fake = MemoryAri()
    async with memory_room(fake, known()) as room:
        other = fake.incoming_call()
        await fake.asked("POST", f"channels/{other}/answer")
        call = fake.incoming_call(endpoint="alice")
        (tape,) = await recording(fake)
        assert fake.channels[tape].snooped_id == call
        fake.hang_up(call)
        assert await kept(room) == ["call-recording/alice/out"]
        fake.hang_up(other)
        await room.idle()
        assert len(room.sounds.recorded) == 1


async def test_a_phone_that_a_call_is_led_to_is_recorded_from_its_answer_to_its_end() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.answer(leg.id)
    async with memory_room(fake, known("~\\TransferTo(12015550110)~ ~\\WaitForDTMF(20)~")) as room:
        fake.incoming_call()
        (tape,) = await recording(fake)
        leg = fake.channels[tape].snooped_id
        assert leg.endswith("-transfer")
        fake.hang_up(leg)
        assert await kept(room) == ["call-recording/alice/in"]
        await room.idle()


async def test_of_a_group_the_phone_that_answered_is_recorded() -> None:
    fake = MemoryAri()

    def answers(leg: FakeChannel) -> None:
        # The far half of the leg, which dials the members.
        far = fake.surviving_channel(f"PJSIP/fake-{leg.id};2")
        far.variables["DIALEDPEERNAME"] = "PJSIP/alice-00000001"
        fake.answer(leg.id)

    fake.on_originate = answers
    place = Destination.parse(f"did:{NUMBER}")
    group = RingGroup(tuple(Member(Destination.parse(f"sip:{name}")) for name in ("bob", "alice")))
    of_number = NumberRouting(Destination.parse("grp:1"))
    program = compile_place(place, Catalogue(places={place: of_number, Destination.parse("grp:1"): group}))
    phones = {"alice": ALICE, "bob": replace(ALICE, name="bob", number=None)}
    stated = replace(known(), dids={NUMBER: Did(NUMBER, voice=KEY, program=program)}, phones=phones)
    async with memory_room(fake, stated) as room:
        call = fake.incoming_call()
        await recording(fake)
        fake.hang_up(call)
        assert await kept(room) == ["call-recording/alice/in"]
        await room.idle()


async def test_with_the_store_away_a_recorded_call_waits_and_is_stored_later() -> None:
    fake = MemoryAri()
    async with memory_room(fake, known(number_records=True)) as room:
        room.sounds.refused = StoreUnreachable()
        call = fake.incoming_call()
        await recording(fake)
        fake.hang_up(call)
        await room.idle()
        await until(lambda: bool(room.sounds.held))
        room.sounds.refused = None
        assert await room.calls.recordings.store_waiting()
        assert await kept(room) == ["call-recording/-/in"]


async def unrecorded(fake: MemoryAri, asked: str, *, held: bool = False) -> None:
    """A call to a number that asks for recording, which does not work: it goes on until its caller hangs up."""
    async with memory_room(fake, known(number_records=True), holds_key=lambda _key: held) as room:
        call = fake.incoming_call()
        await fake.asked("POST", asked)
        await until(lambda: room.calls.recordings.waiting == 0)
        assert call in fake.channels
        fake.hang_up(call)
        await room.idle()
        assert (room.sounds.recorded, fake.channels) == ({}, {})


@pytest.mark.parametrize("request_of", ["channels/.*/snoop/.*", "channels/.*-tape-.*/record"])
async def test_a_call_that_cannot_be_recorded_goes_on_and_leaves_nothing(request_of: str) -> None:
    fake = MemoryAri()
    fake.refuse("POST", request_of, status=500)
    await unrecorded(fake, request_of)


async def test_what_asterisk_recorded_without_an_answer_is_removed() -> None:
    fake = MemoryAri()
    fake.refuse("POST", "channels/.*-tape-.*/record")
    async with memory_room(fake, known(number_records=True)) as room:
        call = fake.incoming_call()
        await fake.asked("DELETE", "recordings/stored/.*-did")
        await until(lambda: room.calls.recordings.waiting == 0)
        assert [each for each in fake.channels if each != call] == []
        fake.hang_up(call)
        await room.idle()


async def test_nothing_is_recorded_for_a_key_that_has_reached_a_limit() -> None:
    fake = MemoryAri()
    await unrecorded(fake, "channels/.*/answer", held=True)
    assert not [request for request in fake.requests if "snoop" in request.uri]


async def test_what_nobody_followed_to_its_end_is_kept_by_the_sweep() -> None:
    fake = MemoryAri()
    async with memory_room(fake, known(number_records=True)) as room:
        call = fake.incoming_call()
        await recording(fake)
        fake.client.lose()
        fake.client.regain()
        await room.calls.adoption.connected()
        (tape,) = await recording(fake)
        assert tape in fake.channels, "a live call is recorded on"
        fake.hang_up(call)
        await room.idle()
        await room.calls.adoption.connected()
        assert await kept(room) == ["call-recording/-/in"]
