"""The neural engine: the worker program as it is, in a process of its own, with a stand-in for piper inside it."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import soundfile  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry

from controller.embedded.progress import Progress
from controller.errors import SpeechError, SynthesisFailed
from controller.speech.engines import UNDERSTOOD_BETTER
from controller.speech.metrics import SpeechMetrics
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.neural.models import find_models
from controller.speech.neural.piper_engine import Piper
from controller.speech.neural.worker import Worker
from controller.speech.prompts import Prompts
from controller.speech.synthesizer import Manner
from controller.speech.voices import Voices
from tests.support.patience import until
from tests.support.stand_in_piper import StandIn, imports_of_the_product
from tests.support.synthesizers import ToneSynthesizer

JOE = Manner("en_US-joe-medium")
PATIENT = 60.0
QUIET = Progress(io.StringIO())


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


@asynccontextmanager
async def engine_of(stand_in: StandIn, **options: Any) -> AsyncIterator[Piper]:
    engine = stand_in.engine(**options)
    try:
        yield engine
    finally:
        await engine.close()


async def seconds(engine: Piper, text: str, manner: Manner = JOE) -> float:
    speech = await engine.synthesize(text, manner)
    return len(speech.samples) / speech.rate


def _kill(pid: int | None) -> None:
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_one_process_speaks_text_after_text(stand_in: StandIn) -> None:
    async with engine_of(stand_in) as engine:
        assert await seconds(engine, "Hello, caller") == pytest.approx(0.13)
        first = engine.workers[0].pid
        quick = Manner("en_US-joe-medium", speed=2.0)
        assert await seconds(engine, "Hello, caller", quick) == pytest.approx(0.065, 0.1)
        assert first is not None
        assert engine.workers[0].pid == first
    assert engine.workers[0].pid is None


async def test_a_raised_pitch_keeps_the_pace(stand_in: StandIn) -> None:
    async with engine_of(stand_in) as engine:
        normal = await engine.synthesize("Hello, caller", JOE)
        high = await engine.synthesize("Hello, caller", Manner("en_US-joe-medium", pitch=1.5))
        assert len(high.samples) / high.rate == pytest.approx(len(normal.samples) / normal.rate, 0.1)
        assert high.rate == pytest.approx(normal.rate * 1.5)


async def test_a_text_that_cannot_be_spoken_leaves_the_process_alone(stand_in: StandIn) -> None:
    async with engine_of(stand_in) as engine:
        await engine.synthesize("Hello", JOE)
        before = engine.workers[0].pid
        with pytest.raises(SynthesisFailed, match="no such phoneme"):
            await engine.synthesize("{error}", JOE)
        with pytest.raises(SynthesisFailed, match="no voice “nobody”"):
            await engine.synthesize("Hello", Manner("nobody"))
        assert engine.workers[0].pid == before


async def test_a_killed_worker_is_started_anew(stand_in: StandIn) -> None:
    async with engine_of(stand_in) as engine:
        await engine.synthesize("Hello", JOE)
        pid = engine.workers[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        assert await seconds(engine, "Hello again!") == pytest.approx(0.12)
        assert engine.workers[0].pid not in (None, pid)


async def test_a_worker_killed_in_the_middle_of_a_text_speaks_it_in_the_next_process(stand_in: StandIn) -> None:
    async with engine_of(stand_in) as engine:
        speaking = asyncio.create_task(seconds(engine, "{wait} for it"))
        await until(stand_in.spoken)
        pid = engine.workers[0].pid
        assert pid is not None
        stand_in.let_go()
        os.kill(pid, signal.SIGKILL)
        assert await speaking == pytest.approx(0.13)


async def test_a_worker_that_dies_again_and_again_is_left_alone_for_a_while(stand_in: StandIn) -> None:
    clock = [100.0]
    command = stand_in.engine().workers[0].command
    env = {"PYTHONPATH": str(stand_in.folder / "packages")}
    worker = Worker(command, env, now=lambda: clock[0])
    request = {"model": str(stand_in.voices / "en_US-joe-medium.onnx"), "stretch": 1.0}
    try:
        with pytest.raises(SynthesisFailed, match="speech worker failed"):
            await worker.speak({**request, "text": "{abort}"})
        with pytest.raises(SynthesisFailed, match="in a moment"):
            await worker.speak({**request, "text": "Hello"})
        assert stand_in.spoken() == ["{abort}", "{abort}"]

        clock[0] += 60
        assert (await worker.speak({**request, "text": "Hello"})).rate == 16_000
    finally:
        await worker.close()


async def test_who_waits_on_a_line_goes_before_what_is_rendered_ahead(stand_in: StandIn) -> None:
    async with engine_of(stand_in, patience_seconds=PATIENT) as engine:
        texts = [asyncio.create_task(engine.synthesize(text, JOE)) for text in ("{wait}", "ahead 1", "ahead 2")]
        await until(stand_in.spoken)
        urgent = asyncio.create_task(engine.synthesize("urgent", Manner("en_US-joe-medium", urgent=True)))
        await asyncio.sleep(0)
        stand_in.let_go()
        await asyncio.gather(urgent, *texts)
    assert stand_in.spoken() == ["{wait}", "urgent", "ahead 1", "ahead 2"]


async def test_another_engine_speaks_where_the_neural_one_is_too_slow_and_that_is_not_kept(
    stand_in: StandIn, tmp_path: Path
) -> None:
    flite = ToneSynthesizer("flite")
    registry = CollectorRegistry()
    async with engine_of(stand_in, patience_seconds=0.0) as engine:
        prompts = Prompts(tmp_path / "media", Voices([engine, flite]), metrics=SpeechMetrics(registry))
        spoken = await prompts.speech("{wait}", 1, urgent=True)

        assert "did not speak within" in spoken.stand_in
        assert [text for text, _ in flite.asked] == ["{wait}"]
        assert registry.get_sample_value("ringpost_speech_stand_ins_total", {"engine": "piper"}) == 1
        assert registry.get_sample_value("ringpost_speech_seconds_total", {"engine": "flite"}) == pytest.approx(
            spoken.seconds, abs=0.05
        )
        assert prompts.cached_speech("{wait}", 1) is None

        stand_in.let_go()
        right = await prompts.speech("{wait}", 1)
        assert (right.stand_in, len(flite.asked)) == ("", 1)
        assert prompts.cached_speech("{wait}", 1) == right


async def test_whoever_waits_on_a_line_while_workers_are_killed_hears_something(
    stand_in: StandIn, tmp_path: Path
) -> None:
    async with engine_of(stand_in, workers=2, patience_seconds=PATIENT) as engine:
        prompts = Prompts(tmp_path / "media", Voices([engine, ToneSynthesizer("flite")]))
        waiting = [asyncio.create_task(prompts.speech(f"{{wait}} {n}", 1, urgent=True)) for n in range(8)]
        while not all(each.done() for each in waiting):  # each text loses its process, and the next one, too
            for worker in engine.workers:
                _kill(worker.pid)
            await asyncio.sleep(0.01)
        media = await asyncio.gather(*waiting)
        assert all(medium.seconds > 0.05 for medium in media)
        assert all(medium.stand_in for medium in media)
        for medium in media:
            samples, _ = soundfile.read(io.BytesIO(prompts.read(medium)))
            assert abs(samples).max() > 0.1


async def test_calls_do_not_wait_for_each_others_patience(stand_in: StandIn, tmp_path: Path) -> None:
    flite = ToneSynthesizer("flite")
    async with engine_of(stand_in, patience_seconds=PATIENT) as engine:
        prompts = Prompts(tmp_path / "media", Voices([engine, flite]), engines_at_once=1)
        waiting = [asyncio.create_task(prompts.speech(f"{{wait}} {n}", 1, urgent=True)) for n in range(5)]
        # All of them are in the queue, and none keeps others out of it.
        await until(lambda: engine.workers[0].waiting >= len(waiting))
        stand_in.let_go()
        assert not any(medium.stand_in for medium in await asyncio.gather(*waiting))


async def test_a_call_that_would_wait_for_many_others_is_spoken_to_by_another_engine_at_once(
    stand_in: StandIn,
) -> None:
    clock = [0.0]
    async with engine_of(stand_in, now=lambda: clock[0]) as engine:
        first = asyncio.create_task(engine.synthesize("{wait}", JOE))
        await until(stand_in.spoken)
        clock[0] += 60
        stand_in.let_go()
        await first
        ahead = asyncio.create_task(engine.synthesize("ahead", JOE))
        await asyncio.sleep(0)
        with pytest.raises(SynthesisFailed, match="too many texts"):
            await engine.synthesize("urgent", Manner("en_US-joe-medium", urgent=True))
        await ahead


async def test_a_neural_voice_speaks_for_every_id_of_its_language(tmp_path: Path) -> None:
    voices = ("en_US-joe-medium", "en_US", "joe"), ("de_DE-eva", "de_DE", "eva_k"), ("en_GB-alan", "en_GB", "alan")
    flite, espeak = ToneSynthesizer("flite", ("en-us",)), ToneSynthesizer("espeak", ("en", "de", "es"))
    table = Voices([StandIn(tmp_path, *voices).engine(), flite, espeak])
    chosen = {voice.id: f"{who.synthesizer.name}:{who.engine_voice}" for voice, who in table.listing()}
    assert chosen[0] == "piper:en_US-joe-medium+female"
    assert chosen[1] == "piper:en_US-joe-medium"
    assert chosen[5] == "piper:en_GB-alan"
    assert chosen[8] == "piper:de_DE-eva"
    assert chosen[17] == "espeak:es-419-male"
    assert (stand_in := table.stand_in(table.speaker(0))) is not None
    assert stand_in.synthesizer.name == "flite"


def test_a_voice_that_is_understood_better_goes_before_the_neural_one(stand_in: StandIn) -> None:
    flite = ToneSynthesizer("flite", ("en-us",))
    table = Voices([stand_in.engine(), flite], better=UNDERSTOOD_BETTER)
    assert [table.speaker(voice).synthesizer.name for voice in (0, 1, 5)] == ["piper", "flite", "piper"]
    assert (other := table.stand_in(table.speaker(1))) is not None
    assert other.synthesizer.name == "piper"
    without = Voices([stand_in.engine()], better=UNDERSTOOD_BETTER)
    assert without.speaker(1).synthesizer.name == "piper"


def test_models_say_their_language_gender_and_licence_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    voices = StandIn(tmp_path).voices
    (voices / "MODEL_CARD").write_text("# Model card\n\n* License: CC0\n")
    (voices / "broken.onnx").write_bytes(b"")
    (voices / "broken.onnx.json").write_text("{}")
    (voices / "alone.onnx").write_bytes(b"")
    (model,) = find_models([voices, tmp_path / "nowhere"])
    assert (model.name, model.tag, model.gender, model.licence) == ("en_US-joe-medium", "en-us", "Male", "CC0")


def test_an_installation_that_fails_says_why_and_is_not_tried_at_every_start(tmp_path: Path) -> None:
    # A Python that fails as pip does without a package index.
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho fetching\necho ERROR: No matching distribution found\nexit 1\n")
    python.chmod(0o755)
    environment = SpeechEnvironment(tmp_path / "speech", python)
    with pytest.raises(SpeechError, match="was not installed: ERROR: No matching"):
        environment.install(QUIET)
    assert environment.engine() is None
    assert not environment.is_installed()
    assert environment.failed_lately().startswith("ERROR: ")
    assert sorted(path.name for path in environment.folder.iterdir()) == ["failed.json", "lock"]


def test_only_the_worker_program_imports_piper() -> None:
    assert {line.partition(":")[0] for line in imports_of_the_product()} == {"speech/neural/worker_program.py"}
