"""What customers made is merged with what the YAML states, and answers their numbers."""

from __future__ import annotations

from dataclasses import replace

from controller.directory.current import CurrentDirectory
from controller.directory.did_settings import UNSET, settings_of
from controller.directory.entries import Entry
from controller.directory.grants import DidGrant
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.ivr.steps import PlayStep, SendTones
from controller.script.commands.speech import PlaySound
from controller.script.program import Program

ACME = LicenseKey("acme", "11111111-1111-4111-8111-111111111111", frozenset({"phone", "sms"}))
NUMBER, STATED, FREE = "+12015550101", "+12015550102", "+12015550103"
IVR = {
    "name": "gate",
    "recording": "1",
    "timeout": 5,
    "language": "en",
    "voicemailsetup": "1",
    "choices": [["1", "seq:2"], ["2", "seq:99"], ["3", "recording:1"], ["t", "sys:busy"]],
}
STEPS = [{"type": "dtmf", "codes": "12"}, {"type": "rec", "id": "1"}]


def entries(sequence: list[dict[str, str]]) -> dict[tuple[str, str], dict[int, Entry]]:
    made = {
        "recording": Entry(1, "acme", "recording", {"name": "Hello", "sound_id": "hello"}),
        "sequence": Entry(2, "acme", "sequence", {"name": "gate", "steps": sequence}),
        "ivr": Entry(3, "acme", "ivr", IVR),
    }
    return {("acme", kind): {entry.entry_id: entry} for kind, entry in made.items()}


def directory() -> CurrentDirectory:
    dids = {NUMBER: Did(NUMBER, voice=ACME), STATED: Did(STATED, voice=ACME, script_file=__file__), FREE: Did(FREE)}  # type: ignore[arg-type]
    return CurrentDirectory(Snapshot(license_keys={"acme": ACME}, dids=dids))


def routed(routing: str, key: str = "acme") -> DidGrant:
    return DidGrant(settings_key=key, settings=replace(UNSET, routing=routing))


def program(current: CurrentDirectory, number: str = NUMBER) -> Program:
    did = current.snapshot.did(number)
    assert did is not None
    assert did.program is not None
    return did.program


def test_a_number_that_is_routed_to_an_ivr_runs_it_and_a_changed_sequence_counts_at_once() -> None:
    current = directory()
    current.keep(entries(STEPS))
    current.grant({NUMBER: routed("ivr:3")})
    commands = [step.command for step in program(current).steps]
    assert [command.digits for command in commands if isinstance(command, SendTones)] == ["12"]
    assert [command.sound_id for command in commands if isinstance(command, PlaySound)].count("hello") == 3
    assert sum(isinstance(command, PlayStep) for command in commands) == 1
    current.keep(entries([{"type": "dtmf", "codes": "9"}]))
    commands = [step.command for step in program(current).steps]
    assert [command.digits for command in commands if isinstance(command, SendTones)] == ["9"]


def test_what_leads_to_what_is_gone_says_that_there_is_no_service_and_no_number_breaks() -> None:
    current = directory()
    current.grant({NUMBER: routed("ivr:3")})
    assert any("sys:noservice" in label for label in program(current).labels)
    current.keep({("acme", "ivr"): entries(STEPS)["acme", "ivr"]})
    assert "no-such-recording" in program(current).source


def test_the_yaml_owns_what_it_states_and_others_settings_do_not_count() -> None:
    current = directory()
    current.keep(entries(STEPS))
    current.grant({STATED: routed("ivr:3"), NUMBER: routed("ivr:3", "rival")})
    for number in (STATED, NUMBER):
        did = current.snapshot.did(number)
        assert did is not None
        assert did.program is None


def test_a_number_of_the_stock_is_its_owners_for_calls_and_texts() -> None:
    current = directory()
    current.grant({FREE: DidGrant("acme", "acme", settings_key="acme", settings=replace(UNSET, note="x"))})
    did = current.snapshot.did(FREE)
    assert did is not None
    assert (did.voice, did.sms, did.granted, did.settings.note) == (ACME, ACME, True, "x")


def test_settings_of_another_release_are_read_as_far_as_they_are_known() -> None:
    assert settings_of({"note": "x", "sms_enabled": False, "cnam": 1, "unknown": "y"}) == replace(
        UNSET, note="x", sms_enabled=False
    )
