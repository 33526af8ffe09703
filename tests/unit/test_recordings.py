"""Recordings of callers on a scripted Asterisk: whatever is away, or full, or ends the call, what was said is kept."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from controller.calls.effects.record import BEGINNINGS, keep_begun, record
from controller.calls.line.line import Lost
from controller.calls.store.recording_spool import Recording, RecordingSpool
from controller.calls.store.recordings import Recordings
from controller.errors import AudioInvalid, SpeechError, StoreUnreachable
from controller.script.effects import Record
from controller.script.outcomes import Failed, HungUp, Outcome, Recorded
from controller.speech.pcm import silence, to_pcm, wav_file
from controller.speech.prompts import Medium
from tests.support.calls import NamedPrompts, NamedSounds
from tests.support.memory_ari import APPLICATION, MemoryAri, ScriptedLine, scripted_line
from tests.support.patience import LONGEST_WAIT

if TYPE_CHECKING:
    from controller.calls.call_prompts import CallPrompts

MESSAGE = Record("message", 60.0, 10.0)
NAME = f"{APPLICATION}/1-1"


class Recorder:
    """A scripted Asterisk, a library and a spool; `again` is the next controller on the same."""

    def __init__(self, folder: Path) -> None:
        self.fake, self.sounds, self.spool = MemoryAri(), NamedSounds(), RecordingSpool(folder)
        self.recordings = self.again()

    def again(self) -> Recordings:
        return Recordings(self.fake.client, self.sounds, self.spool, APPLICATION)

    def line(self, channel_id: str | None = None) -> ScriptedLine:
        scripted = scripted_line(self.fake, channel_id=channel_id)
        scripted.line.engine.state.recordings_made = 1
        return scripted

    def begin(self, scripted: ScriptedLine) -> asyncio.Task[Outcome]:
        prompts = cast("CallPrompts", NamedPrompts())
        return asyncio.create_task(record(scripted.line, MESSAGE, prompts, self.recordings, APPLICATION))

    async def recording(self, count: int = 1) -> None:
        await self.fake.asked("POST", r"channels/[^/]+/record", count=count)
        await asyncio.sleep(0)

    def noted(self) -> list[Recording]:
        return list(self.spool.recordings())


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "spool")


async def test_what_was_recorded_is_stored_and_nothing_else_is_left_of_it(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.finish_recording(scripted.line.channel.id, content=b"said")
    assert await task == Recorded(2.0)
    assert recorder.sounds.recorded == {"message": b"said"}
    assert (recorder.fake.stored, recorder.noted(), recorder.recordings.waiting) == ({}, [], 0)


@pytest.mark.parametrize("reason", ["hung up", "call-length-limit"])
async def test_what_was_said_before_the_end_of_the_call_is_kept(recorder: Recorder, reason: str) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    if reason == "hung up":
        recorder.fake.hang_up(scripted.line.channel.id)
    else:
        scripted.line.end(reason)
    assert await task == Recorded(2.0, hung_up=True)
    assert recorder.sounds.recorded == {"message": b"RIFF-recorded"}


async def test_with_the_database_away_a_recording_waits_in_the_spool_and_can_be_played_at_once(
    recorder: Recorder,
) -> None:
    recorder.sounds.refused = StoreUnreachable()
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.finish_recording(scripted.line.channel.id)
    assert await task == Recorded(2.0)
    (noted,) = recorder.noted()
    assert (noted.license_key, noted.sound_id, noted.seconds) == ("acme", "message", 2.0)
    assert recorder.sounds.held == ["message"]
    assert recorder.fake.stored == {}

    after_restart = recorder.again()
    await after_restart.load()
    assert recorder.sounds.held == ["message", "message"]
    assert not await after_restart.store_waiting()
    recorder.sounds.refused = None
    assert await after_restart.store_waiting()
    assert recorder.sounds.recorded == {"message": b"RIFF-recorded"}
    assert (recorder.noted(), after_restart.waiting) == ([], 0)


async def test_with_the_disk_full_a_recording_waits_in_asterisk_and_its_length_is_known(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = wav_file([to_pcm(silence(3.0))])

    async def full(data: bytes) -> Medium:
        raise SpeechError("A prompt cannot be stored: No space left on device.")

    def no_space(_recording: Recording) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    scripted = recorder.line()
    with monkeypatch.context() as patched:
        patched.setattr(recorder.sounds, "convert", full)
        patched.setattr(recorder.spool, "write", no_space)
        task = recorder.begin(scripted)
        await recorder.recording()
        recorder.fake.finish_recording(scripted.line.channel.id, content=said)
        assert await task == Recorded(3.0)
        await recorder.recordings.sweep(lambda _queue_id: False)
        assert recorder.fake.stored == {NAME: said}
    await recorder.recordings.sweep(lambda queue_id: queue_id == 1)
    assert recorder.sounds.recorded == {}
    await recorder.recordings.sweep(lambda _queue_id: False)
    assert recorder.sounds.recorded == {"message": said}
    assert (recorder.fake.stored, recorder.recordings.waiting) == ({}, 0)


async def test_what_the_spool_cannot_tell_of_stays_in_asterisk_until_the_store_has_it(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_recording: Recording) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    recorder.sounds.refused = StoreUnreachable()
    monkeypatch.setattr(recorder.spool, "write", no_space)
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.finish_recording(scripted.line.channel.id)
    assert await task == Recorded(2.0)
    assert list(recorder.fake.stored) == [NAME]
    recorder.sounds.refused = None
    assert await recorder.recordings.store_waiting()
    assert recorder.fake.stored == {}


async def test_a_recording_that_goes_on_over_a_lost_connection_is_gone_on_with(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.client.lose()
    with pytest.raises(Lost):
        await task
    recorder.fake.client.regain()
    await scripted.line.restored(1)
    again = recorder.begin(scripted)
    await recorder.fake.asked("GET", f"recordings/live/{NAME}")
    await asyncio.sleep(0)
    recorder.fake.finish_recording(scripted.line.channel.id, content=b"all of it")
    assert await again == Recorded(2.0)
    assert recorder.sounds.recorded == {"message": b"all of it"}


async def test_a_recording_that_ended_while_the_connection_was_lost_is_kept_and_not_made_again(
    recorder: Recorder,
) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.client.lose()
    with pytest.raises(Lost):
        await task
    recorder.fake.finish_recording(scripted.line.channel.id, content=b"meanwhile")
    recorder.fake.client.regain()
    await scripted.line.restored(1)
    assert await recorder.begin(scripted) == Recorded(2.0)
    assert recorder.sounds.recorded == {"message": b"meanwhile"}


async def test_a_message_of_a_call_that_ended_while_the_connection_was_lost_is_kept(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.client.lose()
    with pytest.raises(Lost):
        await task
    recorder.fake.hang_up(scripted.line.channel.id)
    recorder.fake.client.regain()
    scripted.line.hung_up = True
    assert await keep_begun(scripted.line, recorder.recordings) == Recorded(2.0, hung_up=True)
    assert await keep_begun(scripted.line, recorder.recordings) == HungUp()


async def test_a_message_of_a_call_whose_controller_was_killed_is_kept_by_the_next_one(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    async with asyncio.timeout(LONGEST_WAIT):
        while not recorder.noted():
            await asyncio.sleep(0.01)
    scripted.line.hand_over()
    task.cancel()
    await asyncio.wait([task])
    recorder.fake.hang_up(scripted.line.channel.id)

    after_restart = recorder.again()
    await after_restart.load()
    await after_restart.sweep(lambda _queue_id: False)
    assert recorder.sounds.recorded == {"message": b"RIFF-recorded"}
    assert (recorder.fake.stored, recorder.noted()) == ({}, [])


async def test_what_was_begun_and_never_recorded_is_forgotten(recorder: Recorder) -> None:
    await recorder.recordings.note(recorder.recordings.begin(1, 1, "acme", "message"))
    await recorder.recordings.sweep(lambda _queue_id: False)
    assert (recorder.noted(), recorder.recordings.waiting) == ([], 0)


async def test_what_is_no_audio_is_an_error_and_leaves_nothing(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def empty(data: bytes) -> Medium:
        raise AudioInvalid("This file is empty.")

    monkeypatch.setattr(recorder.sounds, "convert", empty)
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.finish_recording(scripted.line.channel.id)
    assert await task == Failed("This file is empty.")
    assert (recorder.fake.stored, recorder.noted()) == ({}, [])


async def test_a_recording_that_asterisk_could_not_make_is_an_error_and_leaves_nothing(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    for count in range(1, BEGINNINGS + 1):
        await recorder.recording(count)
        recorder.fake.fail_recording(scripted.line.channel.id)
    assert await task == Failed("Asterisk could not record")
    assert recorder.noted() == []


async def test_a_recording_that_asterisk_cannot_make_at_once_is_begun_again(recorder: Recorder) -> None:
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.fail_recording(scripted.line.channel.id)
    await recorder.recording(2)
    recorder.fake.finish_recording(scripted.line.channel.id)
    assert await task == Recorded(2.0)
    assert not recorder.fake.bridges


async def test_asterisks_file_that_cannot_be_deleted_now_is_deleted_by_the_sweep(recorder: Recorder) -> None:
    recorder.fake.refuse("DELETE", r"recordings/stored/.+", status=500)
    scripted = recorder.line()
    task = recorder.begin(scripted)
    await recorder.recording()
    recorder.fake.finish_recording(scripted.line.channel.id)
    assert await task == Recorded(2.0)
    assert list(recorder.fake.stored) == [NAME]
    await recorder.recordings.sweep(lambda _queue_id: False)
    assert (recorder.fake.stored, recorder.noted()) == ({}, [])


async def test_the_recordings_of_one_call_do_not_take_each_others_place(recorder: Recorder) -> None:
    recorder.sounds.refused = StoreUnreachable()
    scripted = recorder.line()
    for number in (1, 2):
        scripted.line.engine.state.recordings_made = number
        task = recorder.begin(scripted)
        await recorder.recording(number)
        recorder.fake.finish_recording(scripted.line.channel.id)
        await task
    assert [each.name for each in recorder.noted()] == [NAME, f"{APPLICATION}/1-2"]


def test_the_spool_reads_what_it_wrote_and_passes_over_what_is_damaged(tmp_path: Path) -> None:
    spool = RecordingSpool(tmp_path)
    first = Recording(NAME, 1, "acme", "a sound with ünusual / characters", 1700000000.5)
    spool.write(first)
    (tmp_path / "damaged.json").write_text("{")
    assert list(spool.recordings()) == [first]
    spool.write(replace(first, content_hash="f" * 64, seconds=1.5))
    assert [each.seconds for each in spool.recordings()] == [1.5]
    spool.remove(NAME)
    spool.remove(NAME)
    assert list(spool.recordings()) == []
