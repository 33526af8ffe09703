"""A call's session on a scripted Asterisk: what is asked of it, what is stored, and what when something fails."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

import asyncpg
import pytest

from controller.calls.call_log import CallLog
from controller.calls.line.line import Line
from controller.calls.session import CallSession
from controller.directory.snapshot import Did
from controller.script.parser import parse
from tests.support.calls import KEY, CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.owner import CONTROLLER
from tests.support.patience import until

NUMBER = "+12015550101"
MENU = r"""
~\ClearDTMF()~ ~\AssignDTMF(1|one)~
Press 1.
~\WaitForDTMF(5)~
Nothing was pressed. ~\EndCall()~
~\Label(one)~ One.
"""


async def _posted(room: CallsRoom) -> list[tuple[str, int, bool, dict[str, str]]]:
    assert await room.journal.flush()
    connection = await asyncpg.connect(room.database.dsn)
    try:
        rows = await connection.fetch("SELECT event, sequence, final, body FROM postbacks ORDER BY number")
    finally:
        await connection.close()
    return [(row["event"], row["sequence"], row["final"], dict(parse_qsl(row["body"], True))) for row in rows]


@pytest.fixture
def playing() -> Callable[[FakeAri, str], asyncio.Future[None]]:
    async def wait(fake: FakeAri, medium: str) -> None:
        await fake.until(lambda: medium in fake.played)

    return wait  # type: ignore[return-value]


async def test_a_digit_interrupts_the_prompt_and_jumps(
    postgres: str, playing: Callable[..., asyncio.Future[None]]
) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await playing(fake, "say:Press 1.")
        fake.press(channel, "1")
        await playing(fake, "say:One.")
        fake.finish_playback(channel)
        await room.idle()
        assert "say:Nothing was pressed." not in fake.played
        assert ("jump", {"label": "one"}) in await room.trace()
        assert fake.gone[channel].hangup_cause == 16


async def test_a_digit_after_the_prompt_jumps_too(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: "say:Press 1." in fake.played)
        fake.press(channel, "1")
        await room.idle()
        assert fake.played == ["say:Press 1.", "say:One."]


async def test_a_call_is_posted_at_the_answer_and_at_its_end(postgres: str) -> None:
    script = r"~\SetVar(branch|left)~ Hello."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.incoming_call(caller="+12015550199")
        await fake.until(lambda: len(fake.gone) == 1)
        await room.idle()
        assert (await room.trace())[0][0] == "answered"
        (first, last) = await _posted(room)
        assert (first[0], first[1], first[2], first[3]["ResponseCode"]) == ("call.answered", 1, False, "29")
        assert (last[0], last[1], last[2], last[3]["ResponseCode"]) == ("call.completed", 2, True, "30")
        assert last[3]["callerid"] == "2015550199"
        assert last[3]["phonenumber"] == "2015550101"
        assert last[3]["branch"] == "left"
        assert last[3]["incoming"] == "True"


async def test_a_number_that_nobody_owns_is_refused_as_unallocated(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call("12015550999")
        await fake.until(lambda: channel in fake.gone)
        assert fake.gone[channel].hangup_cause == 1
        assert not fake.gone[channel].answered
        assert room.registry.get_sample_value("ringpost_calls_refused_total", {"reason": "unowned"}) == 1


async def test_a_key_that_has_all_the_calls_it_may_have_is_busy(postgres: str) -> None:
    key = replace(KEY, max_calls=1)
    known = replace(snapshot({NUMBER: MENU}), dids={NUMBER: Did(NUMBER, voice=key, program=parse(MENU))})
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, known) as room:
        first = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        second = fake.incoming_call()
        await fake.until(lambda: second in fake.gone)
        assert fake.gone[second].hangup_cause == 17
        fake.hang_up(first)
        await room.idle()


async def test_a_prompt_that_cannot_be_made_is_left_out_and_the_rest_is_said(postgres: str) -> None:
    script = r"~^gone~ Hello."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        room.prompts.missing.add("sound:gone")
        fake.incoming_call()
        await fake.until(lambda: "say:Hello." in fake.played)
        await room.idle()
        assert any(event == "error" for event, _ in await room.trace())


async def test_the_lines_of_a_call_are_stored_in_order(postgres: str) -> None:
    script = r"~\ActOnDigitPress(false)~ Zip? ~\GetDigits(zip|5|3)~ Thanks."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: "say:Zip?" in fake.played)
        fake.press(channel, "123")
        await room.idle()
        events = [event for event, _ in await room.trace()]
        assert events[0] == "answered"
        assert events[-1] == "end"
        assert events.count("digit") == 3
        assert ("set", {"name": "zip", "value": "123"}) in await room.trace()


async def test_a_hang_up_ends_the_call_with_its_final_postback(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: "say:Press 1." in fake.played)
        fake.hang_up(channel)
        await room.idle()
        assert ("end", {"reason": "hung-up"}) in await room.trace()
        assert [posted[2] for posted in await _posted(room)] == [False, True]


async def test_after_a_lost_connection_the_prompt_begins_again_and_the_call_goes_on(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.drop_connection()
        await fake.until(lambda: fake.played.count("say:Press 1.") == 2)
        fake.press(channel, "1")
        await fake.until(lambda: "say:One." in fake.played)
        fake.hang_up(channel)
        await room.idle()
        assert ("resumed", {}) in await room.trace()
        assert [posted[2] for posted in await _posted(room)] == [False, True]


async def test_a_call_survives_its_controller(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake:
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})):
            channel = fake.incoming_call()
            await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.drop_connection()
        fake.finish_playback(channel)
        async with calls_room(fake, postgres, snapshot({NUMBER: "Another script."})) as room:
            await fake.until(lambda: fake.played.count("say:Press 1.") == 2)
            fake.press(channel, "1")
            await fake.until(lambda: "say:One." in fake.played)
            fake.finish_playback(channel)
            await room.idle()
            assert "say:Another script." not in fake.played
            assert [(posted[1], posted[2]) for posted in await _posted(room)] == [(1, False), (2, True)]


async def test_a_call_that_ended_unseen_is_closed_with_its_final_postback(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake:
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})):
            channel = fake.incoming_call()
            await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.drop_connection()
        fake.hang_up(channel)
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:

            async def posted_twice() -> bool:
                return len(await _posted(room)) >= 2

            await until(posted_twice)
            event, sequence, final, form = (await _posted(room))[-1]
            assert (event, sequence, final, form["ResponseCode"]) == ("call.lost", 2, True, "30")


async def test_a_call_whose_end_was_never_told_is_closed_by_the_reconciler(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        monkeypatch.setattr(fake, "emit", lambda *_args, **_fields: None)
        fake.hang_up(channel)
        assert len(room.live) == 1
        await room.adoption.connected()
        await room.idle()
        assert [posted[2] for posted in await _posted(room)] == [False, True]


async def test_a_stored_call_that_cannot_be_read_is_closed_and_does_not_keep_others_from_being_adopted(
    postgres: str,
) -> None:
    async with FakeAri(playback_seconds=None) as fake:
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
            broken, sound = fake.incoming_call(), fake.incoming_call()
            await fake.until(lambda: fake.played.count("say:Press 1.") == 2)
        connection = await asyncpg.connect(postgres)
        await connection.execute("UPDATE calls SET script_state = '{\"version\": 99}' WHERE channel_id = $1", broken)
        await connection.close()
        fake.drop_connection()
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
            await fake.until(lambda: fake.played.count("say:Press 1.") == 3)
            await fake.asked("POST", f"channels/{broken}/continue")
            fake.hang_up(sound)
            await room.idle()
            assert [posted[0] for posted in await _posted(room) if posted[2]] == ["call.lost", "call.completed"]


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        ('{"compiler": 99}', "program-changed", "cuts the call's program into other steps"),
        ('{"version": 99}', "state-unreadable", "another version"),
    ],
)
async def test_a_call_that_this_release_cannot_go_on_with_is_told_to_the_scripts_url_and_its_state_is_kept(
    postgres: str, change: str, reason: str, told: str
) -> None:
    script = r"~\StatusChangePostURL(http://127.0.0.1:9/mine)~ ~\SetVar(colour|red)~ Press 1. ~\WaitForDTMF(30)~"
    async with FakeAri() as fake:
        async with calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
            channel = fake.incoming_call()
            await fake.until(lambda: "say:Press 1." in fake.played)
            await room.journal.flush()
        connection = await asyncpg.connect(postgres)
        await connection.execute(
            "UPDATE calls SET script_state = script_state || $1::text::jsonb WHERE channel_id = $2", change, channel
        )
        fake.drop_connection()
        async with calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
            await fake.asked("POST", f"channels/{channel}/continue")
            (row,) = await connection.fetch("SELECT queue_id, end_reason, script_state FROM calls")
            assert row["end_reason"] == reason
            assert json.loads(change).items() <= json.loads(row["script_state"]).items()
            assert told in str((await room.trace(row["queue_id"]))[-2])
            (post,) = await connection.fetch("SELECT event, url, body FROM postbacks WHERE final")
            assert (post["event"], post["url"]) == ("call.lost", "http://127.0.0.1:9/mine")
            assert "ResponseCode=9" in post["body"]
            assert "colour=red" in post["body"]
        await connection.close()


async def test_a_call_that_is_being_answered_counts_and_is_not_taken_for_a_stray(postgres: str) -> None:
    key = replace(KEY, max_calls=1)
    known = replace(snapshot({NUMBER: MENU}), dids={NUMBER: Did(NUMBER, voice=key, program=parse(MENU))})
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, known) as room:
        fake.stall("POST", "channels/.*/answer")
        first, second = fake.incoming_call(), fake.incoming_call()
        await fake.until(lambda: second in fake.gone)
        assert fake.gone[second].hangup_cause == 17
        await room.adoption.connected()
        assert not fake.requests_of("POST", f"channels/{first}/continue")


async def test_a_connection_that_drops_twice_does_not_end_the_call(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.stall("DELETE", "playbacks/.*")
        fake.drop_connection()
        await fake.until(lambda: fake.connections == 2 and bool(fake.requests_of("DELETE", "playbacks/.*")))
        fake.drop_connection()
        await fake.until(lambda: fake.played.count("say:Press 1.") == 2)
        fake.hang_up(channel)
        await room.idle()
        assert [posted[0] for posted in await _posted(room)] == ["call.answered", "call.completed"]


async def test_a_channel_that_no_call_owns_is_let_go_to_the_announcement(postgres: str) -> None:
    async with FakeAri() as fake:
        stray = fake.surviving_channel("1700000000.99", to="s")
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})):
            await fake.until(lambda: stray.continued_to is not None)
            assert stray.continued_to == ("ringpost-unavailable", "s", "1")


@pytest.mark.parametrize("state", ["Ring", "Up"])
async def test_a_call_whose_controller_died_before_it_took_it_comes_again(postgres: str, state: str) -> None:
    async with FakeAri() as fake:
        untaken = fake.surviving_channel("1700000000.99", state=state, to=NUMBER)
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})):
            await fake.until(lambda: untaken.continued_to is not None)
            assert untaken.continued_to == ("inbound", NUMBER, "1")


async def test_a_call_that_was_taken_and_closed_hears_the_announcement(postgres: str) -> None:
    async with FakeAri() as fake:
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
            channel = fake.incoming_call()
            await fake.until(lambda: bool(fake.played))
            fake.hang_up(channel)
            await room.idle()
        left = fake.surviving_channel(channel, to=NUMBER)
        async with calls_room(fake, postgres, snapshot({NUMBER: MENU})):
            await fake.until(lambda: left.continued_to is not None)
            assert left.continued_to == ("ringpost-unavailable", "s", "1")


async def test_while_too_much_waits_for_the_database_new_calls_go_to_the_announcement(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        room.journal.limit = 0
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.requests_of("POST", f"channels/{channel}/continue")))
        assert not fake.requests_of("POST", f"channels/{channel}/answer")


async def test_a_handler_that_fails_lets_the_call_go_to_the_announcement(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:

        def broken(_prompt: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(room.prompts, "ready", broken)
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.requests_of("POST", f"channels/{channel}/continue")))
        await room.idle()
        assert [posted[2] for posted in await _posted(room)] == [False, True]


async def test_a_transfer_bridges_both_and_is_told_as_such(postgres: str) -> None:
    script = r"~\TransferTo(12015550110)~ Nobody there."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.on_originate = lambda leg: fake.answer(leg.id)
        channel = fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/addChannel")
        (leg,) = [known for known in fake.channels if known != channel]
        fake.hang_up(leg)
        await fake.until(lambda: channel in fake.gone)
        await room.idle()
        assert fake.played == []
        assert ("transfer", {"number": "+12015550110", "result": "answered"}) in await room.trace()
        assert (await _posted(room))[-1][3]["ResponseCode"] == "31"
        assert not fake.bridges


async def test_a_transfer_that_is_busy_goes_on_in_the_script(postgres: str) -> None:
    script = r"~\TransferTo(12015550188)~ Nobody there."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.on_originate = lambda leg: fake.reject(leg.id)
        fake.incoming_call()
        await fake.until(lambda: "say:Nobody there." in fake.played)
        await room.idle()
        assert any(event == "transfer" and fields["result"] == "busy" for event, fields in await room.trace())
        assert (await _posted(room))[-1][3]["ResponseCode"] == "30"


async def test_what_the_caller_says_is_recorded_as_a_sound(postgres: str) -> None:
    script = r"~\RecordAndSaveAs(greeting|10|3)~ ~^greeting~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/record")
        fake.finish_recording(channel, seconds=2.0, content=b"said")
        await fake.until(lambda: "sound:greeting" in fake.played)
        await room.idle()
        assert room.sounds.recorded == {"greeting": b"said"}
        assert (await _posted(room))[-1][3]["lastrecordlength"] == "2"


async def test_two_calls_meet_in_a_conference(postgres: str) -> None:
    script = r"~\SetVar(confkey|room-1)~ ~\Conference()~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        first, second = fake.incoming_call(), fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/addChannel", count=2)
        (members,) = fake.bridges.values()
        assert set(members) == {first, second}
        fake.hang_up(first)
        fake.hang_up(second)
        await room.idle()
        assert not fake.bridges


async def test_the_state_that_is_stored_is_the_engines(postgres: str) -> None:
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        assert await room.journal.flush()
        (stored,) = await room.lookup.open_calls(CONTROLLER, 30.0)
        assert stored.state().bindings == {"1": "one"}
        assert json.dumps(stored.engine_state)


async def test_a_call_that_is_over_is_freed_without_the_garbage_collector(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: MENU})) as room:
        gc.collect()
        gc.disable()
        try:
            channel = fake.incoming_call()
            await fake.until(lambda: "say:Press 1." in fake.played)
            fake.press(channel, "1")
            await room.idle()
            await until(lambda: not any(isinstance(each, (CallSession, Line, CallLog)) for each in gc.get_objects()))
        finally:
            gc.enable()
