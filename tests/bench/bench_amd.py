"""`make bench-amd`: how often answering-machine detection is right, over real RTP on a real Asterisk.

Each answer is a call that Ringpost places, and the softphone plays what a person, a voicemail or a switchboard sounds
like. What is measured: what was recognised and when, and whether the message began after a voicemail's beep.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import numpy as np
import uvloop
from rich.console import Console
from rich.table import Table

from controller.embedded.debian import provision
from controller.embedded.postgres_server import FAST, PostgresServer
from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import IncomingCall
from controller.speech.engines import installed_engines
from tests.bench.amd_answers import Answer, answers
from tests.support.asterisk import running_asterisk
from tests.support.folders import open_folder
from tests.support.live import LiveHouse, live_house
from tests.support.tones import heard_tones

PROJECT = Path(__file__).parent.parent.parent
AT_ONCE = 8
MESSAGE = 9
SCRIPT = r"~^message~ ~\WaitForDTMF(0.5)~"
LONGEST_SECONDS = 60.0
KINDS = ("HUMAN", "MACHINE", "RING", "FAX", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one answer. Times are seconds from the answer; None where nothing of it came.

    decided: when it was first recognised as what it was taken for in the end. message: when the last message began.
    """

    answer: Answer
    what: str
    decided: float | None
    message: float | None

    @property
    def is_right(self) -> bool:
        return self.what == self.answer.kind


async def run(tools: ProgramTree, every: int) -> list[Judged]:
    """All answers, some at a time; `every`: only each so-manieth."""
    wanted = [each async for each in answers(installed_engines(tools, {}))][::every]
    with open_folder("ringpost-bench-amd-") as folder:
        postgres = PostgresServer(folder / "postgres", logs=folder / "logs", settings=FAST)
        await postgres.start()
        try:
            connection = await asyncpg.connect(postgres.dsn, timeout=10)
            await connection.execute("CREATE DATABASE amd")
            await connection.close()
            home = folder / "house"
            home.mkdir()
            sounds = {"message": MESSAGE}
            async with (
                running_asterisk(tools, rtp_count=400) as asterisk,
                live_house(home, asterisk, tools, postgres.dsn_of("amd"), sounds=sounds, scripts={}) as house,
            ):
                return await _all(house, wanted)
        finally:
            await postgres.stop()


async def _all(house: LiveHouse, wanted: Sequence[Answer]) -> list[Judged]:
    calls: dict[str, asyncio.Future[IncomingCall]] = {}
    loop = asyncio.get_running_loop()

    async def deal_out() -> None:
        while True:
            with suppress(SoftphoneError):
                call = await house.line.next_call(LONGEST_SECONDS)
                calls[call.number.lstrip("+")].set_result(call)

    slots = asyncio.Semaphore(AT_ONCE)

    async def judge(place: int, answer: Answer) -> Judged:
        number = f"1201561{place:04d}"
        async with slots:
            calls[number] = loop.create_future()
            queue_id = await house.place(SCRIPT, number)
            call = await asyncio.wait_for(calls[number], LONGEST_SECONDS)
            return await _judged(house, call, queue_id, answer)

    dealing = asyncio.create_task(deal_out())
    try:
        return list(await asyncio.gather(*(judge(place, answer) for place, answer in enumerate(wanted))))
    finally:
        dealing.cancel()
        await asyncio.gather(dealing, return_exceptions=True)


async def _judged(house: LiveHouse, call: IncomingCall, queue_id: int, answer: Answer) -> Judged:
    if answer.suppressed:
        call.suppress_silence()
    await call.answer()
    answered = call.now
    with suppress(SoftphoneError):
        await call.play(np.clip(answer.samples * 32767, -32767, 32767).astype(np.int16))
        await call.ended(LONGEST_SECONDS)
    if not call.is_ended:
        await call.hang_up()
    await house.told(queue_id, LONGEST_SECONDS)
    rows = await house.rows(
        "SELECT extract(epoch FROM trace.at - calls.answered_at)::float8 AS at, trace.fields->>'what' AS what"
        " FROM call_trace AS trace JOIN calls USING (queue_id)"
        " WHERE queue_id = $1 AND trace.event = 'detected' ORDER BY trace.number",
        queue_id,
    )
    found = [(row["what"], float(row["at"])) for row in rows]
    rang = answer.kind == "RING" and any(what == "RING" for what, _ in found)
    what = "RING" if rang else found[-1][0] if found else "nothing"
    decided = next((at for each, at in found if each == what), None)
    messages = [tone.started - answered for tone in heard_tones(call.audio) if tone.code == MESSAGE]
    return Judged(answer, what, decided, messages[-1] if messages else None)


