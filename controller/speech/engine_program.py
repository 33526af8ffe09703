"""A speech engine's program, run once for one text: limited in time and output, and gone when nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from controller.errors import SynthesisFailed
from controller.speech.synthesizer import WAY_OUT

MOST_OUTPUT_BYTES = 65_536
QUOTED_CHARACTERS = 300

# An engine needs none of our secrets, which the rest of the environment may hold.
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


async def run_program(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float = 30.0,
    good: Collection[int] = (0,),
) -> bytes:
    """Run a program to its end and give what it printed (the first 64 KiB of it).

    `good`: the exit statuses that mean success. SynthesisFailed when it cannot be started, fails (with the end of
    what it complained) or takes longer than `timeout` seconds. It is killed with all it started when the time is over
    or the caller is cancelled.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    name = _name(command)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**inherited, "LC_ALL": "C.UTF-8", **env},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SynthesisFailed(f"The speech engine {name} cannot be started ({reason}). {WAY_OUT}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(timeout):
            _, output, complaint, status = await asyncio.gather(
                _feed(process.stdin, stdin),
                _first_bytes(process.stdout, MOST_OUTPUT_BYTES),
                _first_bytes(process.stderr, MOST_OUTPUT_BYTES),
                process.wait(),
            )
    except TimeoutError as error:
        await _kill(process)
        raise SynthesisFailed(f"The speech engine {name} took longer than {timeout:g} seconds.") from error
    except BaseException:
        await _kill(process)
        raise
    if status not in good:
        reason = complaint.decode("utf-8", "replace").strip()[-QUOTED_CHARACTERS:] or "without a word"
        how = f"was killed by signal {-status}" if status < 0 else f"failed with status {status}"
        raise SynthesisFailed(f"The speech engine {name} {how}: {reason}")
    return output


def _name(command: Sequence[str]) -> str:
    # An unpacked program stands behind its loader and the loader's options.
    programs = [word for word in command if "/" in word and ":" not in word and "=" not in word]
    return os.path.basename(programs[-1] if programs and "ld-linux" in command[0] else command[0])  # noqa: PTH119


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    # A program that does not read its input may end before it took all of it; uvloop has a RuntimeError for that.
    with suppress(ConnectionError, RuntimeError):
        stream.write(data)
        await stream.drain()
    stream.close()
    with suppress(ConnectionError):
        await stream.wait_closed()


async def _first_bytes(stream: asyncio.StreamReader, most: int) -> bytes:
    kept = bytearray()
    while piece := await stream.read(65_536):
        kept += piece[: most - len(kept)]
    return bytes(kept)


async def _kill(process: asyncio.subprocess.Process) -> None:
    # The whole group: a child of the program may live on and hold its pipes.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())
