"""The picture of a call: what happened stands where it happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from controller.api.console.timeline import LEFT, MOST_POSTBACKS, RIGHT, Timeline, timeline
from controller.calls.model.call import TraceLine
from controller.calls.store.stored_calls import CallSummary
from controller.postbacks.lookup import PastAttempt, StoredPostback

BEGAN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def call(*, answered: float | None = 2.0, ended: float | None = 32.0, outgoing: bool = False) -> CallSummary:
    return CallSummary(
        queue_id=1000000001,
        direction="outgoing" if outgoing else "incoming",
        license_key="acme",
        our_number="+12015550101",
        their_number="+12015550199",
        started_at=BEGAN,
        answered_at=None if answered is None else after(answered),
        ended_at=None if ended is None else after(ended),
        end_reason="" if ended is None else "hung-up",
        response_code=30,
        tries=1,
        due_at=None,
        dialled_at=None,
    )


def lines(*happened: tuple[float, str, Mapping[str, object]]) -> list[TraceLine]:
    return [
        TraceLine(1000000001, number, after(at), event, fields)
        for number, (at, event, fields) in enumerate(happened, 1)
    ]


def postback(number: int, at: float, *attempts: tuple[float, bool]) -> tuple[StoredPostback, list[PastAttempt]]:
    made = StoredPostback(
        number=number,
        id=UUID(int=number),
        subject="call:1000000001",
        sequence=number,
        event="call.answered",
        final=False,
        license_key="acme",
        url="http://192.0.2.1/",
        form=(),
        created_at=after(at),
        state="delivered",
        tries=len(attempts),
        due_at=None,
        attempted_at=None,
        status=None,
        reason="",
    )
    return made, [
        PastAttempt(after(when), 0.1, 200 if good else 500, good, "" if good else "500") for when, good in attempts
    ]


def lane(picture: Timeline, name: str) -> list[tuple[str, str]]:
    found = next(each for each in picture.lanes if each.name == name)
    bars, marks = ([(each.kind, each.title) for each in found.bars], [(each.kind, each.title) for each in found.marks])
    return bars + marks


def test_a_call_has_its_legs_prompts_digits_and_recordings_in_lanes() -> None:
    trace = lines(
        (2, "answered", {}),
        (2, "say", {"text": "Press one."}),
        (6, "digit", {"digit": "1"}),
        (6, "jump", {"label": "one"}),
        (6.5, "beep", {}),
        (7, "sound", {"id": "music"}),
        (20, "record", {"id": "message"}),
        (30, "transfer", {"number": "2015550120", "result": "busy"}),
        (32, "end", {"reason": "hung-up"}),
    )
    picture = timeline(call(), trace, [], after(40))
    assert [each.name for each in picture.lanes] == ["call", "prompts", "digits", "recording", "transfer", "script"]
    assert lane(picture, "call") == [
        ("rings", "rings (2.0 s)"),
        ("talks", "answered; hung up (30.0 s)"),
        ("ends", "ended: hung-up"),
    ]
    assert lane(picture, "prompts") == [
        ("say", "Press one. (4.5 s)"),
        ("beep", "beep (0.3 s)"),
        ("sound", "music (13.0 s)"),
    ]
    assert lane(picture, "digits") == [("digit", "the key 1")]
    assert lane(picture, "recording") == [("record", "message (13.0 s)")]
    assert lane(picture, "transfer") == [("transfer", "2015550120: busy (10.0 s)")]
    assert lane(picture, "script") == [("step", "jump one")]


def test_the_axis_counts_from_the_answer() -> None:
    picture = timeline(call(), [], [], after(40))
    places = {text: x for x, text in picture.ticks}
    assert picture.answered == places["0 s"]
    assert places["5 s"] > places["0 s"] > LEFT


def test_every_try_of_an_outgoing_call_is_a_bar_and_the_wait_before_the_first_is_not_in_the_picture() -> None:
    trace = lines(
        (7200, "dialling", {"attempt": 1}),
        (7230, "not_answered", {"result": "busy"}),
        (7290, "dialling", {"attempt": 2}),
        (7300, "answered", {}),
        (7310, "end", {"reason": "hung-up"}),
    )
    picture = timeline(call(answered=7300, ended=7310, outgoing=True), trace, [], after(7400))
    assert lane(picture, "call")[:2] == [("rings", "try 1: busy (30.0 s)"), ("rings", "try 2: answered (10.0 s)")]
    assert picture.lanes[0].bars[0].x == LEFT


def test_tries_of_post_backs_stand_on_the_same_axis_and_late_ones_at_its_edge() -> None:
    posted = postback(1, 2.1, (2.2, False), (5.0, False), (9000.0, True))
    picture = timeline(call(), lines((2, "say", {"text": "Hello."})), [posted], after(40))
    marks = picture.lanes[-1].marks
    assert [each.kind for each in marks] == ["made", "fails", "fails", "delivered"]
    assert [each.late for each in marks] == [False, False, False, True]
    assert marks[-1].x == RIGHT
    assert marks[0].x < marks[1].x < marks[2].x < RIGHT


def test_more_post_backs_than_there_is_room_for_are_counted() -> None:
    posted = [postback(number, 3.0) for number in range(1, MOST_POSTBACKS + 4)]
    picture = timeline(call(), [], posted, after(40))
    assert picture.left_out == 3


def test_a_call_that_goes_on_reaches_to_now() -> None:
    picture = timeline(call(ended=None), lines((2, "say", {"text": "Hello."})), [], after(12))
    assert lane(picture, "prompts") == [("say", "Hello. (10.0 s)")]


EVENTS = st.sampled_from(["say", "sound", "digit", "record", "transfer", "end", "error", "dialling", "odd"])
NAMES = st.sampled_from(["text", "id", "digit", "number", "result", "reason", "message", "attempt"])
VALUES = st.dictionaries(NAMES, st.text(max_size=5))


@given(
    st.lists(st.tuples(st.floats(-10, 1e6), EVENTS, VALUES), max_size=12),
    st.floats(0, 1e5) | st.none(),
    st.floats(0, 1e6) | st.none(),
    st.booleans(),
)
def test_whatever_was_stored_everything_is_within_the_picture(
    happened: list[tuple[float, str, dict[str, str]]], answered: float | None, ended: float | None, outgoing: bool
) -> None:
    fields = {"text": "", "number": "", "result": "", "reason": "", "message": "", "id": "", "digit": ""}
    trace = lines(*((at, event, fields | values) for at, event, values in happened))
    picture = timeline(
        call(answered=answered, ended=ended, outgoing=outgoing), trace, [postback(1, 5, (6, True))], after(2e6)
    )
    for each in picture.lanes:
        for bar in each.bars:
            assert LEFT <= bar.x <= RIGHT
            assert bar.width <= RIGHT - LEFT + 2
        for mark in each.marks:
            assert LEFT <= mark.x <= RIGHT
    assert len(picture.ticks) <= 200
