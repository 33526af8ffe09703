"""The configuration on the disk: folders, scripts, sounds, secrets, and the demo."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.config import settings
from controller.config.sections import SECTIONS
from controller.config_file.validation import Declaration
from controller.directory import declarations
from controller.directory.loader import check, load
from controller.directory.secrets import Secrets, make_token
from controller.directory.sounds import AUDIO_ENDINGS
from controller.errors import ConfigurationError, InvalidConfiguration

PROJECT = Path(__file__).parents[2]


def _write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def _found(path: Path) -> list[str]:
    return [str(mistake).replace(f"{path}{os.sep}", "") for mistake in check(path)]


def test_a_folder_is_one_configuration_whose_sections_are_spread_over_files(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "keys.yaml": "license_keys: {acme: }\ndids:\n",
            "a.yaml": "dids: {'+12015550101': {voice: acme}}",
            "b.yml": "dids: {'+12015550102': {voice: acme}}",
            "notes.txt": "not: [yaml",
        },
    )
    snapshot = load(tmp_path)
    assert list(snapshot.dids) == ["+12015550101", "+12015550102"]


def test_a_name_in_two_files_is_a_mistake_that_names_both_places(tmp_path: Path) -> None:
    _write(tmp_path, {"a.yaml": "license_keys: {acme: }", "b.yaml": "license_keys:\n  acme:\n"})
    assert _found(tmp_path) == ['b.yaml:2:3: error: "acme" is declared in a.yaml:1:16 already']


def test_a_file_that_cannot_be_read_hides_no_mistake_of_the_others_and_invents_none(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": b"license_keys: {acme: }\n# caf\xe9\n",
            "b.yaml": "dids: {'+12015550101': {voice: acme}}\ndidds: {}",
            "c.yaml": "phones: [",
        },
    )
    assert _found(tmp_path) == [
        "a.yaml:2:6: error: this is not text (expected UTF-8)",
        'b.yaml:2:1: error: unknown section "didds" (expected "dids"?)',
        "c.yaml:2:1: error: did not find expected node content (while parsing a flow node)",
    ]


def test_no_file_and_an_empty_folder_are_mistakes(tmp_path: Path) -> None:
    assert [str(mistake) for mistake in check(tmp_path / "none.yaml")] == [
        f"{tmp_path}/none.yaml: error: cannot be read: no such file or directory"
    ]
    assert [str(mistake) for mistake in check(tmp_path)] == [
        f"{tmp_path}: error: there is no *.yaml file in this folder"
    ]


def test_a_file_without_end_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(10 * 1024 * 1024 * 1024)
    assert "too large" in _found(tmp_path)[0]


def test_a_script_is_compiled_and_its_file_is_found_beside_the_yaml(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys: {acme: }\ndids: {'+12015550101': {voice: acme, script: s/welcome.txt}}",
            "s/welcome.txt": "\ufeffHello ~\\EndCall()~",
        },
    )
    did = load(tmp_path).did("+12015550101")
    assert did is not None
    assert did.program is not None
    assert did.script_source == "Hello ~\\EndCall()~"
    assert did.script_file == tmp_path / "s/welcome.txt"


def test_a_mistake_in_a_script_is_reported_at_its_place_in_the_script(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys: {acme: }\ndids:\n"
            "  '+12015550101': {voice: acme, script: welcome.txt}\n"
            "  '+12015550102': {voice: acme, script: welcome.txt}\n",
            "welcome.txt": "Hello\n  ~\\Goto(nowhere)~\n",
        },
    )
    found = [mistake for mistake in check(tmp_path) if mistake.severity == "error"]
    assert [(mistake.file, mistake.line, mistake.column) for mistake in found] == [(f"{tmp_path}/welcome.txt", 2, 3)]
    assert "nowhere" in found[0].message


def test_a_sound_is_named_by_its_file_and_a_missing_one_is_found_where_it_is_played(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys: {acme: {sounds: audio}}\n"
            "dids: {'+12015550101': {voice: acme, script: welcome.txt, announcement: Hello}}",
            "audio/Hello.WAV": "RIFF",
            "audio/readme.txt": "",
            "audio/.hidden": "",
            "welcome.txt": "~^HELLO~\n  and ~^Good-by~",
        },
    )
    assert [line for line in _found(tmp_path) if "error" in line] == [
        'welcome.txt:2:7: error: licence key "acme" has no sound "good-by" (expected one of hello)'
    ]
    (tmp_path / "audio/good-by.mp3").write_bytes(b"ID3")
    snapshot = load(tmp_path)
    assert snapshot.sound("acme", "Good-By") == tmp_path / "audio/good-by.mp3"
    assert snapshot.sound("acme", "other") is None
    assert snapshot.sound("nobody", "hello") is None


def test_a_link_that_leads_nowhere_is_a_mistake_and_hidden_files_are_none(tmp_path: Path) -> None:
    _write(tmp_path, {"a.yaml": "license_keys: {acme: {sounds: audio}}", "audio/hello.wav": "RIFF"})
    for hidden in (".#a.yaml", "._a.yaml", ".a.yaml.swp"):
        (tmp_path / hidden).symlink_to("nowhere")
    assert _found(tmp_path) == []
    (tmp_path / "b.yaml").symlink_to("nowhere")
    (tmp_path / "audio/gone.wav").symlink_to("nowhere")
    (broken,) = _found(tmp_path)
    assert broken.startswith("b.yaml")
    (tmp_path / "b.yaml").unlink()
    assert _found(tmp_path) == ["audio/gone.wav: error: this link leads nowhere"]


def test_a_sound_that_a_script_records_is_not_missing(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys: {acme: }\ndids:\n"
            "  '+12015550101': {voice: acme, script: play.txt}\n"
            "  '+12015550102': {voice: acme, script: record.txt}\n",
            "play.txt": "~^News~",
            "record.txt": "~\\RecordAndSaveAs(news|30)~",
        },
    )
    assert _found(tmp_path) == []


RECORDED = """
license_keys: {acme: , other: }
dids:
  '+12015550101': {voice: KEY, script: record.txt}
  '+12015550102': {voice: acme, ivr: menu}
