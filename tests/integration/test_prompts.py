"""Prompts are made once, kept on disk, found again after a restart, and made anew when something is missing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]

from controller.calls.call_prompts import CallPrompts, PromptSources
from controller.directory.current import CurrentDirectory
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import Snapshot
from controller.errors import AudioInvalid, SpeechError, SynthesisFailed, VoiceUnavailable
from controller.script.effects import Speech
from controller.speech import rendering
from controller.speech.announcements import record_announcements
from controller.speech.house_sounds import HOUSE_SECONDS, HOUSE_SOUNDS
from controller.speech.pcm import wav_file
from controller.speech.prompts import Medium, Prompts
from controller.speech.quota import SpeechQuota
from controller.speech.voices import Voices
from tests.support.calls import snapshot
from tests.support.synthesizers import ToneSynthesizer

if TYPE_CHECKING:
    from controller.speech.library import SoundLibrary

TIME_OUT = 10


@pytest.fixture
def english() -> ToneSynthesizer:
    return ToneSynthesizer("tone")


@pytest.fixture
def spanish() -> ToneSynthesizer:
    return ToneSynthesizer("tono", ("es",))


@pytest.fixture
def prompts(tmp_path: Path, english: ToneSynthesizer, spanish: ToneSynthesizer) -> Prompts:
    return Prompts(tmp_path / "media", Voices([english, spanish]))


def samples_of(prompts: Prompts, medium: Medium) -> np.ndarray:
    samples, rate = soundfile.read(prompts.directory / f"{medium.content_hash}.wav")
    assert rate == 8000
    assert len(samples) / 8000 == pytest.approx(medium.seconds)
    return np.asarray(samples)


async def test_a_text_is_spoken_once_and_known_from_then_on(prompts: Prompts, english: ToneSynthesizer) -> None:
    assert prompts.cached_speech("Hello caller") is None
    medium = await prompts.speech("Hello caller")
    assert medium.seconds == pytest.approx(0.12, abs=0.01)
    assert prompts.cached_speech("Hello caller") == medium == await prompts.speech("Hello caller")
    assert len(english.asked) == 1


@pytest.mark.parametrize("name", HOUSE_SOUNDS)
async def test_a_sound_of_the_house_is_made_once_and_as_long_as_everybody_reckons(prompts: Prompts, name: str) -> None:
    medium = await prompts.house_sound(name)
    assert medium.seconds == pytest.approx(HOUSE_SECONDS[name])
    assert await prompts.house_sound(name) == medium
    loudest = np.abs(samples_of(prompts, medium)).max()
    assert 0.1 < loudest <= 0.6


async def test_a_name_that_is_no_sound_of_the_house_is_refused(prompts: Prompts) -> None:
    with pytest.raises(SpeechError, match="gong"):
        await prompts.house_sound("gong")


async def test_another_voice_rate_volume_or_text_is_another_prompt(prompts: Prompts, english: ToneSynthesizer) -> None:
    await prompts.speech("Hello")
    for other in (("Hello", 1), ("Hello", 0, 15), ("Hello", 0, 10, 50), ("Hello!",)):
        assert prompts.cached_speech(*other) is None
    await prompts.speech("Hello", 0, 20)
    assert english.asked[-1][1].speed == 2.0
    await prompts.speech("Hello", 0, 0)
    assert english.asked[-1][1].speed == 0.5
    quiet = samples_of(prompts, await prompts.speech("Hello", volume=50))
    loud = samples_of(prompts, await prompts.speech("Hello"))
    assert np.abs(quiet).max() == pytest.approx(np.abs(loud).max() / 2, abs=0.01)


async def test_a_call_has_everything_spoken_as_fast_as_it_was_asked_for(
    prompts: Prompts, english: ToneSynthesizer
) -> None:
    sources = PromptSources(prompts, CurrentDirectory(Snapshot()), cast("SoundLibrary", None), "http://media")
    plain = CallPrompts(sources, "acme")
    fast, normal = plain.spoken(20, 50), await plain.make(Speech("Hello"))
    assert fast.ready(Speech("Hello")) is None
    assert await fast.make(Speech("Hello")) != normal
    assert english.asked[-1][1].speed == 2.0


async def test_equal_requests_at_once_are_made_once(prompts: Prompts, english: ToneSynthesizer) -> None:
    media = await asyncio.gather(*(prompts.speech("Hello") for _ in range(20)))
    assert len(set(media)) == 1
    assert len(english.asked) == 1


async def test_one_who_gives_up_does_not_spoil_it_for_the_others(prompts: Prompts, english: ToneSynthesizer) -> None:
    english.gate.clear()
    first, second = (asyncio.create_task(prompts.speech("Hello")) for _ in range(2))
    await asyncio.wait_for(english.started.wait(), TIME_OUT)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    english.gate.set()
    assert (await asyncio.wait_for(second, TIME_OUT)).seconds > 0
    assert len(english.asked) == 1


async def test_when_all_give_up_the_work_ends_and_can_be_asked_for_again(
    prompts: Prompts, english: ToneSynthesizer
) -> None:
    english.gate.clear()
    tasks = [asyncio.create_task(prompts.speech("Hello")) for _ in range(2)]
    await asyncio.wait_for(english.started.wait(), TIME_OUT)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert english.cancelled.is_set()
    english.gate.set()
    assert (await asyncio.wait_for(prompts.speech("Hello"), TIME_OUT)).seconds > 0


async def test_no_more_engines_run_at_once_than_allowed(prompts: Prompts, english: ToneSynthesizer) -> None:
    english.gate.clear()
    speaking = asyncio.gather(*(prompts.speech(f"Hello {number}") for number in range(20)))
    await asyncio.wait_for(english.two_at_once.wait(), TIME_OUT)
    english.gate.set()
    await asyncio.wait_for(speaking, TIME_OUT)
    assert english.most_running == 2


async def test_a_failure_is_told_to_all_and_nothing_is_kept(prompts: Prompts, english: ToneSynthesizer) -> None:
    await prompts.speech("before")
    english.broken = True
    results = await asyncio.gather(*(prompts.speech("Hello") for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, SynthesisFailed) for result in results)
    assert prompts.cached_speech("Hello") is None
    english.broken = False
    assert (await prompts.speech("Hello")).seconds > 0


async def test_prompts_survive_a_restart(prompts: Prompts, english: ToneSynthesizer) -> None:
    medium = await prompts.speech("Hello")
    again = Prompts(prompts.directory, Voices([english]))
    assert await again.speech("Hello") == medium
    assert again.cached_speech("Hello") == medium
    assert len(english.asked) == 1


async def test_another_version_of_the_engine_speaks_anew(prompts: Prompts) -> None:
    await prompts.speech("Hello")
    newer = ToneSynthesizer("tone", version="2")
    await Prompts(prompts.directory, Voices([newer])).speech("Hello")
    assert len(newer.asked) == 1


async def test_another_table_of_voices_speaks_texts_that_name_voices_anew(
    prompts: Prompts, english: ToneSynthesizer
) -> None:
    text = "Hello <voice name='Miguel'>Hola</voice>"
    await prompts.speech(text)
    await prompts.speech("Hello")
    fresh = ToneSynthesizer("tone")
    other = Prompts(prompts.directory, Voices([fresh], {"17": "tone:other"}))
    await other.speech("Hello")
    assert fresh.asked == []
    await other.speech(text)
    assert [manner.voice for _, manner in fresh.asked] == ["en-us-female", "other"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"content": "../../etc/passwd", "seconds": 1}', b"\xff\0"])
async def test_a_damaged_index_is_forgotten_and_the_prompt_made_anew(
    prompts: Prompts, english: ToneSynthesizer, content: bytes
) -> None:
    medium = await prompts.speech("Hello")
    for entry in (prompts.directory / "index").iterdir():
        entry.write_bytes(content)
    again = Prompts(prompts.directory, Voices([english]))
    assert await again.speech("Hello") == medium
    assert len(english.asked) == 2


async def test_a_file_that_is_gone_or_cut_off_is_made_anew(prompts: Prompts, english: ToneSynthesizer) -> None:
    medium = await prompts.speech("Hello")
    file = prompts.directory / f"{medium.content_hash}.wav"
    whole = file.read_bytes()
    file.unlink()
    assert await prompts.speech("Hello") == medium
    assert file.read_bytes() == whole
    file.write_bytes(whole[:100])
    again = Prompts(prompts.directory, Voices([english]))
    assert await again.speech("Hello") == medium
    assert again.cached_speech("Hello") == medium
    assert file.read_bytes() == whole


async def test_what_nobody_used_for_long_is_removed_and_what_is_needed_elsewhere_is_kept(prompts: Prompts) -> None:
    unused, kept = await prompts.speech("unused"), await prompts.speech("kept")
    again = Prompts(prompts.directory, prompts.voices)
    await again.speech("in use now")

    async def in_use(hashes: Collection[str]) -> set[str]:
        return {kept.content_hash}.intersection(hashes)

    assert await again.prune(1, in_use) == 0
    assert await again.prune(-1, in_use) == 2
    left = sorted(path.name for path in prompts.directory.glob("*.wav*"))
    assert left == [f"{kept.content_hash}.wav", f"{kept.content_hash}.wav16"]
    assert again.has_wide(kept)
    assert await again.speech("unused") == unused


async def test_breaks_and_voices_give_one_medium(
    prompts: Prompts, english: ToneSynthesizer, spanish: ToneSynthesizer
) -> None:
    medium = await prompts.speech(
        "Hello <break time='2s'/><voice name='Miguel'>Hola <prosody rate='slow'>amigo</prosody>"
    )
    assert medium.seconds == pytest.approx(2 + 0.05 + 0.04 + 0.05, abs=0.05)
    silent = np.flatnonzero(np.abs(samples_of(prompts, medium)) > 0.01)
    assert np.diff(silent).max() / 8000 == pytest.approx(2, abs=0.02)
    assert [text for text, _ in english.asked] == ["Hello"]
    assert [(text, manner.voice, round(manner.speed, 2)) for text, manner in spanish.asked] == [
        ("Hola", "es-419-male", 1.0),
        ("amigo", "es-419-male", 0.67),
    ]


async def test_spelled_digits_reach_the_engine_one_by_one(prompts: Prompts, english: ToneSynthesizer) -> None:
    await prompts.speech("code <say-as type='number:digits'>1234</say-as>")
    assert [text for text, _ in english.asked] == ["code", "1 2 3 4"]


@pytest.mark.parametrize("text", ["", " \n ", "\0", "<break time='1ms'/>", "<voice name='David'></voice>"])
async def test_a_text_without_words_is_a_very_short_silence(prompts: Prompts, text: str) -> None:
    medium = await prompts.speech(text)
    assert 0.05 <= medium.seconds <= 0.06
    assert not samples_of(prompts, medium).any()


async def test_a_text_of_ten_thousand_characters_is_spoken_in_pieces(
    prompts: Prompts, english: ToneSynthesizer
) -> None:
    medium = await prompts.speech("word. " * 1700)
    assert medium.seconds > 80
    assert max(len(text) for text, _ in english.asked) <= 400


@pytest.mark.parametrize(
    ("text", "pieces"), [("x" * 25_000, 60), ("word " * 10_000, 120), ("<voice name='1'>a</voice> b " * 700, 1400)]
)
async def test_a_text_of_any_length_and_of_any_number_of_voices_is_spoken_to_its_end(
    prompts: Prompts, english: ToneSynthesizer, text: str, pieces: int
) -> None:
    await prompts.speech(text)
    assert len(english.asked) >= pieces


async def test_what_no_call_lasts_long_enough_to_hear_is_left_out(
    prompts: Prompts, english: ToneSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "LONGEST_SECONDS", 20)
    medium = await prompts.speech("word " * 2000)
    assert 20 <= medium.seconds < 30
    assert len(english.asked) < 10


async def test_a_sound_file_is_converted_once_until_it_changes(prompts: Prompts, tmp_path: Path) -> None:
    file = tmp_path / "welcome.mp3"
    soundfile.write(file, np.zeros((44100, 2)), 44100, format="MP3")
    medium = await prompts.sound(file)
    assert medium.seconds == pytest.approx(1, abs=0.1)
    (prompts.directory / f"{medium.content_hash}.wav").touch()
    assert await Prompts(prompts.directory, prompts.voices).sound(file) == medium
    soundfile.write(file, np.zeros((88200, 2)), 44100, format="MP3")
    assert (await prompts.sound(file)).seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("name", "words"), [("none", "No such file"), ("text", "not audio"), ("folder", "a directory")]
)
async def test_a_sound_file_that_is_none_says_so(prompts: Prompts, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "text").write_text("not a sound")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AudioInvalid, match=words):
        await prompts.sound(tmp_path / name)


async def test_an_empty_upload_says_so(prompts: Prompts) -> None:
    with pytest.raises(AudioInvalid, match="empty"):
        await prompts.sound_bytes(b"")


async def test_sound_bytes_of_the_same_sound_are_one_medium(prompts: Prompts) -> None:
    wav = wav_file([np.arange(8000, dtype=np.int16)])
    assert await prompts.sound_bytes(wav) == await prompts.sound_bytes(wav)
    ulaw = io.BytesIO()
    soundfile.write(ulaw, np.zeros(8000), 8000, format="RAW", subtype="ULAW")
    assert (await prompts.sound_bytes(ulaw.getvalue(), "audio/ulaw")).seconds == 1.0


async def test_silence_and_the_beep_are_media_too(prompts: Prompts) -> None:
    assert (await prompts.silence(0.1)).seconds == 0.1
    assert (await prompts.silence(2.5)).seconds == 2.5
    assert (await prompts.silence(0)).seconds == 0.001
    assert 0.2 < (await prompts.beep()).seconds < 0.5


async def test_without_an_engine_the_way_out_is_named_and_it_is_not_ready(tmp_path: Path) -> None:
    prompts = Prompts(tmp_path, Voices([]))
    assert prompts.cached_speech("Hello") is None
    with pytest.raises(VoiceUnavailable, match="Install flite"):
        await prompts.speech("Hello")
    with pytest.raises(VoiceUnavailable):
        await prompts.self_test()
    assert not await prompts.is_ready()


async def test_it_is_ready_with_an_engine_that_answers(prompts: Prompts, english: ToneSynthesizer) -> None:
    english.broken = True
    assert not await prompts.is_ready()
    english.broken = False
    assert await prompts.is_ready()
    await prompts.self_test()


def test_a_media_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    with pytest.raises(SpeechError, match=r"media cannot be used: (Not a directory|File exists)"):
        Prompts(tmp_path / "media", Voices([]))


async def test_announcements_are_recorded_where_asterisk_finds_them_and_only_when_they_changed(
    prompts: Prompts, tmp_path: Path
) -> None:
    folder = tmp_path / "sounds" / "ringpost"
    written = await record_announcements(prompts, folder)
    assert sorted(path.name for path in written) == ["no-script.wav", "text-only.wav", "unavailable.wav"]
    assert soundfile.info(folder / "unavailable.wav").samplerate == 8000
    assert await record_announcements(prompts, folder) == []
    assert await record_announcements(prompts, folder, {"unavailable": "other words"}) == [folder / "unavailable.wav"]


async def test_what_is_synthesized_is_told_of_once_with_whom_it_was_made_for(prompts: Prompts) -> None:
    made: list[tuple[str, str]] = []
    sources = PromptSources(
        prompts,
        CurrentDirectory(snapshot({})),
        cast("SoundLibrary", None),
        "http://127.0.0.1",
        speech_made=lambda license_key, text: made.append((license_key, text)),
    )
    first, second = CallPrompts(sources, "acme"), CallPrompts(sources, "rival")
    await first.make(Speech("one"))
    await second.make(Speech("one"))
    await second.make(Speech("two"))
    assert made == [("acme", "one"), ("rival", "two")]
    sounds = KeySounds(
        sources.directory, cast("SoundLibrary", None), prompts, lambda key, text: made.append((key, text))
    )
    assert await sounds.speech("acme", "three", 0, 10, 100) == await sounds.speech("acme", "three", 0, 10, 100)
    assert made[2:] == [("acme", "three")]


async def test_a_key_has_so_much_speech_made_within_an_hour(prompts: Prompts, english: ToneSynthesizer) -> None:
    clock = [0.0]
    sources = PromptSources(
        prompts,
        CurrentDirectory(snapshot({})),
        cast("SoundLibrary", None),
        "http://127.0.0.1",
        SpeechQuota(1, lambda: clock[0]),
    )
    greedy, modest = CallPrompts(sources, "greedy"), CallPrompts(sources, "modest")
    await greedy.make(Speech("<break time='60s'/> one <break time='60s'/>"))
    with pytest.raises(SpeechError, match="megabytes_an_hour"):
        await greedy.make(Speech("two"))
    await modest.make(Speech("two"))
    assert greedy.ready(Speech("two"))  # what somebody had made is free
    clock[0] = 3600.0
    await greedy.make(Speech("three"))
    assert len(english.asked) == 3
