"""Speech engines are programs: real ones speak, bad ones fail in time and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from controller.errors import SynthesisFailed
from controller.programs import ProgramTree
from controller.speech.command_template import CommandTemplate
from controller.speech.engine_program import run_program
from controller.speech.espeak import Espeak
from controller.speech.flite import Flite
from controller.speech.prompts import Prompts
from controller.speech.synthesizer import Manner, SpeechAudio, Synthesizer
from controller.speech.voices import Voices

TIME_OUT = 20


@pytest.fixture(scope="module")
def flite(tools: ProgramTree) -> Flite:
    return Flite(tools.command("flite"))


@pytest.fixture(scope="module")
def espeak(tools: ProgramTree) -> Espeak:
    return Espeak(tools.command("espeak-ng"), tools.environment())


async def seconds_of(engine: Synthesizer, text: str, manner: Manner) -> float:
    speech = await engine.synthesize(text, manner)
    return len(speech.samples) / speech.rate


async def test_flite_speaks_with_each_of_its_voices(flite: Flite) -> None:
    assert "flite" in await flite.version()
    for voice in ("slt", "rms", "awb", "kal16"):
        speech = await flite.synthesize("Hello, caller.", Manner(voice))
        assert np.abs(speech.samples).max() > 0.1
        assert 0.5 < len(speech.samples) / speech.rate < 3


async def test_espeak_speaks_other_languages(espeak: Espeak) -> None:
    assert "1." in await espeak.version()
    for tag in ("es-419", "es-mx", "fr-ca", "de", "it", "en-gb", "en-us"):
        assert espeak.speaks(tag)
        for gender in ("Male", "Female"):
            speech = await espeak.synthesize("Hola. Bonjour.", Manner(espeak.voice_for(tag, gender)))
            assert np.abs(speech.samples).max() > 0.1


def pitch_of(speech: SpeechAudio) -> float:
    """The middle pitch of the voiced pieces, in Hz."""
    piece = speech.rate // 16
    found = []
    for start in range(0, len(speech.samples) - piece, piece // 2):
        sound = speech.samples[start : start + piece].astype(np.float64)
        sound -= sound.mean()
        alike = np.correlate(sound, sound, "full")[piece - 1 :]
        least = speech.rate // 450
        place = least + int(np.argmax(alike[least : speech.rate // 50]))
        if np.abs(sound).max() > 0.1 and alike[place] > alike[0] / 2:
            found.append(speech.rate / place)
    return float(np.median(found))


@pytest.mark.parametrize(
    ("engine", "voice"),
    [("flite", "slt"), ("flite", "rms"), ("flite", "awb"), ("espeak", "en-us"), ("espeak", "de+f3")],
)
async def test_speed_and_pitch_are_as_asked_for_each_without_the_other(
    engine: str, voice: str, flite: Flite, espeak: Espeak
) -> None:
    speaker: Synthesizer = flite if engine == "flite" else espeak
    text = "Please enter the number of your account, and press the pound key."
    normal = await speaker.synthesize(text, Manner(voice))
    seconds, pitch = len(normal.samples) / normal.rate, pitch_of(normal)
    for speed in (0.4, 0.8, 1.5, 2.5):
        spoken = await speaker.synthesize(text, Manner(voice, speed=speed))
        assert seconds / (len(spoken.samples) / spoken.rate) == pytest.approx(speed, rel=0.12), speed
        assert pitch_of(spoken) == pytest.approx(pitch, rel=0.12), speed
    for factor in (0.7, 1.4):
        spoken = await speaker.synthesize(text, Manner(voice, pitch=factor))
        assert len(spoken.samples) / spoken.rate == pytest.approx(seconds, rel=0.1), factor
        assert pitch_of(spoken) / pitch == pytest.approx(factor, rel=0.1), factor


async def test_what_a_command_has_no_place_for_is_done_on_the_audio(tmp_path: Path) -> None:
    program = tmp_path / "tone.py"
    program.write_text(
        "import math, struct, sys, wave\n"
        "file = wave.open(sys.argv[1], 'wb')\n"
        "file.setparams((1, 2, 16000, 0, 'NONE', ''))\n"
        "file.writeframes(b''.join(struct.pack('<h', int(9000 * math.sin(i / 20))) for i in range(16000)))\n"
        "file.close()\n"
    )
    engine = CommandTemplate("tone", f"{sys.executable} {program} {{output}}")
    normal = await engine.synthesize("Hello", Manner("any"))
    fast = await engine.synthesize("Hello", Manner("any", speed=2.0))
    high = await engine.synthesize("Hello", Manner("any", pitch=1.5))
    assert len(fast.samples) / fast.rate == pytest.approx(0.5, rel=0.05)
    assert pitch_of(fast) == pytest.approx(pitch_of(normal), rel=0.05)
    assert len(high.samples) / high.rate == pytest.approx(1.0, rel=0.05)
    assert pitch_of(high) == pytest.approx(1.5 * pitch_of(normal), rel=0.05)


async def test_what_an_engine_might_choke_on_is_spoken_or_silent(flite: Flite, espeak: Espeak) -> None:
    for text in (
        "...",
        "$",
        "<3 & more",
        "你好 \U0001f600",
        "--help",
        "-o /dev/null",
        "[[phonemes]]",
        "'\"`$(id)",
        "a" * 60,
    ):
        for engine, voice in ((flite, "slt"), (espeak, "en-us")):
            speech = await engine.synthesize(text, Manner(voice))
            assert speech.samples.ndim == 1


async def test_a_voice_that_the_engine_has_not_is_named(flite: Flite, espeak: Espeak) -> None:
    with pytest.raises(SynthesisFailed, match="no voice “nobody”"):
        await flite.synthesize("Hello", Manner("nobody"))
    with pytest.raises(SynthesisFailed, match="voice does not exist"):
        await espeak.synthesize("Hello", Manner("nobody"))


async def test_a_prompt_in_two_languages_is_one_medium(flite: Flite, espeak: Espeak, tmp_path: Path) -> None:
    prompts = Prompts(tmp_path, Voices([flite, espeak]))
    medium = await prompts.speech("Hello. <break time='1s'/><voice name='Miguel'>Hola, gracias por llamar.</voice>")
    assert 2.5 < medium.seconds < 6
    await prompts.self_test()


async def test_an_engine_of_the_configuration_gets_the_text_on_its_input_and_writes_a_file(tmp_path: Path) -> None:
    script = tmp_path / "engine.py"
    script.write_text(
        "import sys, wave\n"
        "text = sys.stdin.read()\n"
        "assert not any(text in word for word in sys.argv)\n"
        "w = wave.open(sys.argv[2], 'wb'); w.setnchannels(1); w.setsampwidth(2); w.setframerate(22050)\n"
        "w.writeframes(b'\\0\\x20' * 2205 * len(text)); w.close()\n"
    )
    engine = CommandTemplate("own", f"{sys.executable} {script} {{voice}} {{output}}")
    assert await seconds_of(engine, "secret", Manner("eva")) == pytest.approx(0.6)
    with_file = CommandTemplate("own", f"sh -c 'cat {{input}} > {tmp_path}/text; exit 3' {{output}}")
    with pytest.raises(SynthesisFailed, match="sh failed with status 3"):
        await with_file.synthesize("secret", Manner(""))
    assert (tmp_path / "text").read_text() == "secret"


async def test_an_engine_that_writes_nothing_or_nonsense_has_failed() -> None:
    with pytest.raises(SynthesisFailed, match="without writing its audio file"):
        await CommandTemplate("own", "true {output}").synthesize("Hello", Manner(""))
    with pytest.raises(SynthesisFailed, match="that is not audio"):
        await CommandTemplate("own", "sh -c 'echo nonsense > {output}'").synthesize("Hello", Manner(""))


async def test_a_program_that_is_not_there_names_the_way_out() -> None:
    with pytest.raises(SynthesisFailed, match=r"no-such-engine cannot be started .* Install flite"):
        await Flite(["no-such-engine"]).version()


async def test_a_failing_programs_last_words_are_told() -> None:
    command = [sys.executable, "-c", "import sys; sys.stderr.write('x' * 100000 + 'the disk is on fire'); sys.exit(4)"]
    with pytest.raises(SynthesisFailed) as caught:
        await run_program(command, env={})
    assert str(caught.value).startswith(f"The speech engine {Path(sys.executable).name} failed with status 4: x")
    assert len(str(caught.value)) < 500


async def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/child; sleep 60"
    with pytest.raises(SynthesisFailed, match=r"sh took longer than 0\.5 seconds"):
        await run_program(["sh", "-c", script], env={}, timeout=0.5)
    child = int((tmp_path / "child").read_text())
    with pytest.raises(ProcessLookupError):
        _raise_if_gone(child)


async def test_a_program_that_nobody_waits_for_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    task = asyncio.create_task(run_program(["sh", "-c", f"echo $$ > {tmp_path}/started; exec sleep 60"], env={}))
    pid = int(await asyncio.wait_for(asyncio.to_thread((tmp_path / "started").read_text), TIME_OUT))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, TIME_OUT)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_program_sees_no_secrets_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    output = await run_program(["env"], env={"ESPEAK_DATA_PATH": "/data"})
    assert b"secret" not in output
    assert b"ESPEAK_DATA_PATH=/data" in output


async def test_a_program_that_talks_without_end_fills_no_memory() -> None:
    assert len(await run_program(["head", "-c", "20000000", "/dev/zero"], env={})) == 65_536


def _raise_if_gone(pid: int) -> None:
    os.kill(pid, 0)
    # A killed child that its new parent has not yet reaped is gone all the same.
    if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
        raise ProcessLookupError
