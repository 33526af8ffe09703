"""What the parser makes of a text: the language as documented, and as its users write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.script.commands.command import Command
from controller.script.commands.data import IncreaseVariable, QueryExternalServer, SetVar
from controller.script.commands.digits import AssignDTMF, GetDigits, WaitForDTMF
from controller.script.commands.flow import EndCall, Goto, GotoIf, Label
from controller.script.commands.speech import Beep, PlaySilence, PlaySound, Say
from controller.script.commands.table import COMMANDS, BrokenCommand
from controller.script.diagnostics import MOST
from controller.script.parser import LONGEST_SCRIPT, parse


def commands(source: str) -> list[Command]:
    return [step.command for step in parse(source).steps]


def codes(source: str) -> list[str]:
    return [diagnostic.code for diagnostic in parse(source).diagnostics]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("Hello", [Say("Hello")]),
        ("  Hello,\n\n   how are\tyou? ", [Say("Hello, how are you?")]),
        ("~^Greeting~", [PlaySound("greeting")]),
        ("~^my  sound ~", [PlaySound("my sound")]),
        ("Hello ~^a~ and ~^b~", [Say("Hello"), PlaySound("a"), Say("and"), PlaySound("b")]),
        (r"~\Beep()~", [Beep()]),
        (r"~\SetVar(a|b)~", [SetVar("a", "b")]),
        (r"~\SetVar( a | b c )~", [SetVar("a", "b c")]),
        (r"~\SetVar(a|)~", [SetVar("a", "")]),
        (r"~\GetDigits(zip)~", [GetDigits("zip", "5", "")]),
        (r"~\GetDigits(zip||5)~", [GetDigits("zip", "5", "5")]),
        ("One\n~\\Beep()~\n\nTwo", [Say("One"), Beep(), Say("Two")]),
        ("a, b <break time='3s'/> c", [Say("a, b <break time='3s'/> c")]),
        (
            r"~\QueryExternalServer(http://www.example.com:80/a?b=[c]&d=50%25|answer)~",
            [QueryExternalServer("http://www.example.com:80/a?b=[c]&d=50%25", "answer")],
        ),
    ],
)
def test_elements_are_read_as_documented_without_any_doubt(source: str, expected: list[Command]) -> None:
    assert commands(source) == expected
    assert codes(source) == []


@pytest.mark.parametrize(
    ("source", "expected", "doubts"),
    [
        (r"~\getDIGITS(zip)~", [GetDigits("zip")], []),
        (r"~\GoTo(Start)~", [Goto("Start")], []),
        ("~Beep()~", [Beep()], ["missing-backslash"]),
        ("~ Beep ()~ x", [Beep(), Say("x")], ["missing-backslash"]),
        (r"~\EndCall~", [EndCall()], ["missing-parentheses"]),
        (r"~\Beep( )~", [Beep()], []),
        ("~\\Beep()\n~", [Beep()], []),
        ("~\\Beep()", [Beep()], ["missing-tilde"]),
        (
            "~\\IncreaseVariable(RepeatCount|1)\n~\\GotoIf(RepeatCount|3|start)~",
            [IncreaseVariable("RepeatCount", "1"), GotoIf("RepeatCount", "3", "start")],
            ["missing-tilde"],
        ),
        (r"~\Beep()~\EndCall()~", [Beep(), EndCall()], ["missing-tilde"]),
        ("~\\Beep()\n~Beep()~", [Beep(), Beep()], ["missing-tilde", "missing-backslash"]),
        ("~\\Beep()\n Hello (you) ~\\EndCall()~", [Beep(), Say("Hello (you)"), EndCall()], ["missing-tilde"]),
        (r"~\SetVar(a|hello (there))~ x", [SetVar("a", "hello (there)"), Say("x")], []),
        (r"~\SetVar(a|:-) or :-()~ x", [SetVar("a", ":-) or :-("), Say("x")], []),
        (r"~\Beep() and on", [Beep(), Say("and on")], ["missing-tilde"]),
        (r"~\SetVar(x|a (b) c)~", [SetVar("x", "a (b) c")], []),
        (r"~\SetVar(x|a (b) c)~\Beep()~", [SetVar("x", "a (b) c"), Beep()], ["missing-tilde"]),
        (r"~\SetVar(x|a (b) c) and (d)~\Beep()~", [SetVar("x", "a (b) c"), Say("and (d)"), Beep()], ["missing-tilde"]),
        (r"~\SetVar(x|hi :) there)~", [SetVar("x", "hi :) there")], []),
        (r"~\SetVar(x|hi :) there)~\Beep()~", [SetVar("x", "hi :) there"), Beep()], ["missing-tilde"]),
        ("~\\SetVar(x|hi :) there)\nyou", [SetVar("x", "hi :) there"), Say("you")], ["missing-tilde"]),
        (r"~\SetVar(x|:( or :()~ y", [SetVar("x", ":( or :("), Say("y")], []),
        (
            "~\\SetVar(x|:()\nHello (you) :) ~\\Beep()~",
            [SetVar("x", ":("), Say("Hello (you) :)"), Beep()],
            ["missing-tilde"],
        ),
        ("~\\SetVar(x|one (a)\ntwo)~ y", [SetVar("x", "one (a)\ntwo"), Say("y")], []),
        ("~\\SetVar(x|one\ntwo (a)) three", [SetVar("x", "one\ntwo (a)"), Say("three")], ["missing-tilde"]),
        (
            r"~\Label(menu) Press 1 (or 2)~\WaitForDTMF(5)~ ~\Goto(menu)~",
            [Label("menu"), Say("Press 1 (or 2)"), WaitForDTMF("5"), Goto("menu")],
            ["missing-tilde"],
        ),
        (
            "~\\Label(menu) Press 1 (or 2) ~^tune~",
            [Label("menu"), Say("Press 1 (or 2)"), PlaySound("tune")],
            ["missing-tilde"],
        ),
        (
            r"~\Label(menu) Press 1 (or 2) ~Beep()~",
            [Label("menu"), Say("Press 1 (or 2)"), Beep()],
            ["missing-tilde", "missing-backslash"],
        ),
        (r"~\WaitForDTMF(5) Thanks (bye)", [WaitForDTMF("5"), Say("Thanks (bye)")], ["missing-tilde"]),
        (
            "~\\WaitForDTMF(5) Thanks (bye)\n(Really.) ~\\Beep()~",
            [WaitForDTMF("5"), Say("Thanks (bye) (Really.)"), Beep()],
            ["missing-tilde"],
        ),
        (
            "~\\WaitForDTMF(5) Thanks,\nand (bye)~\\Beep()~",
            [WaitForDTMF("5"), Say("Thanks, and (bye)"), Beep()],
            ["missing-tilde"],
        ),
        ("~^tune\nHello", [PlaySound("tune"), Say("Hello")], ["missing-tilde"]),
        (r"~^tune ~\Beep()~", [PlaySound("tune"), Beep()], ["missing-tilde"]),
        ("~^tune and more\n", [PlaySound("tune"), Say("and more")], ["missing-tilde"]),
        ("about ~5 dollars", [Say("about 5 dollars")], ["stray-tilde"]),
        ("~ hello ~", [Say("hello")], ["stray-tilde", "stray-tilde"]),
        ("~NoSuch(1)~", [Say("NoSuch(1)")], ["stray-tilde", "stray-tilde"]),
        ("a\x00b\x07", [Say("a b")], ["control-character"]),
        ("\ufeffHello", [Say("Hello")], []),
        ("\ud800Hello", [Say("Hello")], ["control-character"]),
    ],
)
def test_what_users_write_is_accepted(source: str, expected: list[Command], doubts: list[str]) -> None:
    assert commands(source) == expected
    assert codes(source) == doubts
    assert parse(source).ok


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (r"~\Bogus(1)~", "unknown-command"),
        (r"~\Bogus~", "unknown-command"),
        (r"~\Beep(1)~", "wrong-arguments"),
        (r"~\Goto()~", "wrong-arguments"),
        (r"~\Goto~", "wrong-arguments"),
        (r"~\SetVar(a)~", "wrong-arguments"),
        (r"~\SetVar(a|b|c)~", "wrong-arguments"),
        (r"~\WaitForDTMF(soon)~", "wrong-argument"),
        (r"~\WaitForDTMF(-1)~", "wrong-argument"),
        (r"~\PlaySilence(1,5)~", "wrong-argument"),
        (r"~\GetDigits(|5)~", "wrong-argument"),
        (r"~\GetDigits(a|5|0)~", "wrong-argument"),
        (r"~\AssignDTMF(12|start)~", "wrong-argument"),
        (r"~\ActOnDigitPress(maybe)~", "wrong-argument"),
        (r"~\StatusChangePostURL(ftp://example.com/)~", "wrong-argument"),
        (r"~\StatusChangePostURL(http:///x)~", "wrong-argument"),
        (r"~\TransferTo(911x)~", "wrong-argument"),
        (r"~\DebugEmail(me)~", "wrong-argument"),
        (r"~\ChangeVoiceID(Diane)~", "wrong-argument"),
        (r"~\DialDTMF(12E)~", "wrong-argument"),
        (r"~\IncreaseVariable(a|one)~", "wrong-argument"),
        (r"~\Goto(nowhere)~", "missing-label"),
        (r"~\AssignDTMF(1|nowhere)~", "missing-label"),
        (r"~\GotoIf(a|1|nowhere)~", "missing-label"),
        (r"~\Label(a)~ ~\Label(A)~", "duplicate-label"),
        (r"~\Label([a])~", "label-from-variable"),
        (r"~\Goto(start~", "missing-parenthesis"),
        ("~\\Goto(start\nHello ~\\Beep()~", "missing-parenthesis"),
        ("~^~", "empty-sound"),
        ("~^ ~", "empty-sound"),
        ("x" * (LONGEST_SCRIPT + 1), "too-long"),
    ],
)
def test_a_mistake_is_one_error_with_its_code(source: str, code: str) -> None:
    program = parse(source)
    assert [each.code for each in program.diagnostics if each.severity == "error"] == [code]
    assert not program.ok


@pytest.mark.parametrize(
    "source",
    [
        r"~\Goto(Start)~",
        r"~\AssignDTMF(2|amd)~",
        r"~\GotoIf(a|1|RING)~",
        r"~\Label(Amd)~ ~\Goto(amd)~",
        r"~\Label(start)~",
        r"~\Goto([where])~",
        r"~\WaitForDTMF([seconds])~",
        r"~\AssignDTMF(*|start)~ ~\AssignDTMF(#|start)~ ~\AssignDTMF(a|start)~",
        r"~\PlayAmount(balance)~",
        r"~\TransferTo(1 (201) 555-0110)~",
        r"~\TransferTo(+44 20 7946 0018|2015550110|The gate|10)~",
        r"~\DialDTMF(1w23, 4#)~",
        r"~\QuickStart()~ ~\QuickStart(true)~ ~\SoundPausing(false)~",
    ],
)
def test_what_is_right_is_not_complained_of(source: str) -> None:
    assert parse(source).diagnostics == ()


def test_an_unknown_command_is_answered_with_the_one_that_may_be_meant() -> None:
    (diagnostic,) = parse(r"~\WaitForDTFM(5)~").diagnostics
    assert "is WaitForDTMF meant?" in diagnostic.message


def test_a_command_that_cannot_be_built_stays_as_a_step_that_says_so() -> None:
    assert commands(r"~\Bogus(1)~ ~\Goto()~") == [
        BrokenCommand("Bogus(1)", "There is no command Bogus."),
        BrokenCommand("Goto()", "Goto needs 1 argument, Goto(label); here are 0."),
    ]


def test_every_element_and_every_diagnostic_has_its_line_and_column() -> None:
    program = parse("\n  Hello\nthere ~^a~\n\n\t~\\Beep()~~\\Bogus()~\r\n  ~\\Goto(x)~")
    assert [(step.line, step.column) for step in program.steps] == [(2, 3), (3, 7), (5, 2), (5, 11), (6, 3)]
    assert [(each.line, each.column, each.code) for each in program.diagnostics] == [
        (5, 11, "unknown-command"),
        (6, 3, "missing-label"),
    ]


def test_the_first_of_two_equal_labels_counts() -> None:
    program = parse(r"~\Label(a)~ one ~\Label(A)~ two")
    assert program.target("A") == 0
    assert dict(program.labels) == {"a": 0}


def test_labels_that_are_always_there_can_be_defined_by_the_script() -> None:
    assert parse("Hello").target("Start") == 0
    assert parse("Hello").target("amd") == 0
    assert parse(r"Hello ~\Label(Start)~").target("start") == 1
    assert parse("Hello").target("elsewhere") is None


def test_a_program_names_the_texts_and_sounds_that_can_be_made_ready() -> None:
    program = parse(
        r"One ~^Tune~ ~\PlayAmount(1.50)~ ~\ChangeVoiceID(17)~ Two ~^tune~ Two ~^[id]~ ~\PlayAmount(x)~"
        r"~\PlayAlphaNumeric(a1)~"
    )
    assert list(program.speeches(3)) == [("One", 3), ("one dollar and fifty cents", 3), ("Two", 17), ("A 1", 17)]
    assert list(program.sounds()) == ["tune"]


def test_what_must_be_known_before_dialling_is_read_wherever_it_stands() -> None:
    program = parse(r"Hello ~\MaxRingTime(20)~ ~\QuickStart()~")
    assert (program.max_ring_seconds, program.quick_start) == (20, True)
    assert (parse("Hello").max_ring_seconds, parse("Hello").quick_start) == (60, False)
    assert parse(r"~\MaxRingTime(1)~").max_ring_seconds == 5
    assert parse(r"~\MaxRingTime(999)~").max_ring_seconds == 120
    assert parse(r"~\MaxRingTime([x])~").max_ring_seconds == 60
    assert not parse(r"~\QuickStart(false)~").quick_start


def test_a_program_is_recognised_by_the_hash_of_its_source() -> None:
    assert parse("a").content_hash == parse("a").content_hash != parse("b").content_hash
    assert parse("\ud800").content_hash


def test_diagnostics_are_limited_and_say_that_there_are_more() -> None:
    diagnostics = parse(r"~\Bogus()~" * 500 + "~" * 3).diagnostics
    assert len(diagnostics) == MOST + 1
    assert diagnostics[-1].code == "more"
    assert diagnostics[0].code == "unknown-command"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "piece",
    [
        "~ ",
        "~\\Foo(",
        "~\\Beep()" + " " * 500,
        "~^a",
        "~^a\n",
        ")",
        "~\\Goto(x)",
        "\0~\0",
        "~\\\n",
        "<break><",
        "~\\SetVar(a|" + "[" * 50 + ")~",
        "\n",
        "~Beep(",
        "|[]",
        "((((",
        "~\\Foo((",
        "~\\Foo(a) (b)) ",
        "~\\Foo(a) (b))\n",
    ],
)
def test_the_longest_scripts_are_read_or_diagnosed_however_they_are_made(piece: str) -> None:
    source = (piece * LONGEST_SCRIPT)[:LONGEST_SCRIPT]
    assert len(parse(source).diagnostics) <= MOST + 1


def test_ten_thousand_labels_are_no_trouble() -> None:
    source = "".join(rf"~\Label(place{number})~ ~\Goto(place{number})~" for number in range(10_000))
    program = parse(source)
    assert program.ok
    assert len(program.labels) == 10_000


def test_a_megabyte_is_refused_at_once() -> None:
    program = parse("~\\Beep()~ " * 105_000)
    assert [each.code for each in program.diagnostics] == ["too-long"]
    assert program.steps == ()


FRAGMENTS = st.sampled_from(
    ["~", "\\", "^", "(", ")", "|", "[", "]", "[x]", " ", "\n", "\0", "Beep", "Goto(", ")~", "~\\", "~^", "a", "5", "#"]
    + [rf"~\{command.name}(" for command in COMMANDS.values()]
)
ANY_SCRIPT = st.text(max_size=80) | st.lists(FRAGMENTS, max_size=25).map("".join)


@given(ANY_SCRIPT)
def test_any_text_is_read_or_diagnosed(source: str) -> None:
    program = parse(source)
    lines = source.split("\n")
    found = [(step.line, step.column) for step in program.steps]
    found += [(diagnostic.line, diagnostic.column) for diagnostic in program.diagnostics]
    for line, column in found:
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
    assert program.ok or program.diagnostics
    places = [(step.line, step.column) for step in program.steps]
    assert places == sorted(places)


@given(st.text(alphabet=st.characters(blacklist_characters="~", blacklist_categories=("Cc", "Cs")), max_size=60))
def test_text_without_tildes_is_one_run_of_speech(source: str) -> None:
    words = " ".join(source.replace("\ufeff", " ").split())
    assert commands(source) == ([Say(words)] if words else [])


@given(st.sampled_from(list(COMMANDS)), st.lists(st.text("abz019.-:/()", min_size=1, max_size=8), max_size=5))
def test_what_a_command_says_of_itself_is_read_as_the_same_command(name: str, arguments: list[str]) -> None:
    for command in commands(rf"~\{name}({'|'.join(arguments)})~"):
        if not isinstance(command, (BrokenCommand, Say)):
            assert commands(rf"~\{command}~")[:1] == [command]


def test_a_label_of_a_wait_is_kept_as_it_is_written() -> None:
    assert commands(r"~\AssignDTMF(2|Two)~ ~\Label(Two)~ ~\WaitForDTMF(0.5)~ ~\PlaySilence(.1)~") == [
        AssignDTMF("2", "Two"),
        Label("Two"),
        WaitForDTMF("0.5"),
        PlaySilence(".1"),
    ]


def test_the_name_of_a_sound_is_composed_however_its_accents_were_written() -> None:
    decomposed = "begru\u0308\u00dfung"
    for written in (decomposed, "begr\u00fc\u00dfung"):
        assert list(parse(f"~^{written}~").sounds()) == ["begr\u00fc\u00dfung"]
