"""A number's routing runs on the script engine: filters, failovers, groups, queues, times, messages, DISA."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from controller.errors import DestinationInvalid
from controller.ivr.caller_filters import CallerFilter
from controller.ivr.compiled import compile_place, compile_source
from controller.ivr.model import Destination, DtmfStep, Failovers, Ivr, Sequence
from controller.ivr.pins import pin_digest
from controller.ivr.places import (
    Callback,
    Disa,
    Forwarding,
    Mailbox,
    Member,
    NumberRouting,
    Place,
    Queue,
    RingGroup,
    TimeCondition,
)
from controller.ivr.time_spans import Span
from controller.ivr.translation import Catalogue
from controller.script.effects import (
    CallBack,
    CollectDigits,
    Effect,
    End,
    Play,
    Silence,
    Sound,
    Speech,
    TakeMessage,
    TellTime,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.outcomes import Failed, Finished, Recorded, TimeTold, TransferFailed, Transferred
from controller.script.program import Program
from controller.script.state import State
from tests.support.script_player import Player

NUMBER = Destination.parse("did:+12015550101")
ALICE, BOB = Destination.parse("sip:alice"), Destination.parse("sip:bob")


def program(routing: str, places: Mapping[str, Place] | None = None, **values: object) -> Program:
    """The program of a number; it is read back from its text, as by the next controller."""
    of_number = NumberRouting(Destination.parse(routing), **values)  # type: ignore[arg-type]
    named = {Destination.parse(name): place for name, place in (places or {}).items()}
    made = compile_place(NUMBER, Catalogue(places={NUMBER: of_number, **named}))
    assert compile_source(made.source).steps == made.steps
    return made


def call(
    routing: str, places: Mapping[str, Place] | None = None, caller: str = "2145550000", **values: object
) -> Player:
    state = State.for_incoming(phonenumber="2015550101", callerid=caller, key_seed="seed")
    return Player(program(routing, places, **values), state)


def said(effect: Effect) -> str:
    assert isinstance(effect, Play)
    return "".join(prompt.text for prompt in effect.prompts if isinstance(prompt, Speech))


def test_a_phone_rings_and_the_call_ends_with_the_conversation() -> None:
    player = call("sip:alice")
    assert player.effect == Transfer("sip:alice")
    assert player.resume(Transferred(), 60.0) == End("transferred")


@pytest.mark.parametrize(
    ("failure", "goes_to"),
    [
        (TransferFailed("busy"), "sip:busy"),
        (TransferFailed("noanswer"), "sip:gone"),
        (TransferFailed("noanswer", unreachable=True), "sip:away"),
        (TransferFailed("failed", unreachable=True), "sip:away"),
        (TransferFailed("refused"), "sip:away"),
    ],
)
def test_each_failure_has_its_failover_and_a_failover_has_none(failure: TransferFailed, goes_to: str) -> None:
    failovers = Failovers(
        busy=Destination.parse("sip:busy"),
        unreachable=Destination.parse("sip:away"),
        noanswer=Destination.parse("sip:gone"),
    )
    player = call("sip:alice", failovers=failovers)
    assert player.resume(failure, 5.0) == Transfer(goes_to)
    assert "nobody can be reached" in said(player.resume(failure, 5.0))
    assert player.resume() == End("end-call")


def test_a_failure_without_a_failover_is_told_to_the_caller() -> None:
    player = call("sip:alice", failovers=Failovers(busy=BOB))
    assert "nobody can be reached" in said(player.resume(TransferFailed("noanswer"), 30.0))


def test_a_forwarding_shows_its_number_and_sends_its_digits() -> None:
    forwarding = Forwarding("+12015550188", caller_id="+12015550101", digits="1w2", pause=1.5, ring_seconds=20.0)
    player = call("fwd:1026", {"fwd:1026": forwarding}, failovers=Failovers(busy=BOB))
    assert player.effect == Transfer(
        "+12015550188", caller_id="+12015550101", ring_seconds=20.0, digits="1w2", digits_after=1.5
    )
    assert player.resume(TransferFailed("busy"), 1.0) == Transfer("sip:bob")


def test_a_filter_of_the_caller_goes_before_the_routing_of_the_number() -> None:
    filters = (
        CallerFilter(("214XXX*",), Destination.parse("sys:busy")),
        CallerFilter(("2145550000",), ALICE, Failovers(noanswer=BOB)),
        CallerFilter(("0",), Destination.parse("sys:hangup")),
    )
    player = call("sip:reception", filters=filters)
    assert player.effect == Transfer("sip:alice")
    assert player.resume(TransferFailed("noanswer"), 30.0) == Transfer("sip:bob")
    assert call("sip:reception", filters=filters, caller="2145550001").effect == End("busy", 17)
    assert call("sip:reception", filters=filters, caller="").effect == End("end-call")
    assert call("sip:reception", filters=filters, caller="2015550110").effect == Transfer("sip:reception")


def test_a_withheld_number_is_that_of_nobody() -> None:
    filters = (CallerFilter(("0",), Destination.parse("sys:hangup")),)
    state = State.for_incoming(callerid="2145550000", variables={"calleridwithheld": "1"})
    assert Player(program("sip:alice", filters=filters), state).effect == End("end-call")


def test_the_time_decides_and_the_failovers_go_along() -> None:
    condition = TimeCondition((Span(540, 1020, 0, 4),), match=ALICE, otherwise=BOB, zone="America/New_York")
    player = call("tc:1", {"tc:1": condition}, failovers=Failovers(noanswer=Destination.parse("sip:night")))
    assert player.effect == TellTime("America/New_York")
    assert player.resume(TimeTold(0, 540)) == Transfer("sip:alice")
    assert player.resume(TransferFailed("noanswer"), 30.0) == Transfer("sip:night")
    other = call("tc:1", {"tc:1": condition})
    assert other.resume(TimeTold(5, 600)) == Transfer("sip:bob")
    unknown = call("tc:1", {"tc:1": condition})
    assert unknown.resume(Failed("no such zone")) == Transfer("sip:bob")


def test_time_conditions_that_lead_to_each_other_are_stopped() -> None:
    there = TimeCondition((Span(),), match=Destination.parse("tc:2"))
    back = TimeCondition((Span(),), match=Destination.parse("tc:1"))
    player = call("tc:1", {"tc:1": there, "tc:2": back})
    assert player.run(TimeTold(0, 0))[-1] == End("step-limit")


def test_a_group_rings_at_once_or_in_order() -> None:
    members = (Member(ALICE, 20.0), Member(BOB, 25.0), Member(Destination.parse("fwd:7")))
    forwarding = Forwarding("+12015550188", digits="9")
    failovers = Failovers(noanswer=Destination.parse("sip:night"))
    places: dict[str, Place] = {"grp:1": RingGroup(members), "fwd:7": forwarding}
    player = call("grp:1", places, failovers=failovers)
    assert player.effect == Transfer("sip:alice", ring_seconds=30.0, others=("sip:bob", "+12015550188"))
    assert player.resume(TransferFailed("noanswer"), 30.0) == Transfer("sip:night")
    places["grp:1"] = RingGroup(members, "order")
    ordered = call("grp:1", places, failovers=failovers)
    assert ordered.effect == Transfer("sip:alice", ring_seconds=20.0)
    assert ordered.resume(TransferFailed("busy"), 1.0) == Transfer("sip:bob", ring_seconds=25.0)
    assert ordered.resume(TransferFailed("noanswer"), 25.0) == Transfer("+12015550188", digits="9")
    assert ordered.resume(TransferFailed("noanswer"), 30.0) == Transfer("sip:night")


def test_a_group_without_an_answer_goes_on_where_it_says() -> None:
    group = RingGroup((Member(ALICE),), otherwise=Destination.parse("vm:101"))
    player = call("grp:1", {"grp:1": group, "vm:101": Mailbox("greeting")}, failovers=Failovers(noanswer=BOB))
    assert player.resume(TransferFailed("noanswer"), 30.0) == Play((Sound("greeting"),))


def test_a_queue_calls_its_members_until_the_longest_wait_is_over() -> None:
    queue = Queue(
        (Member(ALICE), Member(BOB)),
        music="waltz",
        announcement="please-hold",
        ring_seconds=15.0,
        retry_seconds=5.0,
        longest_wait_seconds=60.0,
    )
    player = call("queue:1", {"queue:1": queue}, failovers=Failovers(noanswer=Destination.parse("sip:night")))
    assert player.effect == Play((Sound("please-hold"),))
    round_of_calls = Transfer("sip:alice", ring_seconds=15.0, others=("sip:bob",), music="waltz")
    assert player.resume(Finished(), 3.0) == round_of_calls
    assert player.resume(TransferFailed("noanswer"), 15.0) == Play((Silence(5.0),))
    assert player.resume(Finished(), 5.0) == round_of_calls
    assert player.resume(TransferFailed("busy"), 0.2) == Play((Silence(5.0),))
    assert player.resume(Finished(), 5.0) == round_of_calls
    assert player.resume(TransferFailed("noanswer"), 30.0) == Transfer("sip:night")


def test_a_message_is_taken_after_the_greeting_and_the_beep() -> None:
    player = call("vm:101", {"vm:101": Mailbox("greeting", longest_seconds=60.0)})
    assert player.effect == Play((Sound("greeting"),))
    assert player.resume() == Play((Tone(),))
    assert player.resume() == TakeMessage("101", 60.0, 10.0)
    assert player.state.recordings_made == 1
    assert player.resume(Recorded(4.2)) == End("end-call")


def test_a_callback_hangs_up_and_calls_a_program_that_dials() -> None:
    callback = Callback("+12015550188", delay_seconds=7.0, response_timeout=9.0, digit_timeout=4.0)
    player = call("cb:1", {"cb:1": callback})
    effect = player.effect
    assert isinstance(effect, CallBack)
    assert (effect.number, effect.caller_id, effect.delay_seconds) == ("+12015550188", "+12015550101", 7.0)
    assert player.resume() == End("end-call")
    state = State.for_outgoing(phonenumber="2015550188", callerid="2015550101", key_seed="seed")
    called = Player(compile_source(effect.program), state)
    assert "dial the number" in said(called.resume())
    assert called.resume() == WaitForDigit(9.0)
    called.press("2")
    assert called.effect == CollectDigits("dialled", 4.0)
    called.press("015550199#")
    assert called.effect == Transfer("+12015550199", caller_id="+12015550101")


def test_disa_asks_for_the_pin_three_times_and_shows_it_to_nobody() -> None:
    disa = Disa(pin_digest("4711", "salt"), 10.0, 5.0)
    player = call("disa:1", {"disa:1": disa})
    for _ in range(3):
        assert "PIN" in said(player.effect)
        player.resume()
        player.press("1234#")
    assert player.effect == End("end-call")
    assert set(player.noted("digit")) == {("*",)}
    assert player.state.digits_dialled == ""
    assert "1234" not in str(player.state.to_json())


def test_disa_dials_after_the_right_pin_even_typed_during_the_prompt() -> None:
    disa = Disa(pin_digest("4711", "salt"), 10.0, 5.0, caller_id="+12015550177")
    player = call("disa:1", {"disa:1": disa})
    player.press("4711#")
    assert "dial the number" in said(player.effect)
    assert "4711" not in str(player.state.to_json())
    player.resume()
    player.press("2015550199")
    assert player.resume(Finished(), 5.0) == Transfer("+12015550199", caller_id="+12015550177")
    assert "nobody can be reached" in said(player.resume(TransferFailed("refused")))


def test_what_is_dialled_and_is_no_number_calls_nobody() -> None:
    player = call("disa:1", {"disa:1": Disa("")})
    player.resume()
    player.press("911#")
    assert "nobody can be reached" in said(player.effect)


def test_a_number_can_lead_to_an_ivr_whose_choices_lead_to_places() -> None:
    choices = Ivr("main", None, "Choose.", (), no_input=Destination.parse("vm:101"))
    places: dict[Destination, Place] = {
        NUMBER: NumberRouting(
            Destination.parse("ivr:main"), filters=(CallerFilter(("0",), Destination.parse("sys:busy")),)
        ),
        Destination.parse("vm:101"): Mailbox(),
    }
    sequences = {"open": Sequence("open", (DtmfStep("9"),))}
    made = compile_place(NUMBER, Catalogue({"main": choices}, sequences, {}, places))
    player = Player(compile_source(made.source))
    assert said(player.effect) == "Choose."


@pytest.mark.parametrize("missing", ["vm:9", "fwd:1026", "ivr:none", "tc:1", "sequence:none"])
def test_what_is_not_there_is_refused_before_any_call(missing: str) -> None:
    with pytest.raises(DestinationInvalid, match="does not exist"):
        program(missing)


def test_a_group_of_what_cannot_ring_is_refused() -> None:
    with pytest.raises(DestinationInvalid, match="cannot ring"):
        program("grp:1", {"grp:1": RingGroup((Member(Destination.parse("vm:101")),)), "vm:101": Mailbox()})
