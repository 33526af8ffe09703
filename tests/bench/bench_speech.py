"""`make bench-speech`: how well each installed speech engine is understood over a telephone, and what it costs.

An independent recogniser, pocketsphinx with its bundled model, listens to 64 sentences as a call carries them: 8 kHz,
u-law. It has a virtual environment of its own. See docs/speech.md.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from controller.embedded.progress import Progress
from controller.programs import ProgramTree
from controller.speech.encoding import to_ulaw
from controller.speech.engines import installed_engines
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.neural.piper_engine import Piper
from controller.speech.rendering import Renderer
from controller.speech.synthesizer import Manner, Synthesizer
from controller.speech.voices import Voices
from tests.bench.speech_sentences import SENTENCES

PROJECT = Path(__file__).parent.parent.parent
RECOGNISER = "pocketsphinx==5.1.1"
RECOGNISER_PROGRAM = Path(__file__).with_name("recogniser_program.py")
# A woman's id and a man's.
VOICE_IDS = {0: "Female", 1: "Male"}
DYNAMIC = "Your balance is one hundred and twenty dollars."
TIMES = 9


@dataclass(frozen=True, slots=True)
class Understood:
    """One voice: its name, word errors of so many words, CPU seconds a second of speech, milliseconds until a short
    text is there, megabytes of the process that speaks.
    """

    voice: str
    errors: int
    words: int
    cpu: float
    first_ms: float
    megabytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=len(SENTENCES), help="only the first so many")
    parser.add_argument("--speech", type=Path, default=PROJECT / ".ringpost" / "speech", help="the speech environment")
    parser.add_argument("--only", metavar="ENGINE", help="one engine alone: piper, flite or espeak")
    arguments = parser.parse_args()
    tools = ProgramTree(Path(os.environ.get("RINGPOST_TOOLS") or PROJECT / ".ringpost" / "tools"))
    neural = SpeechEnvironment(arguments.speech)
    neural.install(Progress(sys.stderr))
    python = recogniser(PROJECT / ".ringpost" / "recogniser")
    engines = [each for each in installed_engines(tools, {}, neural) if arguments.only in (None, each.name)]
    measured = asyncio.run(measure(engines, python, SENTENCES[: arguments.sentences]))
    show(measured, Console(width=120))


def recogniser(folder: Path) -> Path:
    """The Python of the recogniser's environment, made if need be."""
    python = folder / "bin" / "python"
    if not (folder / RECOGNISER).exists():
        with Progress(sys.stderr).step("Installing the recogniser"):
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", RECOGNISER], check=True)
        (folder / RECOGNISER).touch()
    return python


async def measure(
    engines: Sequence[Synthesizer], python: Path, sentences: Sequence[tuple[str, str]]
) -> list[Understood]:
    """Each engine alone, with the voices that it has for a woman's and a man's id."""
    measured = []
    for engine in engines:
        voices = Voices([engine])
        for voice_id, gender in VOICE_IDS.items():
            with Progress(sys.stderr).step(f"{engine.name}, {gender}"), tempfile.TemporaryDirectory() as folder:
                measured.append(await _one(engine, voices, voice_id, Path(folder), python, sentences))
        await voices.close()
    return measured


async def _one(
    engine: Synthesizer, voices: Voices, voice_id: int, folder: Path, python: Path, sentences: Sequence[tuple[str, str]]
) -> Understood:
    renderer = Renderer(voices)
    await renderer.render("Ready.", voice_id, 10, 100)
    before, seconds = _cpu(engine), 0.0
    files = []
    for number, (text, _) in enumerate(sentences):
        rendered = await renderer.render(text, voice_id, 10, 100)
        seconds += sum(rendered.engine_seconds.values())
        files.append(folder / f"{number}.raw")
        files[-1].write_bytes(await _as_heard(rendered.sound.wav))
    cpu = (_cpu(engine) - before) / seconds
    manner = Manner(voices.speaker(voice_id).engine_voice)
    waits = []
    for number in range(TIMES):
        began = time.perf_counter()
        await engine.synthesize(f"{number}. {DYNAMIC}", manner)
        waits.append(time.perf_counter() - began)
    heard = await asyncio.to_thread(_listen, python, files)
    pairs = [(words.split(), words_of(line)) for (_, words), line in zip(sentences, heard, strict=True)]
    return Understood(
        f"{engine.name}:{manner.voice}",
        sum(word_errors(said, got) for said, got in pairs),
        sum(len(said) for said, _ in pairs),
        cpu,
        statistics.median(waits) * 1000,
        _megabytes(engine),
    )


async def _as_heard(wav: bytes) -> bytes:
    """What the other end of a G.711 line gets, at the rate that the recogniser's model knows, silence around it."""
    samples, rate = soundfile.read(
        io.BytesIO(await to_ulaw(wav)), format="RAW", subtype="ULAW", samplerate=8000, channels=1, dtype="float32"
    )
    wide = soxr.resample(np.pad(samples, 2400), rate, 16_000)
    return bytes((np.clip(wide, -1, 1) * 32767).astype("<i2").tobytes())


def _listen(python: Path, files: Sequence[Path]) -> list[str]:
    asked = "".join(f"{file}\n" for file in files)
    command = [str(python), "-s", "-P", str(RECOGNISER_PROGRAM)]
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.splitlines()


def words_of(line: str) -> list[str]:
    """The words of a recogniser's line, without its marks for letters (`b.`) and for pronunciations (`the(2)`)."""
    return re.sub(r"\.|\(\d+\)", "", line.lower()).split()


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many words were left out, put in or taken for others: the edit distance."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        above, row[0] = row[:], number
        for place, other in enumerate(heard, 1):
            row[place] = min(above[place] + 1, row[place - 1] + 1, above[place - 1] + (word != other))
    return row[-1]


def _cpu(engine: Synthesizer) -> float:
    """CPU seconds of the engine's processes: of the worker that lives, or of the programs that ended."""
    if isinstance(engine, Piper):
        return sum(_process_seconds(worker.pid) for worker in engine.workers if worker.pid)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _process_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(engine: Synthesizer) -> float:
    """The most that a worker has had in memory; nothing stays of the programs."""
    pids = [worker.pid for worker in engine.workers if worker.pid] if isinstance(engine, Piper) else []
    sizes = (re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in pids)
    return max((int(size[1]) / 1000 for size in sizes if size), default=0.0)


def show(measured: Sequence[Understood], console: Console) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("voice", "word errors", "of words", "", "CPU s / s", "short text, ms", "kept in memory, MB"):
        table.add_column(heading, justify="left" if heading == "voice" else "right")
    for each in measured:
        share = f"{100 * each.errors / each.words:.0f} %"
        costs = f"{each.cpu:.3f}", f"{each.first_ms:.0f}", f"{each.megabytes:.0f}" if each.megabytes else "-"
        table.add_row(each.voice, str(each.errors), str(each.words), share, *costs)
    console.print(table)


if __name__ == "__main__":
    main()
