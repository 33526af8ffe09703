"""`ringpost simulate` and `ringpost test`, as users run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from tests.support.asterisk import PROJECT
from tests.support.tones import write_tone

CONFIG = str(PROJECT / "config")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.txt"


def ringpost(*arguments: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)


def lines_of(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


# simulate


def test_json_has_an_object_a_line_with_time_and_event(script: Path) -> None:
    script.write_text("Hello\n  there\n~\\SetVar(Name|Ann)~ ~\\VariableToTTS(name)~")
    assert lines_of(ringpost("simulate", script, "--json")) == [
        {"t": 0.0, "event": "say", "text": "Hello there"},
        {"t": 0.66, "event": "set", "name": "name", "value": "Ann"},
        {"t": 0.66, "event": "say", "text": "Ann"},
        {"t": 1.16, "event": "end", "reason": "end-of-script"},
    ]


def test_people_get_a_transcript(script: Path) -> None:
    script.write_text("Hello ~\\TransferTo(2015550110)~ Bye")
    result = ringpost("simulate", script, "--transfer", "busy")
    assert result.exit_code == 0
    assert [line.split(maxsplit=2) for line in result.stdout.splitlines()] == [
        ["0.00", "say", "“Hello”"],
        ["3.50", "transfer", "+12015550110: busy"],
        ["3.50", "error", "TransferTo: the transfer failed (busy)."],
        ["3.50", "say", "“Bye”"],
        ["4.00", "end", "end-of-script"],
    ]


def test_keys_presses_variables_and_answers_of_servers_come_from_the_command_line(script: Path) -> None:
    script.write_text(
        "~\\ClearDTMF()~ ~\\GetDigits(pin)~ ~\\QueryExternalServer(http://example.com/[pin]|who)~ ~\\PlaySilence(3)~"
        " ~\\VariableToTTS(who)~ ~\\VariableToTTS(extra)~ ~\\VariableToTTS(callerid)~ ~\\VariableToTTS(phonenumber)~"
    )
    lines = lines_of(
        ringpost(
            *("simulate", script, "--json", "--keys", "12#", "--press", "3:9", "--set", "extra=more"),
            *("--fetch", "http://example.com/11", "nobody", "--fetch", "http://example.com/12", "Ann Smith"),
            *("--caller", "(201) 555-0177", "--called", "+442079460000"),
        )
    )
    assert [line["text"] for line in lines if line["event"] == "say"] == [
        "Ann Smith",
        "more",
        "2015550177",
        "442079460000",
    ]
    assert {"t": 3.0, "event": "digit", "digit": "9"} in lines


def test_who_answers_makes_the_call_an_outgoing_one(script: Path) -> None:
    script.write_text("Hello ~\\Label(amd)~ Machine")
    lines = lines_of(ringpost("simulate", script, "--json", "--answered-by", "machine"))
    assert [line["event"] for line in lines] == ["wait_silence", "detected", "jump", "say", "end"]
    assert not any(line["event"] == "detected" for line in lines_of(ringpost("simulate", script, "--json")))


def test_0_leads_an_outgoing_call_to_its_transfer_number(script: Path) -> None:
    script.write_text("Hello ~\\WaitForDTMF(5)~ Never")
    lines = lines_of(ringpost("simulate", script, "--json", "--transfer-number", "(201) 555-0177", "--keys", "0"))
    assert lines[-2:] == [
        {"t": pytest.approx(5.5), "event": "transfer", "number": "+12015550177", "result": "answered"},
        {"t": pytest.approx(15.5), "event": "end", "reason": "transferred"},
    ]
    assert "detected" in [line["event"] for line in lines]
    golden = script.parent / "script.test.yaml"
    case = "{name: a, outgoing: true, transfer_number: '2015550177', keys: '0', expect: [..., end: transferred]}"
    golden.write_text(f"script: script.txt\ncases: [{case}]\n")
    assert ringpost("test", golden).exit_code == 0


@pytest.mark.parametrize("options", [("--transfer-number", "12"), ("--incoming", "--transfer-number", "2015550177")])
def test_a_transfer_number_is_a_number_and_of_an_outgoing_call(script: Path, options: tuple[str, ...]) -> None:
    script.write_text("Hello")
    result = ringpost("simulate", script, *options)
    assert result.exit_code == 1
    assert result.output.startswith("ringpost: ")


def test_the_other_side_hangs_up_in_time(script: Path) -> None:
    script.write_text("A long text that is never heard to its end")
    assert lines_of(ringpost("simulate", script, "--json", "--hangup-at", "0.5"))[-1] == {
        "t": 0.5,
        "event": "end",
        "reason": "hung-up",
    }


def test_speech_control_is_heard_not_read_out(script: Path) -> None:
    script.write_text("One <break time='2s'/> <prosody rate=\"slow\">two</prosody> < three & AT&amp;T, 4,5")
    lines = lines_of(ringpost("simulate", script, "--json"))
    assert lines[0]["text"] == "One two < three & AT&T, 4,5"
    assert lines[1]["t"] == pytest.approx(2 + 0.06 * len("One two < three & AT&T, 4,5"))


def test_a_script_that_does_not_parse_is_refused_with_line_and_column(script: Path) -> None:
    script.write_text("Hello\n~\\Goto(nowhere)~")
    result = ringpost("simulate", script)
    assert result.exit_code == 2
    assert f"{script}:2:1: error" in result.output


def test_a_script_that_is_stopped_is_no_success(script: Path) -> None:
    script.write_text("~\\Label(a)~ ~\\Goto(a)~")
    result = ringpost("simulate", script, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["reason"] == "step-limit"


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.txt",),
        ("--ivr", "gate", "--did", "12015550101", "--config", CONFIG),
        ("--ivr", "nothing", "--config", CONFIG),
        ("--did", "12015550199", "--config", CONFIG),
        ("--did", "12", "--config", CONFIG),
        ("--ivr", "gate", "--config", CONFIG, "--keys", "x"),
        ("--ivr", "gate", "--config", CONFIG, "--press", "x"),
        ("--ivr", "gate", "--config", CONFIG, "--set", "x"),
        (),
    ],
)
def test_what_cannot_be_run_is_one_clear_message(arguments: tuple[str, ...]) -> None:
    result = ringpost("simulate", *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("ringpost: ")


def test_a_number_and_an_ivr_of_the_configuration_are_run_with_the_length_of_their_sounds() -> None:
    by_number = lines_of(ringpost("simulate", "--did", "201-555-0103", "--keys", "1", "--json", "--config", CONFIG))
    by_name = lines_of(ringpost("simulate", "--ivr", "gate", "--keys", "1", "--json", "--config", CONFIG))
    assert by_number == by_name
    sound, text = by_name[-3:-1]
    assert (sound["event"], text["event"]) == ("sound", "text")
    assert float(str(text["t"])) - float(str(sound["t"])) == pytest.approx(1.2, abs=0.01)


def test_an_ivr_behind_another_has_the_sounds_and_the_number_of_that_one(tmp_path: Path) -> None:
    (tmp_path / "sounds" / "acme").mkdir(parents=True)
    write_tone(tmp_path / "sounds" / "acme" / "hello.wav", 1, 1.5)
    (tmp_path / "ask.txt").write_text(r"~\VariableToTTS(phonenumber)~")
    (tmp_path / "ringpost.yaml").write_text(
        "license_keys: {acme: }\n"
        "dids: {'+12015550107': {voice: acme}, '+12015550108': {voice: acme, ivr: front}}\n"
        "ivrs:\n  front: {text: Hi, choices: {1: 'ivr:back'}}\n"
        "  back: {recording: hello, choices: {1: 'script:ask.txt'}}\n"
    )
    lines = lines_of(ringpost("simulate", "--ivr", "back", "--keys", "1", "--json", "--config", tmp_path))
    assert [(line["t"], line["event"]) for line in lines[:2]] == [(0.0, "sound"), (1.5, "wait_digit")]
    assert [line["text"] for line in lines if line["event"] == "say"] == ["2015550108"]


def test_a_sound_without_length_is_passed_over_with_an_error_as_on_calls(tmp_path: Path) -> None:
    (tmp_path / "sounds" / "acme").mkdir(parents=True)
    write_tone(tmp_path / "sounds" / "acme" / "nothing.wav", 1, 0.0)
    (tmp_path / "play.txt").write_text("~^nothing~ Hello")
    (tmp_path / "ringpost.yaml").write_text(
        "license_keys: {acme: }\ndids: {'+12015550101': {voice: acme, script: play.txt}}\n"
    )
    lines = lines_of(ringpost("simulate", "--did", "12015550101", "--json", "--config", tmp_path))
    assert [line["event"] for line in lines] == ["sound", "say", "error", "end"]
    assert lines[1]["t"] == 0.0


def test_a_number_for_texts_only_says_so() -> None:
    first, *_ = lines_of(ringpost("simulate", "--did", "12015550102", "--json", "--config", CONFIG))
    assert first["event"] == "say"


def test_a_number_in_stock_takes_no_calls(tmp_path: Path) -> None:
    (tmp_path / "ringpost.yaml").write_text("dids: {'+12015550105': }\n")
    result = ringpost("simulate", "--did", "12015550105", "--config", tmp_path)
    assert result.exit_code == 1
    assert "calls to +12015550105 are refused with 404" in result.output


# test


def test_the_demos_own_tests_pass_and_reach_everything() -> None:
    result = ringpost("test", PROJECT / "config" / "tests")
    assert result.exit_code == 0, result.output
    assert "welcome.txt: 100 %" in result.stdout
    assert "ivr gate: 100 %" in result.stdout


@pytest.fixture
def golden(script: Path) -> Path:
    script.write_text("Hello ~\\GotoIf(who|Ann|ann)~ stranger ~\\EndCall()~ ~\\Label(ann)~ Ann")
    return script.parent / "script.test.yaml"


def test_a_failed_case_shows_where_it_went_another_way(golden: Path) -> None:
    golden.write_text(
        "script: script.txt\ncases:\n  - name: greets Ann\n    expect: [say: Hello, say: Ann, end]\n"
        "  - {name: greets strangers, expect: [say: H*o, say: stranger, end: end-call]}\n"
    )
    result = ringpost("test", golden.parent)
    assert result.exit_code == 1
    assert "✗ greets Ann" in result.stdout
    assert "✓ greets strangers" in result.stdout
    assert result.stdout.index("expected here: say Ann") < result.stdout.index("“stranger”")
    assert "script.txt: 33 % (0 of 1 labels, 1 of 2 branches)" in result.stdout
    assert "not reached: GotoIf(who|Ann|ann) taken (line 1), label ann (line 1)" in result.stdout


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("[...]", True),
        ("[..., end]", True),
        ("[say, ..., say: Ann, ..., end: '*']", True),
        ("[say, jump: {label: ann}, say, end: {reason: end-*}]", True),
        ("[..., say: Hello, ..., say: Hello, ...]", False),
        ("[say, jump, say]", False),
        ("[say, jump, say, end, end]", False),
        ("[jump: bob, ...]", False),
    ],
)
def test_dots_stand_for_any_lines_and_stars_for_any_text(golden: Path, expect: str, passes: bool) -> None:
    golden.write_text(f"script: script.txt\ncases: [{{name: a, set: {{who: Ann}}, expect: {expect}}}]\n")
    assert ringpost("test", golden).exit_code == (0 if passes else 1)


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("[silence: 1.0, fetch: {status: 404.0}, end]", True),
        ("[silence: 1, fetch: {url: '*', status: 404}, end]", True),
        ("[silence: '*', fetch: {status: 4*}, end]", True),
        ("[silence: 1.5, fetch, end]", False),
        ("[silence, fetch: {status: 200}, end]", False),
    ],
)
def test_numbers_are_compared_as_numbers(script: Path, expect: str, passes: bool) -> None:
    script.write_text(r"~\PlaySilence(1.0)~ ~\QueryExternalServer(http://example.com/|x)~")
    golden = script.parent / "script.test.yaml"
    golden.write_text(f"script: script.txt\ncases: [{{name: a, expect: {expect.replace(', end', ', ..., end')}}}]\n")
    assert ringpost("test", golden).exit_code == (0 if passes else 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "script: script.txt\ncases: [{name: a, expect: [silence: {secondz: 1}]}]",
            '2:38: error: silence has no field "secondz"',
        ),
        ("script: script.txt\ncases: [{name: a, expect: [shout: x]}]", "not a valid expected line"),
        ("script: script.txt\ncases: [{name: a, expect: [beep: x]}]", "beep says nothing more"),
        ("script: script.txt\ncases: [{name: a, expect: [say], key: 1}]", "key"),
        ("script: script.txt\nivr: gate\ncases: [{name: a, expect: [say]}]", "exactly one of"),
        ("cases: [{name: a, expect: [say]}]", "exactly one of"),
        ("script: script.txt\ncases: []", "cases"),
        ("script: [", "script.test.yaml"),
    ],
)
def test_a_mistake_in_a_test_file_is_shown_at_its_place(golden: Path, text: str, message: str) -> None:
    golden.write_text(text)
    result = ringpost("test", golden)
    assert result.exit_code == 1
    assert message in result.output
    assert f"{golden}:" in result.output


def test_a_folder_without_tests_is_a_mistake(tmp_path: Path) -> None:
    result = ringpost("test", tmp_path)
    assert result.exit_code == 1
    assert "there is no *.test.yaml" in result.output
