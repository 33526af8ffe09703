"""Each command by itself: what it asks of the call, what it leaves in the state, what it says to wrong values."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from controller.script.commands.amounts import money, words
from controller.script.commands.command import Command, dynamic, signature
from controller.script.commands.spelling import SIGNS, spelled
from controller.script.commands.table import COMMANDS
from controller.script.effects import (
    CollectDigits,
    Effect,
    End,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Play,
    Record,
    SendDigits,
    Silence,
    Sound,
    SpecialSound,
    Speech,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.outcomes import (
    Failed,
    Fetched,
    Finished,
    Outcome,
    Recorded,
    SilenceHeard,
    TransferFailed,
    Transferred,
)
from tests.support.script_player import Player

CONTROLS = {"x": "7", "word": "abc", "none": ""}


def first(script: str, **variables: str) -> Player:
    """The player of a script that starts with these variables set."""
    given = {**CONTROLS, **variables}
    return Player(" ".join(rf"~\SetVar({name}|{value})~" for name, value in given.items()) + " " + script)


END = End("end-of-script")


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        ("[x]", Play((Speech("[x]"),))),
        ("~^[word]~", Play((Sound("abc"),))),
        ("~^[none]~", END),
        (r"~\Beep()~", Play((Tone(),))),
        (r"~\PlaySilence(0.1)~", Play((Silence(0.1),))),
        (r"~\PlaySilence([x])~", Play((Silence(7.0),))),
        (r"~\PlaySilence(99999)~", Play((Silence(3600.0),))),
        (r"~\PlaySilence([word])~", END),
        (r"~\VariableToTTS(Word)~", Play((Speech("abc"),))),
        (r"~\VariableToTTS(none)~", END),
        (r"~\VariableToTTS(never)~", END),
        (r"~\PlayAmount(12.34)~", Play((Speech("twelve dollars and thirty-four cents"),))),
        (r"~\PlayAmount($1,000)~", Play((Speech("one thousand dollars"),))),
        (r"~\PlayAmount(x)~", Play((Speech("seven dollars"),))),
        (r"~\PlayAmount([x].50)~", Play((Speech("seven dollars and fifty cents"),))),
        (r"~\PlayAmount(word)~", END),
        *((rf"~\PlayAmount({no_number})~", END) for no_number in ("-+5", "+-5", "--1", "1-", "1e5", ".", "-", "1.2.3")),
        (r"~\PlayAlphaNumeric(ab-12)~", Play((Speech("A B dash 1 2"),))),
        (r"~\PlayAlphaNumeric(word)~", Play((Speech("A B C"),))),
        (r"~\PlayAlphaNumeric(none)~", END),
        (r"~\PlaySpecialSoundFile(Ding)~", Play((SpecialSound("ding"),))),
        (r"~\ChangeVoiceID(38)~ Hola", Play((Speech("Hola", 38),))),
        (r"~\SoundPausing(true)~ Hello", Play((Speech("Hello"),), pausing=True)),
        (r"~\SoundPausing()~ ~\SoundPausing(false)~ Hello", Play((Speech("Hello"),))),
        (r"~\WaitForDTMF(2.5)~", WaitForDigit(2.5)),
        (r"~\WaitForDTMF([x])~", WaitForDigit(7.0)),
        (r"~\WaitForDTMF([word])~", END),
        (r"~\GetDigits(Zip)~", CollectDigits("zip", 5.0, None)),
        (r"~\GetDigits([word]|3|[x])~", CollectDigits("abc", 3.0, 7)),
        (r"~\GetDigits(zip|[word]|[word])~", CollectDigits("zip", 5.0, None)),
        (r"~\DialDTMF(1 2-3,*w#a)~", SendDigits("123w*w#A")),
        (r"~\DialDTMF([x])~", SendDigits("7")),
        (r"~\DialDTMF([never])~", END),
        (rf"~\DialDTMF({'1' * 300})~", SendDigits("1" * 200)),
        (r"~\EndCall()~", End("end-call")),
        (r"~\Goto(out)~ in ~\Label(Out)~ out", Play((Speech("out"),))),
        (r"~\Goto([word])~ in ~\Label(abc)~ out", Play((Speech("out"),))),
        (r"~\Goto([never])~ in", Play((Speech("in"),))),
        (r"~\GotoIf(x|7|out)~ in ~\Label(out)~ out", Play((Speech("out"),))),
        (r"~\GotoIf(X|07|out)~ in ~\Label(out)~ out", Play((Speech("in"),))),
        (r"~\GotoIf(word|ABC|out)~ in ~\Label(out)~ out", Play((Speech("in"),))),
        (r"~\GotoIf(never||out)~ in ~\Label(out)~ out", Play((Speech("out"),))),
        (r"~\GotoIf(x|word|out)~ in ~\Label(out)~ out", Play((Speech("in"),))),
        (r"~\GotoIf(x|[x]|out)~ in ~\Label(out)~ out", Play((Speech("out"),))),
        (r"~\WaitForSilence(0.5)~", ListenForSilence(0.5, 1, 10.0)),
        (r"~\WaitForSilence(60|3)~", ListenForSilence(10.0, 3, 10.0)),
        (r"~\RecordAndSaveAs(Greeting)~", Record("greeting", 120.0, 5.0)),
        (r"~\RecordAndSaveAs([word]|30|0.5)~", Record("abc", 30.0, 0.5)),
        (r"~\RecordAndSaveAs(a|99999|0)~", Record("a", 3600.0, 5.0)),
        (r"~\RecordAndSaveAs([never])~", END),
        (r"~\TransferTo(1-201-555-0110)~", Transfer("+12015550110")),
        (
            r"~\TransferTo(+442079460018|(201) 555-0101|Ann|12)~",
            Transfer("+442079460018", "+12015550101", "Ann", 12.0),
        ),
        (r"~\TransferTo(2015550110|[word]||1)~", Transfer("+12015550110", "", "", 5.0)),
        (r"~\TransferTo(2015550110|||999)~", Transfer("+12015550110", "", "", 120.0)),
        (r"~\TransferTo([word])~", END),
        (
            r"~\QueryExternalServer(https://example.com/a?b=[word]&c=ä ö%20|Answer)~",
            FetchUrl("https://example.com/a?b=abc&c=%C3%A4%20%C3%B6%20", "answer"),
        ),
        (r"~\QueryExternalServer([word]|answer)~", END),
        (r"~\MaxRingTime(20)~ ~\QuickStart()~ ~\Label(here)~", END),
        (r"~\SetVar(confkey|room)~ ~\Conference()~", JoinConference("room", start=False)),
        (r"~\Bogus(1)~ on", Play((Speech("on"),))),
    ],
)
def test_what_a_command_asks_of_the_call(script: str, effect: Effect) -> None:
    assert first(script).effect == effect


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        (r"~\SetVar(Name|Ann)~", "name", "Ann"),
        (r"~\SetVar(name|[x]-[ WORD ]-[never])~", "name", "7-abc-"),
        (r"~\SetVar([word]|1)~", "abc", "1"),
        (r"~\SetVar(name|[not a variable!])~", "name", "[not a variable!]"),
        (rf"~\SetVar(name|{'x' * 600})~", "name", "x" * 500),
        (r"~\IncreaseVariable(x|3)~", "x", "10"),
        (r"~\IncreaseVariable(x|-10)~", "x", "-3"),
        (r"~\IncreaseVariable(x|0.25)~", "x", "7.25"),
        (r"~\IncreaseVariable(word|1)~", "word", "1"),
        (r"~\IncreaseVariable(never|[x])~", "never", "7"),
        (r"~\IncreaseVariable(x|[word])~", "x", "7"),
        (rf"~\SetVar(x|{'9' * 500})~ ~\IncreaseVariable(x|1)~", "x", "1" + "0" * 499),
        (r"~\GetVariableLength(word|n)~", "n", "3"),
        (r"~\GetVariableLength(never|n)~", "n", "0"),
        (r"~\QueryExternalServer([word]|x)~", "x", ""),
    ],
)
def test_what_a_command_puts_into_a_variable(script: str, name: str, value: str) -> None:
    assert first(script).variables[name] == value


def test_every_variable_that_is_set_is_noted() -> None:
    player = Player(r"~\SetVar(A|1)~ ~\IncreaseVariable(a|1)~ ~\GetVariableLength(a|b)~")
    assert player.noted("set") == [("a", "1"), ("a", "2"), ("b", "1")]


@pytest.mark.parametrize(
    "script",
    [
        r"~\PlaySilence([word])~",
        r"~\PlayAmount([word])~",
        r"~\WaitForDTMF([word])~",
        r"~\ActOnDigitPress([word])~",
        r"~\ActOnFeature([none])~",
        r"~\AssignDTMF([word]|start)~",
        r"~\AssignDTMF(2|[never])~",
        r"~\TransferTo([word])~",
        r"~\StatusChangePostURL([word])~",
        r"~\DebugEmail([word])~",
        r"~\ErrorEmail([word])~",
        r"~\ChangeVoiceID([word])~",
        r"~\SoundPausing([word])~",
        r"~\DialDTMF([word]z)~",
        r"~\RecordAndSaveAs([never])~",
        r"~\IncreaseVariable(x|[word])~",
        r"~\SetVar([never]|1)~",
        r"~\QueryExternalServer([word]|a)~",
        r"~\GotoIf(x|7|[word])~",
        r"~\Bogus()~",
        r"~\Goto()~",
        "~^[never]~",
    ],
)
def test_a_value_that_is_wrong_when_the_command_runs_is_an_error_in_the_trace(script: str) -> None:
    player = first(script)
    assert len(player.noted("error")) == 1
    assert player.effect == END


def test_bindings_can_be_changed_at_any_time() -> None:
    player = Player(r"~\AssignDTMF(*|a)~ ~\AssignDTMF(1|a)~ ~\AssignDTMF(*|b)~ Hello ~\Label(a)~ ~\Label(b)~")
    assert player.state.bindings == {"1": "a", "*": "b"}
    assert Player(r"~\ClearDTMF()~ Hello").state.bindings == {}


def test_switches_are_kept_in_the_state() -> None:
    state = Player(r"~\ActOnDigitPress(false)~ ~\ActOnFeature(FALSE)~ ~\SoundPausing(true)~ Hello").state
    assert (state.act_on_digit, state.act_on_feature, state.sound_pausing) == (False, False, True)


def test_where_the_call_is_reported_to_is_kept_in_the_state() -> None:
    player = Player(
        r"~\StatusChangePostURL(http://example.com/Status)~ ~\DebugEmail(a@example.com)~"
        r"~\ErrorEmail(b@example.com)~ Hello"
    )
    assert player.state.status_post_url == "http://example.com/Status"
    assert (player.state.debug_email, player.state.error_email) == ("a@example.com", "b@example.com")
    assert player.noted("post_url") == [("http://example.com/Status",)]


@pytest.mark.parametrize(
    ("outcome", "value", "errors"),
    [
        (Fetched(200, " Ann\r\n"), "Ann", 0),
        (Fetched(201, "x" * 600), "x" * 500, 0),
        (Fetched(302, "moved"), "", 1),
        (Fetched(404, "no"), "", 1),
        (Failed("timeout"), "", 1),
        (Finished(), "", 0),
    ],
)
def test_the_answer_of_a_server_is_put_into_the_variable(outcome: Outcome, value: str, errors: int) -> None:
    player = Player(r"~\SetVar(a|old)~ ~\QueryExternalServer(http://example.com/|a)~ on")
    assert player.resume(outcome) == Play((Speech("on"),))
    assert player.variables["a"] == value
    assert len(player.noted("error")) == errors


@pytest.mark.parametrize(("seconds", "length"), [(0.0, "0"), (2.4, "2"), (2.5, "3"), (60.0, "60")])
def test_the_length_of_a_recording_is_known_in_whole_seconds(seconds: float, length: str) -> None:
    player = Player(r"~\RecordAndSaveAs(name)~ on")
    player.resume(Recorded(seconds))
    assert player.variables["lastrecordlength"] == length


def test_a_recording_that_failed_has_no_length() -> None:
    player = Player(r"~\RecordAndSaveAs(name)~ on")
    assert player.resume(Failed("disk full")) == Play((Speech("on"),))
    assert "lastrecordlength" not in player.variables


def test_a_recording_under_a_new_id_puts_it_into_the_variable() -> None:
    player = Player(r"~\RecordWithUniqueID(first|30|2)~ ~\RecordWithUniqueID()~")
    one = player.effect
    two = player.resume(Recorded(3.0))
    assert one == Record(player.variables["first"], 30.0, 2.0)
    assert two == Record(player.variables["recordid"], 120.0, 5.0)
    assert uuid.UUID(one.sound_id) != uuid.UUID(two.sound_id)


def test_the_same_call_makes_the_same_keys_and_another_call_makes_others() -> None:
    script = r"~\Conference()~"
    assert Player(script).effect == Player(script).effect
    other = Player(script).state
    other.key_seed, other.pending, other.position, other.keys_made = "other", None, 0, 0
    del other.variables["confkey"]
    assert Player(script, other).effect != Player(script).effect


def test_the_first_call_of_a_conference_makes_its_key_and_goes_on_when_it_is_over() -> None:
    player = Player(r"~\Conference()~ over")
    assert player.effect == JoinConference(player.variables["confkey"], start=True)
    assert uuid.UUID(player.variables["confkey"])
    assert player.resume() == Play((Speech("over"),))


def test_a_transfer_is_the_end_of_the_script_unless_it_fails() -> None:
    script = r"~\TransferTo(2015550110|2015550101|Ann)~ Sorry."
    assert Player(script).resume(Transferred()) == End("transferred")
    player = Player(script)
    assert player.resume(TransferFailed("busy")) == Play((Speech("Sorry."),))
    assert player.variables["transfercallerid"] == "+12015550101"
    assert player.variables["transfercalleridname"] == "Ann"
    assert "busy" in player.noted("error")[0][0]
    assert Player(script).resume(Failed("no trunk")) == Play((Speech("Sorry."),))


@pytest.mark.parametrize("heard", [True, False])
def test_a_wait_for_silence_goes_on_whether_there_was_silence_or_not(heard: bool) -> None:
    assert Player(r"~\WaitForSilence(1)~ on").resume(SilenceHeard(heard)) == Play((Speech("on"),))


def test_the_number_of_variables_is_bounded() -> None:
    player = Player(r"~\Label(a)~ ~\IncreaseVariable(n|1)~ ~\SetVar(v[n]|[n])~ x ~\Goto(a)~")
    for _ in range(1200):
        player.resume()
    assert len(player.variables) == 1000
    assert player.noted("error")


def test_putting_variables_into_each_other_does_not_grow_without_bound() -> None:
    player = Player(
        rf"~\SetVar(a|{'x' * 500})~ ~\SetVar(b|{'[a]' * 1000})~ ~\QueryExternalServer(http://h/{'[b]' * 1000}|c)~"
    )
    assert isinstance(player.effect, FetchUrl)
    assert len(player.effect.url) <= 4096


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "zero dollars"),
        ("1", "one dollar"),
        ("0.01", "one cent"),
        ("0.996", "one dollar"),
        ("-2.50", "minus two dollars and fifty cents"),
        ("-0.001", "zero dollars"),
        (
            "1234567.89",
            "one million two hundred thirty-four thousand five hundred sixty-seven dollars and eighty-nine cents",
        ),
        ("1000000000000000", "one quadrillion dollars"),
    ],
)
def test_amounts_are_spoken_in_dollars_and_cents(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (42, "forty-two"),
        (100, "one hundred"),
        (1001, "one thousand one"),
    ],
)
def test_numbers_have_words(number: int, text: str) -> None:
    assert words(number) == text


def test_every_sign_is_spelled_and_what_cannot_be_seen_is_left_out() -> None:
    assert spelled("a:b!c?(d)=e") == (
        "A colon B exclamation mark C question mark open parenthesis D close parenthesis equals E"
    )
    assert spelled("a b\u2028<é>") == "A B less than É greater than"
    assert spelled(": ;") == "colon semicolon"
    assert spelled("5°") == "5 °"
    assert spelled(" \n\x00") == ""


def test_every_language_names_the_same_signs() -> None:
    assert {frozenset(names) for names in SIGNS.values()} == {frozenset(SIGNS["en"])}


def test_the_table_has_every_command_of_the_language() -> None:
    assert sorted(command.name for command in COMMANDS.values()) == [
        "ActOnDigitPress",
        "ActOnFeature",
        "AssignDTMF",
        "Beep",
        "ChangeVoiceID",
        "ClearDTMF",
        "Conference",
        "DebugEmail",
        "DialDTMF",
        "EndCall",
        "ErrorEmail",
        "GetDigits",
        "GetVariableLength",
        "Goto",
        "GotoIf",
        "IncreaseVariable",
        "Label",
        "MaxRingTime",
        "OptOut",
        "PlayAlphaNumeric",
        "PlayAmount",
        "PlaySilence",
        "PlaySpecialSoundFile",
        "QueryExternalServer",
        "QuickStart",
        "RecordAndSaveAs",
        "RecordWithUniqueID",
        "SetVar",
        "SoundPausing",
        "StatusChangePostURL",
        "TransferTo",
        "VariableToTTS",
        "WaitForDTMF",
        "WaitForSilence",
    ]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_the_defaults_of_a_command_are_of_the_kind_that_it_asks_for(command: type[Command]) -> None:
    for parameter in signature(command):
        if parameter.default:
            assert parameter.kind.read(parameter.default) is not None


def test_only_a_name_in_brackets_is_a_variable() -> None:
    assert all(map(dynamic, ("a[b]", "[ b_1.c-d ]", "[a b]")))
    assert not any(map(dynamic, ("[]", "[ ]", "[a|b]", "a]b[", "http://[::1]/")))
