"""What effects do when things go otherwise, on a scripted Asterisk: hang-ups at bad moments, refusals, silence."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import asyncpg
import pytest

from controller.calls.effects.conference import end_room
from controller.calls.model.call import Call
from controller.script.effects import Sound
from tests.support.calls import KEY, CallsRoom, NamedPrompts, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.fake_switch import FakeChannel
from tests.support.house import customer

NUMBER = "+12015550101"
OTHER = "+12015550188"


async def _posted(room: CallsRoom) -> list[dict[str, str]]:
    assert await room.journal.flush()
    connection = await asyncpg.connect(room.database.dsn)
    try:
        rows = await connection.fetch("SELECT event, body FROM postbacks ORDER BY number")
    finally:
        await connection.close()
    return [{"event": row["event"], **dict(parse_qsl(row["body"], True))} for row in rows]


def _events(trace: list[tuple[str, dict[str, object]]]) -> list[tuple[str, str]]:
    """The trace without its frame, each line with its first field."""
    return [(event, str(next(iter(fields.values()), ""))) for event, fields in trace if event != "answered"]


async def test_an_interrupted_play_has_told_only_the_prompts_that_were_heard(postgres: str) -> None:
    script = r"~\AssignDTMF(2|two)~ One. ~^chime~ Two. ~\Label(two)~ ~\EndCall()~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.media_seconds["sound:chime"] = None
        channel = fake.incoming_call()
        await fake.until(lambda: "sound:chime" in fake.played)
        fake.press(channel, "2")
        await room.idle()
        assert _events(await room.trace()) == [
            ("say", "One."),
            ("sound", "chime"),
            ("digit", "2"),
            ("jump", "two"),
            ("end", "end-call"),
        ]


async def test_a_prompt_that_is_missing_is_told_in_its_place(postgres: str) -> None:
    script = "One. ~^gone~ Two. ~^gone~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        room.prompts.missing.add("sound:gone")
        fake.incoming_call()
        await fake.until(lambda: bool(fake.gone))
        await room.idle()
        told = _events(await room.trace())
        assert told[:4] == [("say", "One."), ("sound", "gone"), ("say", "Two."), ("sound", "gone")]
        assert told[4][0] == "error"


async def test_a_silence_is_as_long_as_the_script_says_and_told_once(postgres: str) -> None:
    script = r"~\PlaySilence(650)~ Hello."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.incoming_call()
        await fake.until(lambda: bool(fake.gone))
        await room.idle()
        assert fake.played == [*["silence:60"] * 10, "silence:30", *["silence:10"] * 2, "say:Hello."]
        assert _events(await room.trace()) == [("silence", "650.0"), ("say", "Hello."), ("end", "end-of-script")]


async def test_a_script_that_plays_nothing_for_ever_is_stopped(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = r"~\Label(again)~ ~^empty~ ~\Goto(again)~"

    def of_no_length(self: NamedPrompts, prompt: object) -> tuple[str, float] | None:
        return ("sound:empty", 0.0) if isinstance(prompt, Sound) else ("say", 1.0)

    monkeypatch.setattr(NamedPrompts, "ready", of_no_length)
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: channel in fake.gone, timeout=10)
        await room.idle()
        trace = await room.trace()
        assert trace[-1] == ("end", {"reason": "step-limit"})
        assert any("nothing to be heard" in str(fields) for _, fields in trace)
        assert fake.played == []


@pytest.mark.parametrize("status", [404, 409, 500])
@pytest.mark.parametrize(
    ("script", "request_uri"),
    [
        ("Hello. Never.", r"channels/[^/]+/play/.+"),
        (r"~\DialDTMF(12)~ Never.", r"channels/[^/]+/dtmf"),
        (r"~\RecordAndSaveAs(x)~ Never.", r"channels/[^/]+/record"),
        (r"~\WaitForSilence(1)~ Never.", r"channels/[^/]+/variable"),
        (r"~\TransferTo(12015550188)~ Never.", r"channels/create"),
        (r"~\Conference()~ Never.", r"bridges/[^/]+/addChannel"),
    ],
)
async def test_what_is_refused_because_the_caller_has_hung_up_is_no_error(
    postgres: str, script: str, request_uri: str, status: int
) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.refuse("POST", request_uri, status=status)
        channel = fake.incoming_call()
        await fake.asked("POST", request_uri)
        fake.hang_up(channel)
        await room.idle()
        trace = await room.trace()
        assert trace[-1] == ("end", {"reason": "hung-up"})
        assert [fields for event, fields in trace if event == "error"] == []


async def test_what_is_refused_while_the_caller_is_there_is_an_error_and_the_script_goes_on(postgres: str) -> None:
    script = r"~\DialDTMF(12)~ Hello."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.refuse("POST", r"channels/[^/]+/dtmf", status=500)
        fake.incoming_call()
        await fake.until(lambda: bool(fake.gone))
        await room.idle()
        assert [event for event, _ in _events(await room.trace())] == ["dial_digits", "error", "say", "end"]


@pytest.mark.parametrize(
    ("cause", "result"),
    [(17, "busy"), (18, "noanswer"), (19, "noanswer"), (21, "refused"), (1, "failed"), (34, "failed"), (38, "failed")],
)
async def test_a_transfer_that_fails_says_why_by_the_cause_alone(postgres: str, cause: int, result: str) -> None:
    script = r"~\TransferTo(12015550188)~ Nobody there."

    def refuse(leg: FakeChannel) -> None:
        fake.reject(leg.id, cause=cause, dial_status="CHANUNAVAIL")

    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.on_originate = refuse
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        await room.idle()
        assert ("transfer", {"number": OTHER, "result": result}) in await room.trace()


async def test_a_leg_is_dialled_when_it_has_entered_the_application(postgres: str) -> None:
    script = r"~\TransferTo(12015550188)~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", r"channels/[^/]+/dial")
        started = [request.uri for request in fake.requests]
        assert started.index("channels/create") < next(
            index for index, uri in enumerate(started) if uri.endswith("/dial")
        )
        fake.hang_up(channel)
        await room.idle()
        assert (await _posted(room))[-1]["ResponseCode"] == "26"


async def test_who_hangs_up_in_the_conversation_has_a_transfer_in_the_trace(postgres: str) -> None:
    script = r"~\TransferTo(12015550188)~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.on_originate = lambda leg: fake.answer(leg.id)
        channel = fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/addChannel")
        fake.hang_up(channel)
        await room.idle()
        assert _events(await room.trace())[-2:] == [("transfer", OTHER), ("end", "hung-up")]
        assert (await _posted(room))[-1]["ResponseCode"] == "31"


async def test_a_message_that_ends_by_the_hang_up_is_kept_and_its_length_posted(postgres: str) -> None:
    script = r"~\RecordAndSaveAs(message|60|10)~ Never."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/record")
        fake.hang_up(channel)
        await room.idle()
        assert room.sounds.recorded == {"message": b"RIFF-recorded"}
        assert _events(await room.trace()) == [
            ("record", "message"),
            ("set", "lastrecordlength"),
            ("end", "hung-up"),
        ]
        assert (await _posted(room))[-1]["lastrecordlength"] == "2"


async def test_a_conference_posts_who_started_and_who_joined_it(postgres: str) -> None:
    script = r"~\SetVar(confkey|Room-1)~ ~\Conference()~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        first = fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/moh")
        second = fake.incoming_call()
        await fake.asked("DELETE", r"bridges/[^/]+/moh")
        fake.hang_up(first)
        await fake.asked("POST", r"bridges/[^/]+/moh", count=2)
        fake.hang_up(second)
        await room.idle()
        events = [(form["event"], form["ResponseCode"]) for form in await _posted(room)]
        assert events.count(("call.conference-started", "41")) == 1
        assert events.count(("call.conference-joined", "42")) == 1
        assert events[-1] == ("call.completed", "30")
        assert not fake.bridges


async def test_a_conference_that_is_ended_from_outside_lets_the_scripts_go_on(postgres: str) -> None:
    script = r"~\SetVar(confkey|room-1)~ ~\Conference()~ It is over."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/moh")
        assert not await end_room(room.ari, KEY.name, "another")
        assert await end_room(room.ari, KEY.name, "ROOM-1")
        await fake.until(lambda: "say:It is over." in fake.played)
        await room.idle()


async def test_a_call_that_is_ended_from_outside_is_hung_up(postgres: str) -> None:
    script = r"~\WaitForDTMF(60)~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/answer")
        await room.started()
        assert room.live.end(channel, "cancelled")
        await fake.until(lambda: channel in fake.gone)
        await room.idle()
        assert (await room.trace())[-1] == ("end", {"reason": "cancelled"})


async def test_talk_before_the_silence_is_waited_out(postgres: str) -> None:
    script = r"~\WaitForSilence(0.3)~ Quiet."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/variable")
        fake.talk_started(channel)
        with pytest.raises(TimeoutError):
            await fake.until(lambda: bool(fake.played), timeout=0.5)
        fake.talk_finished(channel, 500)
        await fake.until(lambda: fake.played == ["say:Quiet."])
        await room.idle()


async def test_playing_pauses_while_the_other_side_talks(postgres: str) -> None:
    script = r"~\SoundPausing(true)~ Hello."
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        fake.talk_started(channel)
        paused = await fake.asked("POST", r"playbacks/[^/]+/control")
        fake.talk_finished(channel, 400)
        resumed = await fake.asked("POST", r"playbacks/[^/]+/control", count=2)
        assert (paused.query["operation"], resumed.query["operation"]) == ("pause", "unpause")
        fake.finish_playback(channel)
        await room.idle()


async def test_a_script_that_asks_a_server_again_and_again_asks_once_a_second(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.script.commands.data.QUICK_QUERIES", 2)
    async with customer() as acme, FakeAri() as fake:
        acme.pages["/way"] = "on"
        script = (
            rf"~\Label(ask)~ ~\QueryExternalServer({acme.url}/way|way)~ ~\IncreaseVariable(n|1)~"
            r"~\GotoIf(n|4|done)~ ~\Goto(ask)~ ~\Label(done)~ Done."
        )
        async with calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
            began = asyncio.get_running_loop().time()
            fake.incoming_call()
            await fake.until(lambda: "say:Done." in fake.played, timeout=10)
            assert asyncio.get_running_loop().time() - began >= 2.0
            assert len(acme.asked) == 4
            await room.idle()


@pytest.mark.parametrize("script", [r"~\SetVar(confkey|room-1)~ ~\Conference()~", r"~\TransferTo(12015550188)~"])
async def test_the_longest_time_of_a_call_leaves_no_bridge_and_no_leg(
    postgres: str, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(Call, "seconds_left", lambda _self, _now: 3.0)  # on any machine, enough to be connected
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.on_originate = lambda leg: fake.answer(leg.id)
        fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/addChannel")
        await room.idle()
        assert (await room.trace())[-1] == ("end", {"reason": "call-length-limit"})
        assert not fake.bridges
        assert not fake.channels


async def test_a_call_that_does_not_end_in_time_is_cut_off_and_leaves_nothing(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Call, "seconds_left", lambda _self, _now: 0.1)
    monkeypatch.setattr("controller.calls.session.END_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr("controller.calls.line.line.Line.end", lambda _self, _reason: None)
    script = r"~\SetVar(confkey|room-1)~ ~\Conference()~"
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        fake.incoming_call()
        await fake.asked("POST", r"bridges/[^/]+/addChannel")
        await room.idle()
        assert (await room.trace())[-1] == ("end", {"reason": "call-length-limit"})
        assert not fake.bridges


@pytest.mark.parametrize("script", [r"~\SetVar(confkey|room-1)~ ~\Conference()~", r"~\TransferTo(12015550188)~"])
async def test_what_a_stopped_controller_left_for_a_call_that_is_over_by_then_is_swept(
    postgres: str, script: str
) -> None:
    async with FakeAri() as fake:
        fake.on_originate = lambda leg: fake.answer(leg.id)
        async with calls_room(fake, postgres, snapshot({NUMBER: script})):
            channel = fake.incoming_call()
            await fake.asked("POST", r"bridges/[^/]+/addChannel")
            await fake.until(lambda: bool(fake.bridges))
        assert len(fake.bridges) == 1
        fake.drop_connection()
        fake.hang_up(channel)
        async with calls_room(fake, postgres, snapshot({NUMBER: script})):
            await fake.until(lambda: not fake.bridges and not fake.channels)
        assert all(gone.continued_to is None for gone in fake.gone.values())