ivrs:
  menu: {recording: news, choices: {1: 'sequence:play', 2: 'recording:memo', 3: 'script:record.txt'}}
sequences:
  play: [{recording: News}]
"""


def test_what_a_script_of_the_customer_records_can_be_played_by_menus_and_sequences(tmp_path: Path) -> None:
    recording = "~\\RecordAndSaveAs(News|30)~ ~\\RecordAndSaveAs(memo)~"
    _write(tmp_path, {"a.yaml": RECORDED.replace("KEY", "acme"), "record.txt": recording})
    assert _found(tmp_path) == []
    _write(tmp_path, {"a.yaml": RECORDED.replace("KEY", "other").replace(", 3: 'script:record.txt'", "")})
    assert [line.partition(" (expected")[0] for line in _found(tmp_path)] == [
        'a.yaml:7:21: error: licence key "acme" has no sound "news"',
        'a.yaml:7:60: error: licence key "acme" has no sound "memo"',
        'a.yaml:9:22: error: licence key "acme" has no sound "news"',
    ]


def test_a_key_has_the_sounds_of_the_folder_with_its_name_when_it_names_none(tmp_path: Path) -> None:
    _write(tmp_path, {"a.yaml": "license_keys: {acme: , other: }", "sounds/acme/hello.ulaw": "x"})
    snapshot = load(tmp_path)
    assert list(snapshot.sounds["acme"]) == ["hello"]
    assert list(snapshot.sounds["other"]) == []


def test_sounds_that_cannot_be_meant_are_found(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys:\n  acme: {sounds: audio}\n  other: {sounds: none}\n",
            "audio/a.wav": "x",
            "audio/A.mp3": "x",
            "audio/b.wav": "",
            "audio/c.docx": "x",
        },
    )
    assert _found(tmp_path) == [
        "a.yaml:3:19: error: this folder of sounds cannot be read (expected a folder beside the YAML)",
        'audio/a.wav: error: "A.mp3" is the sound "a" already',
        "audio/b.wav: error: this sound is empty",
        f"audio/c.docx: warning: no sound by its ending (expected {' '.join(sorted(AUDIO_ENDINGS))})",
    ]


def test_what_an_ivr_plays_must_be_a_sound_of_every_customer_whose_number_leads_there(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "a.yaml": "license_keys: {one: , two: }\n"
            "dids: {'+12015550101': {voice: one, ivr: a}, '+12015550102': {voice: two, ivr: b}}\n"
            "ivrs:\n"
            "  a: {recording: hello, choices: {1: 'ivr:b'}}\n"
            "  b: {text: x, choices: {1: 'sequence:s', 2: 'recording:bye', 3: 'script:s.txt'}}\n"
            "sequences:\n"
            "  s: [{recording: opened}]\n",
            "sounds/one/hello.wav": "x",
            "sounds/one/bye.wav": "x",
            "sounds/one/opened.wav": "x",
            "sounds/one/chime.wav": "x",
            "s.txt": "~^chime~",
        },
    )
    assert [line.partition(" (expected")[0] for line in _found(tmp_path)] == [
        'a.yaml:5:46: error: licence key "two" has no sound "bye"',
        'a.yaml:7:19: error: licence key "two" has no sound "opened"',
        's.txt:1:1: error: licence key "two" has no sound "chime"',
    ]


def test_an_invalid_configuration_carries_every_mistake(tmp_path: Path) -> None:
    _write(tmp_path, {"a.yaml": "a: 1\nb: 2\n"})
    with pytest.raises(InvalidConfiguration) as caught:
        load(tmp_path)
    assert [mistake.line for mistake in caught.value.mistakes] == [1, 2]
    assert "2 mistakes" in str(caught.value)


def test_a_refused_configuration_makes_no_secrets(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "state" / "secrets.json")
    _write(tmp_path, {"a.yaml": "license_keys: {acme: }\na: 1"})
    with pytest.raises(InvalidConfiguration):
        load(tmp_path, secrets=secrets)
    assert not secrets.path.exists()


def test_the_demo_has_no_mistakes_and_no_warnings() -> None:
    assert check(PROJECT / "config", other_sections=SECTIONS) == []


def test_the_demo_shows_every_rule_of_a_number(tmp_path: Path) -> None:
    snapshot = load(PROJECT / "config", secrets=Secrets(tmp_path / "secrets.json"), other_sections=SECTIONS)
    menu, texts, gate, bare = (snapshot.dids[f"+1201555010{digit}"] for digit in "1234")
    assert menu.program is not None
    assert menu.voice is menu.sms is snapshot.license_keys["demo"]
    assert (texts.voice, texts.sms) == (None, snapshot.license_keys["demo"])
    assert gate.ivr is snapshot.ivrs["gate"]
    assert bare.voice is not None
    assert (bare.program, bare.ivr) == (None, None)
    assert snapshot.phones["alice"].number == "+12015550110"
    assert len(snapshot.phones["alice"].password) >= 12
    assert snapshot.trunks["demo"].match == ("127.0.0.2",)


def test_the_demos_files_hold_no_secret() -> None:
    for file in (PROJECT / "config").rglob("*.yaml"):
        active = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
        assert not [line for line in active if "password" in line or "whsec_" in line]


def test_every_key_of_the_yaml_is_in_the_reference() -> None:
    # What a key says of its texts and its Dialer stands on pages that the page about the configuration links to.
    page = "".join((PROJECT / "docs" / name).read_text() for name in ("configuration.md", "texts.md", "dialer.md"))
    missing = []
    for module in (declarations, settings):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, Declaration) and model is not Declaration:
                names = [field.alias or name for name, field in model.model_fields.items()]
                missing += [f"{model.__name__}.{name}" for name in names if f"`{name}`" not in page]
    assert [name for name in missing if name != "DidEntry.sequence"] == []


def test_a_secret_is_made_once_and_found_again_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.json"
    made = Secrets(path).get_or_make("ari")
    assert len(made) >= 43
    assert Secrets(path).get_or_make("ari", lambda: "another") == made
    assert Secrets(path).get("ari") == made
    assert Secrets(path).get("ami") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_was_forgotten_is_made_anew(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets.json")
    first = secrets.get_or_make("token")
    secrets.forget("token")
    assert secrets.get("token") is None
    assert secrets.get_or_make("token") != first


def test_many_threads_and_processes_agree_on_each_secret(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    program = (
        "import sys; from pathlib import Path; from controller.directory.secrets import Secrets\n"
        "s = Secrets(Path(sys.argv[1]))\n"
        "print(*(s.get_or_make(str(n)) for n in range(20)))"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        for _ in range(2)
    ]
    secrets = Secrets(path)
    with ThreadPoolExecutor(8) as pool:
        mine = [list(pool.map(lambda n: secrets.get_or_make(str(n)), range(20))) for _ in range(3)]
    theirs = [process.communicate(timeout=30)[0].split() for process in others]
    assert mine[0] == mine[1] == mine[2] == theirs[0] == theirs[1]
    assert sorted(json.loads(path.read_text())) == sorted(str(n) for n in range(20))
    assert [file.name for file in tmp_path.iterdir() if file.name not in ("secrets.json", "secrets.json.lock")] == []


@pytest.mark.parametrize("content", ["{", '["s3cret"]', '{"a": 5}', "\udcff"])
def test_a_damaged_file_of_secrets_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match="damaged") as caught:
        Secrets(path).get("a")
    assert str(path) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file"):
        Secrets(tmp_path / "file" / "secrets.json").get_or_make("a")


def test_tokens_differ_and_need_no_quoting() -> None:
    tokens = {make_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)
