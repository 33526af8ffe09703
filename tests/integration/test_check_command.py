"""`ringpost check`: what is wrong is told at its line and column, whoever hands in whatever; and `ringpost voices`."""

from __future__ import annotations

import json
import os
import resource
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.ivr.compiled import HEADER
from tests.support import forked_cli
from tests.support.patience import LONGEST_WAIT

PROJECT = Path(__file__).parents[2]
CONFIG = """
license_keys: {acme: }
dids:
  "+12015550101": {voice: acme, sms: acme, script: script.txt}
  "+12015550103": {voice: acme, sms: acme, ivr: gate}
ivrs:
  gate: {recording: hello, choices: {1: "sequence:open", 2: "sys:busy"}}
sequences:
  open: [{dtmf: "12"}, {sms: {from: "+12015550101", to: "+12015550110", text: Opened}}]
"""


def ringpost(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"RINGPOST_TOOLS": "/nowhere"})


def only_with(tools: Path, *arguments: str, **environment: str) -> forked_cli.Ended:
    """Run a command that finds no other programs than those of `tools`."""
    known = os.environ | {"RINGPOST_TOOLS": str(tools), "PATH": ""} | environment
    return forked_cli.complete(*arguments, environment=known, timeout=LONGEST_WAIT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with one script and one sound of two seconds."""
    (tmp_path / "sounds" / "acme").mkdir(parents=True)
    write_silence(tmp_path / "sounds" / "acme" / "hello.wav", 2.0)
    (tmp_path / "ringpost.yaml").write_text(CONFIG)
    (tmp_path / "script.txt").write_text(r"~\ClearDTMF()~ ~^hello~ ~\WaitForDTMF(3)~ ~\PlaySilence(1)~")
    return tmp_path


def write_silence(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(int(16000 * seconds)))


def found(path: Path, *options: object) -> list[str]:
    """The mistakes of a file as `LINE:COLUMN: severity: code`."""
    document = json.loads(ringpost("check", path, "--json", *options).stdout)
    return [f"{each['line']}:{each['column']}: {each['severity']}: {each['code']}" for each in document["mistakes"]]


# Each mistake that the checker promises to find, in the second line of a script and behind two blanks.
MISTAKES = [
    (r"~\Bogus(1)~", "error: unknown-command"),
    (r"~\EndCall(now)~", "error: wrong-arguments"),
    (r"~\PlaySilence(long)~", "error: wrong-argument"),
    (r"~\Goto(nowhere)~", "error: missing-label"),
    (r"~\AssignDTMF(2|nowhere)~", "error: missing-label"),
    (r"~\Label(first)~", "error: duplicate-label"),
    (r"~\VariableToTTS(name)~", "warning: variable-never-set"),
    (r"~\VariableToTTS(late)~", "warning: variable-not-set-yet"),
    (r"~^goodbye~", "error: unknown-sound"),
    (r"~\PlaySpecialSoundFile(gong)~", "warning: unknown-special-sound"),
    (r"~\WaitForDTMF(3600)~", "warning: unbounded-wait"),
    (r"~\StatusChangePostURL(http://127.0.0.1/x)~", "error: url-refused"),
    (r"~\QueryExternalServer(http://192.168.1.1/x|late)~", "error: url-refused"),
    (r"~\TransferTo(9005550110)~", "error: number-refused"),
    (r"~\DebugEmail(a@example.com)~", "warning: no-mail-server"),
    (r"~\DebugEmail(a@example.com, b@example.com)~", "error: wrong-argument"),
    ("~\\EndCall(", "error: missing-parenthesis"),
    ("a ~ b", "warning: stray-tilde"),
]


@pytest.mark.parametrize(("element", "expected"), MISTAKES)
def test_a_mistake_in_a_script_is_told_at_its_line_and_column(folder: Path, element: str, expected: str) -> None:
    column = 3 + element.index("~")
    script = folder / "script.txt"
    script.write_text(f"~\\Label(first)~ Hello\n  {element}\n~\\SetVar(late|1)~ Bye")
    assert f"2:{column}: {expected}" in found(script, "--config", folder)
    assert f"script.txt:2:{column}: {expected.partition(':')[0]}: " in ringpost("check", folder).stdout


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("Hello ~\\EndCall()~\n  and more", "2:3: warning: text-after-end"),
        ("~\\Goto(a)~\n  never ~^hello~\n ~\\Label(a)~", "2:3: warning: unreachable"),
        ("~\\Label(a)~\n  ~\\Goto(a)~", "2:3: error: loop-without-time"),
        ("~\\Label(a)~ Hello\n  ~\\Goto(a)~", "2:3: warning: loop-without-exit"),
    ],
)
def test_a_mistake_in_the_flow_of_a_script_is_told_where_it_shows(folder: Path, script: str, expected: str) -> None:
    (folder / "script.txt").write_text(script)
    assert expected in found(folder / "script.txt", "--config", folder)
    assert expected.rpartition(":")[0] in ringpost("check", folder).stdout


def test_a_choice_that_begins_another_and_a_number_that_names_a_sequence_are_told_at_their_places(folder: Path) -> None:
    text = CONFIG.replace('2: "sys:busy"', '12: "sys:busy"').replace("ivr: gate", "ivr: open")
    (folder / "ringpost.yaml").write_text(text)
    printed = ringpost("check", folder).stdout
    assert "ringpost.yaml:5:49: error: a sequence is reached only by a choice of an IVR" in printed
    assert 'ringpost.yaml:7:38: warning: "1" begins "12" as well' in printed


def test_a_script_is_checked_for_the_key_whose_numbers_run_it_or_that_is_named(folder: Path) -> None:
    other = folder / "other.txt"
    other.write_text("~^nothing~")
    assert found(folder / "script.txt", "--config", folder) == []
    assert found(other, "--config", folder) == []
    assert found(other, "--config", folder, "--key", "acme") == ["1:1: error: unknown-sound"]
    assert "there is no licence key “nobody”" in ringpost("check", other, "-c", folder, "--key", "nobody").stderr
    assert "there is no licence key “acme”" in ringpost("check", other, "-c", "nothere", "--key", "acme").stderr


def test_a_sound_that_another_script_of_the_key_records_is_there(folder: Path) -> None:
    (folder / "script.txt").write_text(r"~\RecordAndSaveAs(memo)~")
    (folder / "other.txt").write_text("~^memo~")
    assert found(folder / "other.txt", "--config", folder, "--key", "acme") == []


def test_the_proven_bounds_of_a_script_are_told(folder: Path) -> None:
    result = ringpost("check", folder / "script.txt", "--config", folder)
    assert result.exit_code == 0
    # A digit may cut the sound short and end the wait; an outgoing call may begin anew for a machine, a fax, a tone.
    assert "incoming  shortest 1.0 s, longest 6.0 s, most texts 0" in result.stdout
    assert "outgoing  shortest 1.0 s, longest 144.0 s, most texts 0" in result.stdout
    (folder / "other.txt").write_text("~^hello~")
    result = ringpost("check", folder / "other.txt", "--config", folder / "nothere")
    assert "incoming  shortest 0.0 s, longest not provable, most texts 0" in result.stdout


def test_the_proven_bounds_of_each_number_are_told_and_given_to_programs(folder: Path) -> None:
    assert "shortest" not in ringpost("check", folder).stdout
    result = ringpost("check", folder, "--bounds", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "mistakes": [],
        "bounds": {
            "+12015550101": {"shortest_seconds": 1.0, "longest_seconds": 6.0, "most_texts": 0},
            "+12015550103": {"shortest_seconds": 0.0, "longest_seconds": 30.4, "most_texts": 1},
        },
    }
    assert "+12015550103  shortest 0.0 s, longest 30.4 s, most texts 1" in ringpost("check", folder, "--bounds").stdout


def test_the_inside_of_an_ivr_is_no_script(folder: Path) -> None:
    (folder / "script.txt").write_text(HEADER + "{}")
    assert found(folder / "script.txt", "--config", folder) == ["1:1: error: ivr-source"]
    result = ringpost("check", folder)
    assert result.exit_code == 1
    assert "script.txt:1:1: error: This is the inside of an IVR, not a call script" in result.stdout


def test_the_guard_and_the_mail_server_of_the_configuration_count(folder: Path) -> None:
    script = folder / "script.txt"
    script.write_text(r"~\StatusChangePostURL(http://127.0.0.1/x)~ ~\DebugEmail(a@example.com)~ Hello")
    assert found(script, "--config", folder) == ["1:1: error: url-refused", "1:44: warning: no-mail-server"]
    with (folder / "ringpost.yaml").open("a") as config:
        config.write("postbacks: {allow: [127.0.0.0/8]}\nmail: {host: mail.example.com, sender: a@example.com}\n")
    assert found(script, "--config", folder) == []


def test_a_voice_that_nobody_here_speaks_with_is_a_warning(folder: Path, tmp_path: Path) -> None:
    script = folder / "script.txt"
    script.write_text(r"~\ChangeVoiceID(8)~ Guten Tag ~\ChangeVoiceID(1)~ Hello")
    assert found(script, "--config", folder) in ([], ["1:1: warning: voice-missing"])
    tools = tmp_path / "tools" / "usr" / "bin"
    tools.mkdir(parents=True)
    (tools / "flite").touch()
    printed = only_with(tmp_path / "tools", "check", str(script), "-c", str(folder)).stdout.decode()
    assert (
        "script.txt:1:1: warning: The default voice speaks instead of 8: no installed speech engine speaks German"
        in printed
    )


def test_a_voice_that_a_text_names_and_nobody_here_has_is_a_warning(folder: Path, tmp_path: Path) -> None:
    script = folder / "script.txt"
    script.write_text("Hello\n <voice name='Katrin'>Hallo</voice> <voice name='Nobody'>there</voice>")
    (folder / "ringpost.yaml").write_text(CONFIG.replace("recording: hello", "text: <voice name='8'>Hallo</voice>"))
    tools = tmp_path / "tools" / "usr" / "bin"
    tools.mkdir(parents=True)
    (tools / "flite").touch()
    printed = only_with(tmp_path / "tools", "check", str(folder)).stdout.decode()
    assert "script.txt:1:1: warning: The default voice speaks instead of 'Katrin': no installed" in printed
    assert "script.txt:1:1: warning: There is no voice 'Nobody'" in printed
    assert "ringpost.yaml:7:16: warning: The default voice speaks instead of '8'" in printed


def test_the_sounds_of_the_house_are_known_with_their_lengths(folder: Path) -> None:
    script = folder / "script.txt"
    script.write_text(r"~\ClearDTMF()~ ~\PlaySpecialSoundFile(Ding)~ ~\PlaySpecialSoundFile(ring)~")
    assert found(script, "--config", folder) == []
    result = ringpost("check", script, "--config", folder)
    assert "incoming  shortest 2.8 s, longest 2.8 s" in result.stdout


def test_a_sound_without_length_and_one_that_is_no_audio_are_told(folder: Path) -> None:
    sounds = folder / "sounds" / "acme"
    write_silence(sounds / "nothing.wav", 0.0)
    (sounds / "damaged.mp3").write_bytes(b"this is no audio")
    result = ringpost("check", folder)
    assert result.exit_code == 0
    assert "nothing.wav: warning: this sound cannot be played: The file has no sound in it" in result.stdout
    assert "damaged.mp3: warning: this sound cannot be played" in result.stdout
    (sounds / "empty.wav").touch()
    result = ringpost("check", folder)
    assert result.exit_code == 1
    assert "empty.wav: error: this sound is empty" in result.stdout


def test_a_sound_that_cannot_be_played_is_told_where_a_script_plays_it(folder: Path) -> None:
    write_silence(folder / "sounds" / "acme" / "nothing.wav", 0.0)
    script = folder / "script.txt"
    script.write_text("Hello\n  ~^Nothing~ ~\\PlaySilence(1)~")
    assert found(script, "--config", folder) == ["2:3: warning: unplayable-sound"]
    assert "This sound cannot be played: The file has no sound in it" in ringpost("check", script, "-c", folder).stdout
    script.write_text("~\\Label(a)~ ~^nothing~ ~\\PlaySpecialSoundFile(gong)~ ~\\Goto(a)~")
    assert "1:54: error: loop-without-time" in found(script, "--config", folder)


def test_the_voices_are_listed_with_who_speaks_and_flagged_where_another_has_to(folder: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools" / "usr" / "bin"
    tools.mkdir(parents=True)
    (tools / "flite").touch()
    listed = {}
    for options in ([], ["--json"]):
        state = str(tmp_path / "state")
        result = only_with(tools.parents[1], "voices", "-c", str(folder), *options, RINGPOST_STATE=state, COLUMNS="160")
        assert result.returncode == 0
        listed[bool(options)] = result.stdout.decode()
    voices = {voice["id"]: voice for voice in json.loads(listed[True])}
    assert (voices[1]["name"], voices[1]["engine"], voices[1]["engine_voice"]) == ("David", "flite", "rms")
    assert (voices[1]["fallback"], voices[8]["fallback"], voices[8]["engine_voice"]) == (False, True, "slt")
    assert "no installed speech engine speaks German" in voices[8]["reason"]
    german = next(line for line in listed[False].splitlines() if "Katrin" in line)
    assert "flite:slt" in german
    assert "BSD-like" in german
    assert "ringpost voices install" in listed[False]
    assert "no installed speech engine speaks German" in german


BAD = {
    "a text of a megabyte": b"Hello, this goes on and on. " * 40_000,
    "a text of two megabytes and more": b"x" * 2_100_000,
    "ten thousand labels": b"".join(b"~\\Label(a%d)~ ~\\Goto(a%d)~ Hello\n" % (n, n + 1) for n in range(10_000)),
    "ten thousand labels of one name": b"~\\Label(a)~ Hello\n" * 10_000,
    "NUL and control characters": b"Hello\x00\x01\x1b[31m ~\\Goto(\x00nowhere\x07)~ \xc2\x85\x7f",
    "no UTF-8": b"Hello \xff\xfe ~\\EndCall()~",
    "deep markup": b"<prosody rate='slow'><voice name='David'>" * 6000 + b"Hello ~\\Goto(nowhere)~",
    "tildes alone": b"~" * 300_000,
    "commands that never end": b"~\\Goto(" * 60_000,
    "variables in variables": b"~\\SetVar([[[[x]]]]|[" + b"[" * 100_000 + b"x]])~ ~\\Goto(nowhere)~",
    "one endless word": b"~^" + b"x" * 400_000,
}
HARMLESS = {"tildes alone"}  # doubtful, and runs as a text of nothing
MOST_SECONDS_OF_A_PROCESSOR = 40  # a slow one, beside others
MOST_MEMORY = 600 * 1024 * 1024


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_diagnosis_in_bounded_time_and_memory(folder: Path, name: str) -> None:
    (folder / "script.txt").write_bytes(BAD[name])
    process = forked_cli.complete(
        *("check", str(folder / "script.txt"), "-c", str(folder), "--json"),
        environment=os.environ,
        timeout=4 * LONGEST_WAIT,
        limits={resource.RLIMIT_CPU: MOST_SECONDS_OF_A_PROCESSOR, resource.RLIMIT_DATA: MOST_MEMORY},
    )
    assert process.returncode == (0 if name in HARMLESS else 1), process.stderr
    mistakes = json.loads(process.stdout)["mistakes"]
    assert 1 <= len(mistakes) <= 101
    assert any(mistake["severity"] == "error" for mistake in mistakes) is (name not in HARMLESS)
    assert all(character.isprintable() for mistake in mistakes for character in mistake["message"])
    assert max(len(mistake["message"]) for mistake in mistakes) < 500
