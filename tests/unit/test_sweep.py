"""The sweep: what a crash left in Asterisk goes, what somebody still needs stays."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from controller.calls.effects.conference import Conferences, room_id
from controller.calls.live import LiveCalls
from controller.calls.metrics import CallMetrics
from controller.calls.recovery.sweep import Sweep
from controller.calls.store.recording_spool import RecordingSpool
from controller.calls.store.recordings import Recordings
from tests.support.calls import NamedSounds, NoManager
from tests.support.memory_ari import APPLICATION, MemoryAri

ROOM = room_id("acme", "board")


def _bridge(fake: MemoryAri, bridge_id: str, *, name: str = APPLICATION, members: tuple[str, ...] = ()) -> None:
    fake.bridges[bridge_id] = []
    fake.bridge_names[bridge_id] = name
    for channel_id in members:
        fake.enter_bridge(fake.channels[channel_id], bridge_id)


async def _sweep(fake: MemoryAri) -> None:
    live = LiveCalls(fake.client, NoManager(), CallMetrics(CollectorRegistry()), 90)
    recordings = Recordings(fake.client, NamedSounds(), RecordingSpool(Path("nowhere")), APPLICATION)
    await Sweep(fake.client, live, Conferences(APPLICATION), recordings, APPLICATION).run_once()


async def test_an_empty_conference_is_closed_and_one_with_somebody_in_it_stays() -> None:
    fake = MemoryAri()
    _bridge(fake, ROOM)
    _bridge(fake, room_id("acme", "other"), members=(fake.incoming_call(),))
    await _sweep(fake)
    assert list(fake.bridges) == [room_id("acme", "other")]


async def test_the_bridge_of_a_transfer_whose_call_is_over_is_removed() -> None:
    fake = MemoryAri()
    _bridge(fake, "ringpost-7-bridge")
    await _sweep(fake)
    assert not fake.bridges


async def test_what_another_controller_or_another_program_made_stays() -> None:
    fake = MemoryAri()
    _bridge(fake, ROOM, name="ringpost-two")
    _bridge(fake, "ringpost-7-bridge", name="")
    _bridge(fake, "somebody-elses")
    await _sweep(fake)
    assert list(fake.bridges) == [ROOM, "ringpost-7-bridge", "somebody-elses"]