def show(judged: Sequence[Judged], console: Console) -> None:
    """The confusion matrix, the times and the shares."""
    counts = Counter((each.answer.kind, each.what) for each in judged)
    table = Table(title="who answered, and what was recognised", title_justify="left")
    table.add_column("")
    seen = sorted({what for _, what in counts}, key=lambda what: KINDS.index(what) if what in KINDS else 9)
    for what in seen:
        table.add_column(what, justify="right")
    for kind in KINDS:
        table.add_row(kind, *(str(counts[kind, what] or "") for what in seen))
    console.print(table)
    for line in summary(judged):
        console.print(line)
    for each in judged:
        if not each.is_right or not _message_is_heard(each):
            console.print(
                f"  {each.answer.name}: {each.what}, message at {each.message}, heard from {each.answer.over:.1f}"
            )


def summary(judged: Sequence[Judged]) -> list[str]:
    """What the acceptance criteria ask for."""
    people = [each for each in judged if each.answer.kind == "HUMAN"]
    machines = [each for each in judged if each.answer.kind == "MACHINE"]
    voicemails = [each for each in machines if each.answer.name.startswith("voicemail")]
    waits = [each.decided - each.answer.said_until for each in people if each.is_right and each.decided is not None]
    answered = [each.decided for each in people if each.is_right and each.decided is not None]
    in_time = sum(wait <= 2.5 for wait in waits)
    lines = [
        f"people recognised within 2.5 s of what they said: {_share(in_time, len(people))}",
        f"machines recognised: {_share(sum(each.is_right for each in machines), len(machines))}",
        f"messages wholly after the beep: {_share(sum(map(_message_is_heard, voicemails)), len(voicemails))}",
    ]
    if waits:
        p50, p95 = np.percentile(waits, [50, 95])
        from_answer = np.percentile(answered, [50, 95])
        lines.append(
            f"time to HUMAN: {p50:.2f} s after what was said (95 %: {p95:.2f} s), "
            f"{from_answer[0]:.2f} s after the answer (95 %: {from_answer[1]:.2f} s)"
        )
    return lines


def _message_is_heard(each: Judged) -> bool:
    """Whether the message began when a voicemail had begun to record, or who was put through was there."""
    if each.answer.kind not in ("MACHINE", "RING") or "screening" in each.answer.name:
        return True
    return each.message is not None and each.message >= each.answer.over - 0.1


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(1, whole):.1f} %)"


def picture(judged: Sequence[Judged]) -> str:
    """When each message began, beside when it could be heard, as SVG: right of the line is in time."""
    heard = [each for each in judged if each.answer.kind in ("HUMAN", "MACHINE", "RING") and each.message is not None]
    dots = []
    colours = {"HUMAN": "#1f77b4", "MACHINE": "#d62728", "RING": "#2ca02c"}
    for each in heard:
        assert each.message is not None
        place = (40 + 24 * min(each.answer.over, 24.0), 620 - 24 * min(each.message, 24.0))
        dots.append(f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="3" fill="{colours[each.answer.kind]}"/>')
    axes = (
        '<line x1="40" y1="620" x2="640" y2="20" stroke="#999"/>'
        '<text x="240" y="650" font-size="13">somebody listens from (s after the answer)</text>'
        '<text x="46" y="16" font-size="13">the message begins (s after the answer): above the line it is heard</text>'
    )
    legend = "".join(
        f'<text x="{440 + 70 * number}" y="600" font-size="13" fill="{colour}">{kind}</text>'
        for number, (kind, colour) in enumerate(colours.items())
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="680" height="660" font-family="sans-serif">'
        f'<rect width="680" height="660" fill="#fff"/>{axes}{"".join(dots)}{legend}</svg>\n'
    )


def main() -> None:
    """Measure, print, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth of the answers")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="where the picture (SVG) is written")
    arguments = parser.parse_args()
    named = os.environ.get("RINGPOST_TOOLS")
    tools = ProgramTree(Path(named)) if named else provision(PROJECT / ".ringpost" / "tools")
    judged = uvloop.run(run(tools, arguments.every))
    show(judged, Console(width=140))
    if arguments.picture:
        arguments.picture.write_text(picture(judged), encoding="utf-8")


if __name__ == "__main__":
    main()
