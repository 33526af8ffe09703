"""IVRs and sequences on real calls, by ear: two menus, one gate, choices of several digits, what is not pressed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import RunningAsterisk
from tests.support.live import LiveHouse, hear_out, live_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import Ear, hear, heard_codes

FRONT, GATE, OPENED, WRONG, NOBODY = range(5)
SOUNDS = {"front": FRONT, "gate": GATE, "opened": OPENED, "wrong": WRONG, "nobody": NOBODY}
IVRS = """
ivrs:
  office:
    recording: front
    timeout: 2
    digit_timeout: 1
    repeat: 1
    choices: {"1": "ivr:gate", "2": "recording:opened", "21": "recording:gate", "345": "sequence:open"}
    no_input: "recording:nobody"
    wrong_choice: "recording:wrong"
  gate:
    recording: gate
    timeout: 3
    repeat: 0
    choices: {"1": "sequence:open", "2": "ivr:office"}
sequences:
  open:
    - {dtmf: "12w9#", tone_ms: 200, gap_ms: 150}
    - recording: opened
    - sms: {from: "+12015550101", to: "+12015550110", text: The gate is open.}
"""


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("menus")
    async with live_house(
        folder, asterisk, tools, fresh_database, sounds=SOUNDS, scripts={}, ivrs=IVRS, menus=("office", "gate")
    ) as running:
        yield running


async def test_two_menus_open_one_gate_that_hears_its_digits_the_recording_follows_and_the_text_is_queued(
    live: LiveHouse,
) -> None:
    call = await live.dial("office")
    ear = Ear(call)
    await ear.hear(FRONT)
    await call.press("1")
    await hear_out(ear, GATE)
    await call.press("1")
    ending = await call.ended(LONGEST_WAIT)

    assert ending.by == "them"
    assert [key.key for key in call.keys] == list("129#")
    steps = [later.at - earlier.at for earlier, later in pairwise(call.keys)]
    assert steps == pytest.approx([0.35, 0.85, 0.35], abs=0.12)
    assert all(0.18 <= key.seconds <= 0.3 for key in call.keys)
    codes = heard_codes(call.audio)
    assert codes[-1] == OPENED
    opened = await ear.hear(OPENED)
    assert call.keys[-1].at < opened.started
    (text,) = await live.rows("SELECT * FROM texts WHERE queue_id = $1", int((await live.final(call))["QueueID"]))
    assert (text["sender"], text["recipient"], text["body"]) == ("+12015550101", "+12015550110", "The gate is open.")
    told = [(event, fields.get("label", "")) for event, fields in await live.trace(call) if event != "digit"]
    assert [label for event, label in told if event == "jump"] == ["ivr:gate", "sequence:open"]
    assert [event for event, _ in told][-4:] == ["dial_digits", "sound", "text", "end"]


async def test_the_second_menu_has_a_number_of_its_own_and_leads_back_to_the_first(live: LiveHouse) -> None:
    call = await live.dial("gate")
    await hear(call, GATE)
    await call.press("2")
    await hear(call, FRONT)
    await call.hang_up()
    assert (await live.final(call))["ResponseCode"] == "30"


@pytest.mark.parametrize(("keys", "heard"), [("2", OPENED), ("21", GATE)])
async def test_a_choice_that_begins_another_waits_for_the_digit_time_out(
    live: LiveHouse, keys: str, heard: int
) -> None:
    call = await live.dial("office")
    await hear(call, FRONT)
    await call.press(keys)
    pressed = call.now
    tone = await hear(call, heard)
    await call.ended()
    waited = tone.started - pressed
    assert (0.6 < waited < 1.6) if keys == "2" else waited < 0.6


async def test_nothing_pressed_replays_the_prompt_and_then_leads_elsewhere(live: LiveHouse) -> None:
    call = await live.dial("office")
    await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [FRONT, FRONT, NOBODY]


async def test_a_wrong_choice_replays_the_prompt_and_then_leads_elsewhere(live: LiveHouse) -> None:
    call = await live.dial("office")
    ear = Ear(call)
    first = await hear_out(ear, FRONT)
    await call.press("9")
    await hear_out(ear, FRONT, after=first.ended)
    await call.press("35")
    await ear.hear(WRONG)
    await call.ended()
    assert heard_codes(call.audio) == [FRONT, FRONT, WRONG]


async def test_digits_of_a_long_choice_count_while_the_prompt_still_plays(live: LiveHouse) -> None:
    call = await live.dial("office")
    await hear(call, FRONT)
    await call.press("345")
    await hear(call, OPENED)
    await call.ended()
    assert call.keys[0].key == "1"
