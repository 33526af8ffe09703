"""What the checker finds in a script, and what it leaves in peace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.egress.guard import Guard
from controller.errors import UrlRefused
from controller.script.analysis.checker import Context, check
from controller.script.diagnostics import MOST
from controller.script.parser import parse


def found(script: str, **context: Any) -> list[tuple[str, str]]:
    return [(each.severity, each.code) for each in check(parse(script), Context(**context))]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (r"~\Bogus()~", ("error", "unknown-command")),
        (r"~\Goto(nowhere)~", ("error", "missing-label")),
        (r"Bye ~\EndCall()~ and more", ("warning", "text-after-end")),
        (r"Bye ~\EndCall()~ ~\Beep()~ and more", ("warning", "unreachable")),
        (r"~\Goto(a)~ never ~^never~ ~\Label(a)~", ("warning", "unreachable")),
        (r"~\Goto(b)~ ~\Label(a)~ never ~\Label(b)~", ("warning", "unreachable")),
        (r"~\VariableToTTS(name)~", ("warning", "variable-never-set")),
        (r"~\GotoIf(name|1|out)~ x ~\Label(out)~", ("warning", "variable-never-set")),
        (r"~\SetVar(a|[name])~", ("warning", "variable-never-set")),
        ("~^[name]~", ("warning", "variable-never-set")),
        (r"~\VariableToTTS(name)~ ~\SetVar(name|Ann)~", ("warning", "variable-not-set-yet")),
        (r"~\Label(a)~ ~\Goto(a)~", ("error", "loop-without-time")),
        (r"~\Label(a)~ ~\SetVar(x|1)~ ~\GotoIf(x|1|a)~", ("warning", "loop-without-time")),
        (r"~\Label(a)~ Hello ~\Goto(a)~", ("warning", "loop-without-exit")),
        (r"~\Goto(start)~", ("error", "loop-without-time")),
        (r"~\WaitForDTMF(900)~", ("warning", "unbounded-wait")),
        (r"~\SetVar(n|3)~ ~\GetDigits(x|[n])~", ("warning", "unbounded-wait")),
        (r"~\TransferTo(9005550110)~", ("error", "number-refused")),
        (r"~\TransferTo(011449098790000)~", ("error", "number-refused")),
        (r"~\PlayAmount(abc)~", ("warning", "variable-never-set")),
        (r"~\PlayAmount(foo)~ ~\GetDigits(foo)~", ("warning", "variable-not-set-yet")),
        (r"~\PlayAlphaNumeric(foo)~ ~\GetDigits(foo)~", ("warning", "variable-not-set-yet")),
        (r"~\VariableToTTS(v)~ ~\SetVar(v|1)~ ~\Label(amd)~ x", ("warning", "variable-not-set-yet")),
        (r"~\RecordAndSaveAs(a|900)~", ("warning", "unbounded-wait")),
        (r"~\SetVar(n|3)~ ~\RecordWithUniqueID(id|[n])~", ("warning", "unbounded-wait")),
        (r"~\TransferTo(2015550110|||300)~", ("warning", "limited-wait")),
        (r"~\TransferTo(2015550110|||1)~", ("warning", "limited-wait")),
        (r"~\MaxRingTime(300)~", ("warning", "limited-wait")),
        (r"~\SetVar(n|3)~ ~\MaxRingTime([n])~", ("warning", "limited-wait")),
        (r"~\WaitForSilence(60)~", ("warning", "limited-wait")),
        (r"~\WaitForSilence(2|11)~", ("warning", "limited-wait")),
        (r"~\SetVar(x|b)~ ~\GotoIf(w[x]||ring)~ ~\QuickStart()~", ("warning", "loop-without-time")),
    ],
)
def test_a_mistake_in_the_flow_of_a_script_is_found(script: str, expected: tuple[str, str]) -> None:
    assert found(script) == [expected]


def test_a_binding_that_no_call_gets_to_leads_nowhere() -> None:
    script = r"Hello ~\EndCall()~ ~\AssignDTMF(2|x)~ dead ~\Label(x)~ dead too"
    assert found(script) == [("warning", "unreachable")]
    assert found(r"~\AssignDTMF(3|y)~ Hello ~\EndCall()~ ~\Label(y)~ y ~\EndCall()~ ~\Label(x)~ x") == [
        ("warning", "unreachable")
    ]
    assert (
        found(r"~\AssignDTMF(3|y)~ Hello ~\EndCall()~ ~\Label(y)~ ~\AssignDTMF(2|x)~ y ~\EndCall()~ ~\Label(x)~ x")
        == []
    )


def test_a_loop_over_the_wait_of_a_call_that_was_placed_takes_no_time_on_one_that_comes_in() -> None:
    script = r"~\SetVar(x|b)~ ~\GotoIf(callerid||ring)~"
    (diagnostic,) = check(parse(script))
    assert (diagnostic.severity, diagnostic.code) == ("warning", "loop-without-time")
    assert diagnostic.message.startswith("On a call that comes in,")


def test_an_emergency_number_is_no_number_to_transfer_to() -> None:
    assert ("error", "number-refused") in found(r"~\TransferTo(911)~")


@pytest.mark.parametrize(
    "script",
    [
        "",
        "Hello",
        r"Press 1. ~\WaitForDTMF(5)~ Bye. ~\EndCall()~",
        r"~\AssignDTMF(2|a)~ x ~\WaitForDTMF(5)~ ~\EndCall()~ ~\Label(a)~ y",
        r"~\AssignDTMF(2|a)~ x ~\SetVar(v|1)~ ~\WaitForDTMF(5)~ ~\EndCall()~ ~\Label(a)~ ~\VariableToTTS(v)~",
        r"x ~\EndCall()~ ~\Label(amd)~ y",
        r"x ~\EndCall()~ ~\Label(ring)~ y",
        r"~\Label(a)~ Hello ~\IncreaseVariable(n|1)~ ~\GotoIf(n|3|b)~ ~\Goto(a)~ ~\Label(b)~",
        r"~\AssignDTMF(2|out)~ ~\Label(a)~ Hello ~\Goto(a)~ ~\Label(out)~ Bye",
        r"~\Label(a)~ Hello ~\TransferTo(2015550110)~ ~\Goto(a)~",
        r"~\SetVar(name|Ann)~ ~\VariableToTTS(Name)~",
        r"~\GotoIf(callerid|x|b)~ ~\SetVar(name|Ann)~ ~\Label(b)~ ~\VariableToTTS(name)~",
        r"~\VariableToTTS(digitsdialed)~ ~\VariableToTTS(confkey)~ ~\SetVar(a|[PhoneNumber])~",
        r"~\IncreaseVariable(n|1)~",
        r"~\SetVar(name|Bob)~ Hello. ~\VariableToTTS(name)~ ~\EndCall()~ ~\Label(Amd)~ Bye. ~\VariableToTTS(name)~",
        r"~\SetVar(v|1)~ ~\Goto(out)~ ~\Label(Ring)~ ~\VariableToTTS(v)~ ~\Label(out)~",
        r"Hello. ~\GetDigits(zip)~ ~\EndCall()~ ~\Label(Amd)~ ~\VariableToTTS(zip)~",
        r"~\AssignDTMF(2|a)~ ~\Goto(b)~ ~\Label(start)~ ~\VariableToTTS(v)~ ~\Label(a)~ ~\Label(b)~ x ~\SetVar(v|1)~ y",
        r"~\SetVar(my name|Ann)~ ~\VariableToTTS(my name)~ ~\SetVar(b|[My Name])~",
        r"~\PlayAmount($1,234.50)~ ~\SetVar(a b|7)~ ~\PlayAmount(a b)~",
        r"~\TransferTo(2015550110|||120)~ ~\MaxRingTime(5)~ ~\WaitForSilence(10|10)~ ~\RecordAndSaveAs(a|600)~",
        r"~\SetVar(x|label)~ ~\Goto([x])~ ~\Label(label)~ ~\Label(other)~ y",
        r"~\SetVar(x|name)~ ~\SetVar([x]|1)~ ~\VariableToTTS(name)~",
        r"~\PlayAlphaNumeric(hello)~ ~\PlayAmount(5)~ [name]",
        r"~\ChangeVoiceID(99)~ ~^tune~ ~\StatusChangePostURL(http://127.0.0.1/)~ ~\DebugEmail(a@b)~",
    ],
)
def test_a_good_script_is_left_in_peace(script: str) -> None:
    assert found(script) == []


def test_what_the_key_does_not_have_is_found() -> None:
    script = r"~^Tune~ ~^other~ ~^[x]~ ~\SetVar(x|1)~ ~\RecordAndSaveAs(mine)~ ~^mine~ ~\PlaySpecialSoundFile(Ding)~"
    assert ("error", "unknown-sound") not in found(script)
    assert found(script, sounds={"tune"}).count(("error", "unknown-sound")) == 1
    special = ("warning", "unknown-special-sound")
    assert special in found(script, sounds={"tune", "other"}, special_sounds={"dong"})
    assert special not in found(script, sounds={"tune", "other"}, special_sounds={"ding"})


def test_a_url_that_the_guard_refuses_is_found() -> None:
    asked = []

    def refused(url: str) -> str | None:
        asked.append(url)
        return "refused: it is private" if "127.0.0.1" in url else None

    script = (
        r"~\SetVar(x|1)~ ~\StatusChangePostURL(http://127.0.0.1/)~ ~\QueryExternalServer(http://example.com/?a=[x]|b)~"
        r"~\QueryExternalServer(http://[x]/|b)~ ~\QueryExternalServer(http://127.0.0.1/[x]|b)~"
    )
    assert found(script, url_refused=refused) == [("error", "url-refused")] * 2
    assert asked == ["http://127.0.0.1/", "http://example.com/?a=x", "http://127.0.0.1/x"]


@pytest.mark.parametrize(
    "command",
    [
        "QueryExternalServer(http://127.0.0.1?x=[callerid]|a)",
        "QueryExternalServer(http://127.0.0.1#[callerid]|a)",
        "StatusChangePostURL(http://[::1]/)",
        "StatusChangePostURL(http://[fe80::1]/[callerid])",
    ],
)
def test_an_address_that_is_written_out_is_held_against_the_guard(command: str) -> None:
    assert found(rf"~\{command}~", url_refused=refusal) == [("error", "url-refused")]


@pytest.mark.parametrize(
    "script",
    [
        r"~\QueryExternalServer(http://www.example.com/get name?caller=[callerid]|name)~",
        "~\\QueryExternalServer(http://www.example.com/get\n?caller=[callerid]|name)~",
        r"~\SetVar(base|http://www.example.com)~~\QueryExternalServer([base]/a?x=1|r)~",
        r"~\SetVar(posturl|http://www.example.com/)~ ~\StatusChangePostURL([posturl])~",
        r"~\SetVar(s|s)~ ~\StatusChangePostURL(http[s]://www.example.com/)~",
        r"~\SetVar(h|a)~ ~\StatusChangePostURL(http://[h].example.com/a b)~",
        r"~\StatusChangePostURL(http://www.example.com/a b)~",
    ],
)
def test_a_url_that_a_call_can_reach_is_left_in_peace(script: str) -> None:
    assert found(script, url_refused=refusal) == []


def refusal(url: str) -> str | None:
    """What the guard of a configuration without `allow` says."""
    try:
        Guard().check(url)
    except UrlRefused as error:
        return str(error)
    return None


def test_a_voice_that_nobody_has_and_mail_that_cannot_be_sent_are_doubts() -> None:
    script = r"~\ChangeVoiceID(8)~ ~\ChangeVoiceID(0)~ ~\DebugEmail(a@example.com)~ ~\ErrorEmail(a@example.com)~"
    missing = {8: "no engine speaks German"}.get
    assert found(script, voice_missing=missing, mail=False) == [
        ("warning", "voice-missing"),
        ("warning", "no-mail-server"),
        ("warning", "no-mail-server"),
    ]
    assert found(script, mail=True) == []


def test_the_variables_that_the_call_brings_along_are_set() -> None:
    assert found(r"~\VariableToTTS(Name)~", variables={"NAME"}) == []


def test_what_is_found_stands_at_its_place() -> None:
    (diagnostic,) = check(parse("Hello ~\\EndCall()~\n\n  Never"))
    assert (diagnostic.line, diagnostic.column) == (3, 3)


@pytest.mark.parametrize(
    "piece",
    [
        r"~\Label(a{0})~ ~\AssignDTMF(2|a{0})~ ~\Goto(a{1})~ ",
        r"~\SetVar(v{0}|[v{1}])~ ",
        r"~\Label(a{0})~ Hello ~\GotoIf(v{1}|1|a{1})~ ",
        r"~\Goto([x{0}])~ ~\Label(a{0})~ ",
        r"~\EndCall()~ x ",
    ],
)
def test_long_scripts_are_diagnosed(piece: str) -> None:
    source = "".join(piece.format(number, number + 1) for number in range(10_000))
    assert 0 < len(check(parse(source))) <= MOST + 1


SCRIPT = st.lists(
    st.sampled_from(
        [
            r"~\Label(a)~",
            r"~\Label(b)~",
            r"~\Goto(a)~",
            r"~\Goto([x])~",
            r"~\GotoIf(x|1|b)~",
            r"~\EndCall()~",
            r"~\AssignDTMF(2|b)~",
            r"~\WaitForDTMF(1)~",
            r"~\SetVar(x|1)~",
            r"~\VariableToTTS(x)~",
            r"~\Bogus(",
            "text",
        ]
    ),
    max_size=15,
).map(" ".join)


@settings(deadline=None)
@given(SCRIPT | st.text(max_size=40))
def test_whatever_the_script_the_checker_answers(script: str) -> None:
    program = parse(script)
    assert set(program.diagnostics) <= set(check(program))
