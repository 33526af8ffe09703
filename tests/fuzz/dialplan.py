"""FastAGI as a door: heads and arguments as no dialplan sends them, with the intake of texts behind it."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from controller.asterisk.fastagi import AgiRequest, FastAgiServer
from controller.errors import RingpostError
from controller.texts.intake.intake import SCRIPT
from tests.fuzz.mutator import NASTY
from tests.support.texts import SECRET, TextsRoom, dialplan_fields

_ANSWERS = [
    b"200 result=1\n",
    b"200 result=1 (x)\n",
    b"520 no\n",
    b"HANGUP\n",
    b"\xff\xfe\n",
    b"",
    b"200\n",
    b"x" * 70_000,
]
_AT_ONCE = 8
_LONGEST_SECONDS = 30.0


async def ask(room: TextsRoom, count: int, seed: int) -> list[str]:
    """Put so many spoilt questions; gives what failed: errors that are none of Ringpost's own, and no end."""
    failures: list[str] = []

    async def taken(request: AgiRequest) -> None:
        try:
            await room.intake.take(request)
        except RingpostError:
            raise
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error} for {request.headers!r}"[:400])
            raise

    server = FastAgiServer(port=0, head_timeout=0.5, command_timeout=0.5)
    server.route(SCRIPT, taken)
    await server.start()
    dice = random.Random(seed)
    questions = (_question(dice, number) for number in range(count))

    async def put() -> None:
        for question in questions:
            try:
                await asyncio.wait_for(_put(server.port, question, dice), _LONGEST_SECONDS)
            except TimeoutError:
                failures.append(f"no end for {question[:300]!r}")

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(put())
    finally:
        await server.stop(1)
    return failures


async def _put(port: int, question: bytes, dice: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(OSError):
            writer.write(question)
            answers = dice.random() < 0.7
            if not answers:
                writer.write_eof()
            while await reader.readline():
                if answers:
                    writer.write(dice.choice(_ANSWERS))
    except ValueError:
        pass  # a line of ours was longer than a reader takes
    finally:
        writer.close()


def _question(dice: random.Random, number: int) -> bytes:
    """A head whose arguments are what the dialplan hands over, with a few of them changed."""
    arguments = [SECRET if dice.random() < 0.9 else "guessed", *dialplan_fields(call_id=f"attack-{number}")]
    for _ in range(dice.randint(0, 3)):
        place = dice.randrange(len(arguments))
        nasty = dice.choice([*NASTY, "A" * 20_000, "=" * 7, "/w==", "4pyT\n"])
        arguments[place] = dice.choice([nasty, arguments[place][: dice.randint(0, 20)], arguments[place] * 2])
    del arguments[len(arguments) - dice.choice([0, 0, 0, 1, 5]) :]
    script = SCRIPT if dice.random() < 0.9 else dice.choice(NASTY)
    lines = ["agi_network: yes", f"agi_network_script: {script}", "agi_extension: 12015550101"]
    lines += [f"agi_arg_{place}: {argument}" for place, argument in enumerate(arguments, 1)]
    head = ("\n".join(lines) + "\n\n").encode(errors="surrogatepass")
    if dice.random() < 0.2:
        place = dice.randrange(len(head))
        head = head[:place] + dice.randbytes(3) + head[place + 2 :]
    return head
