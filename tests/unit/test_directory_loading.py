"""The admin YAML becomes a snapshot, or every mistake in it is named."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config_file import report
from controller.config_file.document import parse_document
from controller.directory.current import CurrentDirectory
from controller.directory.loader import build
from controller.directory.snapshot import Did, Snapshot, canonical_guid
from controller.errors import InvalidConfiguration
from controller.ivr.model import Destination, DtmfStep, TextStep
from controller.script.analysis.checker import Context

FILE = "nowhere/ringpost.yaml"
GUID = "7f6c1a52-3d0e-4a4b-9c11-000000000001"
BASE = f"""
license_keys:
  acme: {{key: {GUID}}}
  texts: {{products: sms}}
phones:
  alice: {{number: "+12015550110"}}
"""


def _load(text: str) -> Snapshot:
    document = parse_document(text, FILE)
    snapshot = build(document)
    document.require()
    assert snapshot is not None
    return snapshot


def _mistakes(text: str) -> list[str]:
    """What is found in an addition to BASE: line 1 is the first line of the addition."""
    document = parse_document(BASE + text, FILE)
    build(document)
    before = BASE.count("\n")
    return [
        f"{mistake.line - before}:{mistake.column}: {mistake.severity}: {mistake.message}"
        for mistake in document.mistakes
    ]


def test_what_a_key_leaves_out_has_its_default() -> None:
    key = _load(BASE).license_key("acme")
    assert key is not None
    assert key.key == GUID
    assert key.products == {"phone", "sms"}
    assert (key.status_post_url, key.webhook_secrets, key.max_calls, key.calls_per_minute) == (None, (), None, 3000)


def test_a_key_may_call_the_countries_of_its_numbers_or_what_it_names() -> None:
    numbers = "dids: {'+442079460958': {voice: acme}, '+18765550100': {sms: texts}}"
    assert _load(BASE).destinations("acme").countries == {"US", "CA"}
    assert _load(BASE + numbers).destinations("acme").countries == {"GB"}
    assert _load(BASE + numbers).destinations("texts").countries == {"JM"}
    named = _load(BASE.replace(GUID, f"{GUID}, destinations: [mx, '+1876']") + numbers).destinations("acme")
    assert (named.countries, named.prefixes) == ({"MX"}, ("+1876",))
    assert named.refusal("+442079460958") is None, "a number of our own is reached inside"
    assert not named.open_transfers


def test_scripts_of_a_key_mail_to_whom_it_names() -> None:
    key = _load(BASE.replace(GUID, f"{GUID}, mail_to: [Ops@example.com, '@example.net']")).license_key("acme")
    assert key is not None
    for address, permitted in (("ops@Example.com", True), ("any@example.net", True), ("x@example.com", False)):
        assert key.may_mail(address) is permitted
    assert not _load(BASE).license_keys["acme"].may_mail("a@example.com")


def test_a_carrier_that_is_half_of_the_internet_is_warned_of() -> None:
    wide = (
        'trunks: {carrier: {host: sip.example.net, match: ["0.0.0.0/0", "198.0.0.0/8", 203.0.113.0/24, 10.0.0.0/8]}}\n'
    )
    found = _mistakes(wide)
    assert [each.split(": ")[1] for each in found] == ["warning", "warning"]
    assert "without a password" in found[0]


def test_a_key_shows_its_own_numbers_those_of_phones_and_verified_ones() -> None:
    numbers = "dids: {'+12015550101': {voice: acme}, '+12015550102': {sms: texts}}"
    named = _load(BASE.replace(GUID, f"{GUID}, caller_ids: [201-555-0177]") + numbers)
    shown = ("+12015550101", "+12015550110", "+12015550177")
    assert [named.may_show("acme", number) for number in (*shown, "+12015550102")] == [True, True, True, False]
    assert not named.may_show("gone", "+12015550101")
    anything = _load(BASE.replace(GUID, f"{GUID}, caller_ids: any") + numbers)
    assert anything.may_show("acme", "+12015550199")


def test_a_phone_of_a_key_is_no_other_keys() -> None:
    known = _load(BASE + "  bob: {number: '+12015550111', license_key: acme}\n")
    assert known.phones["bob"].owner == "acme"
    assert [phone.name for phone in known.phones_of("acme")] == ["alice", "bob"]
    assert [phone.name for phone in known.phones_of("texts")] == ["alice"]
    assert (known.phone_of("texts", "bob"), known.phone_of("texts", "nobody")) == (None, None)
    assert [known.may_show(key, "+12015550111") for key in ("acme", "texts")] == [True, False]
    (mistake,) = _mistakes("  bob: {license_key: acne}\n")
    assert "no licence key of this name" in mistake


def test_what_is_no_destination_of_calls_is_told() -> None:
    document = parse_document(BASE.replace(GUID, f"{GUID}, destinations: [GB, XX]"), FILE)
    assert build(document) is None
    (mistake,) = document.mistakes
    assert (mistake.line, mistake.message) == (3, "not a valid destination of calls")


@pytest.mark.parametrize("sent", [GUID, GUID.upper(), "{" + GUID + "}", GUID.replace("-", ""), f" {GUID}\n"])
def test_a_licence_key_is_known_in_every_spelling_of_its_guid(sent: str) -> None:
    key = _load(BASE).key_by_value(sent)
    assert key is not None
    assert key.name == "acme"


@pytest.mark.parametrize("sent", ["", "0", "acme", GUID[:-1], GUID + "0", "x" * 10_000, "\x00"])
def test_any_other_text_is_no_licence_key(sent: str) -> None:
    assert _load(BASE).key_by_value(sent) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_look_up_of_a_key(text: str) -> None:
    guid = canonical_guid(text)
    assert guid is None or canonical_guid(guid) == guid


def test_a_number_is_found_by_its_e164_however_the_yaml_writes_it() -> None:
    snapshot = _load(BASE + "dids:\n  (201) 555-0101: {voice: acme, sms: texts}\n  '+12015550102': {sms: texts}\n")
    did = snapshot.did("+12015550101")
    assert did is not None
    assert (did.voice, did.sms) == (snapshot.license_key("acme"), snapshot.license_key("texts"))
    assert snapshot.did("2015550101") is None
    assert list(snapshot.dids) == ["+12015550101", "+12015550102"]


def test_a_number_that_nobody_owns_yet_is_in_stock() -> None:
    did = _load(BASE + "dids: {'+12015550101': }").did("+12015550101")
    assert did is not None
    assert (did.voice, did.sms, did.program) == (None, None, None)


def test_a_key_and_a_password_that_are_left_out_are_made_once_and_kept() -> None:
    class Memory:
        def __init__(self) -> None:
            self.made: dict[str, str] = {}

        def get_or_make(self, name: str, make: Callable[[], str]) -> str:
            return self.made.setdefault(name, make())

    memory = Memory()
    first = build(parse_document(BASE, FILE), secrets=memory)
    second = build(parse_document(BASE, FILE), secrets=memory)
    assert first is not None
    assert second is not None
    made = {name for name in memory.made if not name.startswith("key_name.")}
    assert made == {"license_key.texts", "phone.alice"}
    assert first.phones["alice"].password == second.phones["alice"].password == memory.made["phone.alice"]
    assert second.key_by_value(memory.made["license_key.texts"]) == second.license_key("texts")
    assert build(parse_document(BASE + "dids: 5", FILE), secrets=(refused := Memory())) is None
    assert refused.made == {}


def test_menus_and_sequences_become_values() -> None:
    snapshot = _load(
        BASE
        + """
dids: {"+12015550101": {voice: acme, sms: acme, ivr: gate}}
ivrs:
  gate:
    text: Hello
    timeout: 4
    choices: {1: "sequence:open", "#": "fwd:2015550110", 23: "ivr:gate"}
    wrong_choice: "sys:busy"
sequences:
  open:
    steps:
      - {dtmf: 12 w#a, tone_ms: 180}
      - sms: {from: "2015550101", to: "+12015550110", text: Gate opened}
    then: ivr
"""
    )
    ivr = snapshot.ivrs["gate"]
    assert (ivr.text, ivr.recording, ivr.timeout, ivr.digit_timeout, ivr.repeat) == ("Hello", None, 4.0, 3.0, 2)
    assert [(choice.digits, str(choice.destination)) for choice in ivr.choices] == [
        ("1", "sequence:open"),
        ("#", "fwd:+12015550110"),
        ("23", "ivr:gate"),
    ]
    assert (ivr.no_input, ivr.wrong_choice) == (Destination.parse("sys:hangup"), Destination.parse("sys:busy"))
    sequence = snapshot.sequences["open"]
    assert sequence.steps == (
        DtmfStep("12w#A", 180, 100),
        TextStep("+12015550101", "+12015550110", "Gate opened"),
    )
    assert sequence.then == "ivr"
    did = snapshot.did("+12015550101")
    assert did is not None
    assert did.ivr is ivr


def test_a_trunk_is_recognised_by_its_host_and_calls_every_number_unless_told_otherwise() -> None:
    trunk = _load("trunks: {carrier: {host: SIP.Example.net}}").trunks["carrier"]
    assert (trunk.host, trunk.match, trunk.prefixes) == ("sip.example.net", ("sip.example.net",), ("+",))
    assert (trunk.port, trunk.transport, trunk.register, trunk.number_format) == (5060, "udp", False, "e164")


def test_a_call_takes_the_trunk_with_the_longest_prefix_and_the_first_among_equals() -> None:
    snapshot = _load(
        """
trunks:
  world: {host: 192.0.2.1}
  spare: {host: 192.0.2.2}
  america: {host: 192.0.2.3, prefixes: +1}
  london: {host: 192.0.2.4, prefixes: ["+4420", "+4477"]}
"""
    )
    chosen = {number: trunk.name for number in NUMBERS if (trunk := snapshot.trunk_for(number))}
    assert chosen == {"+12015550101": "america", "+442079460958": "london", "+441212345678": "world"}
    assert _load("trunks: {a: {host: a, prefixes: +1}}").trunk_for("+442079460958") is None


NUMBERS = ("+12015550101", "+442079460958", "+441212345678")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dids: {'12345': {voice: acme}}", "1:8: error: not a valid phone number"),
        ("dids: {'+12015550101': {voice: acmee}}", "1:32: error: there is no licence key of this name"),
        ("dids: {'+12015550101': {voice: texts}}", '1:32: error: licence key "texts" does not have this product'),
        ("dids: {'+12015550101': {vioce: acme}}", '1:25: error: unknown key "vioce"'),
        (
            "dids: {'+12015550101': {voice: acme}, '2015550101': {voice: acme}}",
            f"1:39: error: this number is declared in {FILE}:7:8 already",
        ),
        (
            "dids: {'+12015550110': {voice: acme}}",
            f"1:8: error: this number is declared in {FILE}:6:19 already",
        ),
        (
            "dids: {'+12015550101': {voice: acme, script: none.txt}}",
            "1:46: error: nowhere/none.txt cannot be read: no such file or directory",
        ),
        ("dids: {'+12015550101': {sms: acme, ivr: x}}\nivrs: {x: {text: x, choices: {1: 'sys:busy'}}}", None),
        (
            "dids: {'+12015550101': {voice: acme, status_post_url: 'https://example.com:25/x'}}",
            "1:55: error: not a URL that post-backs can be sent to: port 25 is not for HTTP",
        ),
        (
            "dids: {'+12015550101': {voice: acme, status_post_url: 'https://2130706433/'}}",
            "1:55: error: not a URL that post-backs can be sent to: 2130706433 is an unusual spelling of an address",
        ),
        (
            "dids: {'+12015550101': {voice: acme, status_post_url: 'ftp://example.com/x'}}",
            "1:55: error: not a URL that post-backs can be sent to",
        ),
        (
            "dids: {'+12015550101': {voice: acme, status_post_url: 'http://[x'}}",
            "1:55: error: not a URL that post-backs can be sent to",
        ),
        (
            "dids: {'+12015550101': {voice: acme, sequence: open}}",
            "1:38: error: a sequence is reached only by a choice of an IVR, not by a number",
        ),
        (
            "dids: {'+12015550101': {voice: acme, ivr: open}}\nsequences: {open: [{dtmf: 1}]}",
            "1:43: error: a sequence is reached only by a choice of an IVR, not by a number",
        ),
        (
            "dids: {'+12015550101': {voice: acme, ivr: 'sequence: open'}}\nsequences: {open: [{dtmf: 1}]}",
            "1:43: error: a sequence is reached only by a choice of an IVR, not by a number",
        ),
        (
            "dids: {'+12015550101': {voice: acme, script: 'SEQUENCE:open'}}",
            "1:46: error: a sequence is reached only by a choice of an IVR, not by a number",
        ),
        (f"ivrs: {{{'x' * 101}: {{text: x, choices: {{1: 'sys:busy'}}}}}}", "1:8: error: this name cannot be used"),
        ("sequences: {' x': [{dtmf: 1}]}", "1:13: error: this name cannot be used"),
        ("dids: {'+12015550101': {voice: acme, ivr: gate}}", "1:43: error: there is no IVR of this name"),
        ("dids: {'+12015550101': {voice: acme, announcement: x}}", '1:52: error: licence key "acme" has no sound "x"'),
        ("ivrs: {gate: {text: x, choices: {1: 'sequence:open'}}}", "1:37: error: sequence:open is not declared"),
        ("ivrs: {gate: {text: x, choices: {1: 'ivr:gat'}}}", "1:37: error: ivr:gat is not declared"),
        ("ivrs: {gate: {text: x, choices: {1: 'sip:bob'}}}", "1:37: error: sip:bob is not declared"),
        (
            "ivrs: {gate: {text: x, choices: {1: 'fwd:9005551234'}}}\ndids: {'+12015550101': {voice: acme, ivr: gate}}",
            '1:37: error: calls of licence key "acme" are not forwarded there: this is a premium-rate number',
        ),
        (
            (
                "ivrs: {gate: {text: x, choices: {1: 'fwd:+442079460958'}}}\n"
                "dids: {'+12015550101': {voice: acme, ivr: gate}}"
            ),
            '1:37: error: calls of licence key "acme" are not forwarded there: calls to GB are not open',
        ),
        ("ivrs: {gate: {text: x, choices: {A: 'sys:busy'}}}", "1:34: error: a choice is made by digits"),
        ("ivrs: {gate: {text: x, choices: {t: 'sys:busy'}}}", '1:34: error: "t" is not a digit'),
        ("ivrs: {gate: {text: x, choices: {}}}", '1:24: error: "choices" is too short'),
        ("ivrs: {gate: {choices: {1: 'sys:busy'}}}", "1:8: error: what callers hear is not clear"),
        ("sequences: {open: [{dtmf: 12x}]}", "1:27: error: not digits that can be sent"),
        ("sequences: {open: [{dtmf: 1, recording: x}]}", "1:20: error: a step does one thing"),
        ("sequences: {open: [{recording: x, tone_ms: 190}]}", '1:35: error: "tone_ms" belongs to a step with `dtmf`'),
        ("sequences: {open: [{dtmf: 1, tone_ms: 99}]}", '1:39: error: "tone_ms" is out of range'),
        ("sequences: {open: []}", '1:19: error: "steps" is too short'),
        ("trunks: {a: {host: 'x:5060'}}", "1:20: error: not a valid host"),
        ("trunks: {alice: {host: x}}", '1:10: error: "alice" is a phone already'),
        ("trunks: {a: {host: x, username: u}}", "1:10: error: half of the trunk's login is missing"),
        ("trunks: {a: {host: x, register: true}}", "1:33: error: registering needs a login"),
        (
            "trunks: {a: {host: 192.0.2.1}, b: {host: x, match: 192.0.2.1}}",
            f"1:52: error: this address is declared in {FILE}:7:20 already",
        ),
        ("trunks: {a: {}}", '1:10: error: "host" is missing'),
        ("trunks: {A: {host: x}}", "1:10: error: this name cannot be used"),
        ("trunks: {global: {host: x}}", '1:10: error: the name "global" is taken by Asterisk'),
        ("trunk: {a: {host: x}}", '1:1: error: unknown section "trunk"'),
        ("dids: [x]", '1:7: error: section "dids" is not a mapping'),
    ],
)
def test_a_mistake_is_found_at_its_place(text: str, found: str | None) -> None:
    if found is None:
        assert _mistakes(text) == ["1:36: error: an IVR answers calls"]
        return
    mistakes = [mistake for mistake in _mistakes(text) if ": warning: " not in mistake]
    assert len(mistakes) == 1
    assert mistakes[0].startswith(found)


def test_two_customers_with_one_licence_key_are_refused() -> None:
    document = parse_document(f"license_keys: {{a: {{key: {GUID}}}, b: {{key: {GUID.upper()}}}}}", FILE)
    assert build(document) is None
    assert [mistake.message for mistake in document.mistakes] == [
        f"this licence key is declared in {FILE}:1:25 already"
    ]


def test_a_text_in_a_sequence_comes_from_an_sms_number_of_the_same_customer() -> None:
    text = """
dids:
  "+12015550101": {voice: acme, ivr: gate}
  "+12015550102": {sms: texts}
  "+12015550103": {sms: acme}
ivrs: {gate: {text: x, choices: {1: "sequence:open"}}}
sequences: {open: [{sms: {from: "%s", to: "+12015550110", text: x}}]}
"""
    assert _mistakes(text % "+12015550103") == []
    for sender in ("+12015550101", "+12015550102", "+12015550109"):
        assert _mistakes(text % sender) == ['7:33: error: licence key "acme" cannot send texts from here']


def test_a_choice_that_begins_another_is_a_warning() -> None:
    text = "ivrs: {gate: {text: x, choices: {1: 'sys:busy', 12: 'sys:echo'}}}\n"
    assert _mistakes(text + "dids: {'+12015550101': {voice: acme, ivr: gate}}") == [
        '1:34: warning: "1" begins "12" as well, so it acts only after 3 s'
    ]


LOOPS = """
dids:
  "+12015550101": {{voice: acme, sms: acme, ivr: menu}}
ivrs:
  menu: {menu}
  other: {{text: Other, choices: {{1: "ivr:menu"}}, no_input: "ivr:menu", wrong_choice: "ivr:menu"}}
sequences:
  text: {{steps: [sms: {{from: "+12015550101", to: "+12015550110", text: Hi}}], then: ivr}}
  tones: {{steps: [dtmf: "1"], then: ivr}}
"""
ENDLESS = "warning: nothing but a hang-up ends the loop that begins here"
TEXTS = "warning: texts are queued without end as long as the caller presses nothing"


@pytest.mark.parametrize(
    ("menu", "doubts"),
    [
        ('{text: L, choices: {1: "ivr:menu"}, no_input: "ivr:menu", wrong_choice: "ivr:menu"}', {ENDLESS}),
        ('{text: L, choices: {1: "ivr:other"}, no_input: "ivr:other", wrong_choice: "ivr:menu"}', {ENDLESS}),
        ('{text: L, choices: {1: "sequence:tones"}, no_input: "ivr:menu", wrong_choice: "ivr:menu"}', {ENDLESS}),
        ('{text: L, choices: {1: "sys:busy"}, no_input: "sequence:text"}', {TEXTS}),
        ('{text: L, choices: {1: "sequence:text"}, no_input: "ivr:menu", wrong_choice: "ivr:menu"}', {ENDLESS}),
        ('{text: L, choices: {1: "sequence:text"}, wrong_choice: "sequence:text"}', set()),
        ('{text: L, choices: {1: "ivr:menu"}}', set()),
        ('{text: L, choices: {1: "ivr:other", 2: "sys:dtmf"}, no_input: "ivr:menu"}', set()),
    ],
)
def test_a_loop_of_menus_that_nobody_leaves_or_that_texts_without_end_is_a_warning(menu: str, doubts: set[str]) -> None:
    found = {mistake for mistake in _mistakes(LOOPS.format(menu=menu)) if "no number leads to" not in mistake}
    assert found == {f"5:3: {doubt}" for doubt in doubts}


def test_voices_that_nobody_has_are_warnings_at_the_language_and_the_text_of_a_menu() -> None:
    text = """
ivrs:
  menu:
    text: <voice name='Katrin'>Hallo</voice> <voice name='David'>Hello</voice>
    language: es
    choices: {1: "sys:busy"}
"""
    document = parse_document(text, FILE)
    context = Context(
        voice_missing={17: "no engine speaks Spanish"}.get,
        unheard_voices=lambda text: ["Nobody is Katrin."] if "Katrin" in text else [],
    )
    build(document, context=context)
    assert [str(mistake) for mistake in document.mistakes if "voice" in str(mistake) or "Katrin" in str(mistake)] == [
        f"{FILE}:4:11: warning: Nobody is Katrin",
        f'{FILE}:5:15: warning: what is spoken in "es" is spoken by the default voice: no engine speaks Spanish',
    ]


def test_a_choice_that_begins_many_others_is_one_warning() -> None:
    choices = ", ".join(f"{number}: 'sys:busy'" for number in range(1, 901))
    text = f"dids: {{'+12015550101': {{voice: acme, ivr: gate}}}}\nivrs: {{gate: {{text: x, choices: {{{choices}}}}}}}"
    found = _mistakes(text)
    assert len(found) == 90
    assert found[0] == '2:34: warning: "1" begins "10" and 109 other choices as well, so it acts only after 3 s'


def test_a_menu_of_any_name_that_is_permitted_can_answer_a_number_and_be_chosen() -> None:
    name = "The menu of the front door, " + "x" * 72
    text = f"dids: {{'+12015550101': {{voice: acme, ivr: '{name}'}}}}\nivrs:\n  '{name}': "
    snapshot = _load(BASE + text + f"{{text: x, choices: {{1: 'ivr:{name}'}}}}")
    did = snapshot.dids["+12015550101"]
    assert did.ivr is snapshot.ivrs[name]


def test_a_sequence_may_have_any_number_of_steps() -> None:
    steps = "\n".join(f"    - dtmf: '{number}'" for number in range(2000))
    text = f"dids: {{'+12015550101': {{voice: acme, ivr: gate}}}}\nsequences:\n  long:\n{steps}\n"
    snapshot = _load(BASE + text + "ivrs: {gate: {text: x, choices: {1: 'sequence:long'}}}")
    assert len(snapshot.sequences["long"].steps) == 2000


def test_menus_that_no_number_leads_to_are_warnings_with_which_the_configuration_loads() -> None:
    snapshot = _load("ivrs: {a: {text: x, choices: {1: 'sys:busy'}}}\nsequences: {b: [{recording: x}]}")
    assert [warning.message for warning in snapshot.warnings] == [
        'no number leads to ivr "a"',
        'no number leads to sequence "b"',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "license_keys: {acme: {key: s3cret-w0rd}}",
        "license_keys: {acme: {webhook_secrets: [s3cret-w0rd]}}",
        "phones: {alice: {password: s3cret word}}",
        "phones: {alice: s3cret-w0rd}",
        "phones: {alice: {password: [s3cret-w0rd]}}",
        "trunks: {a: {host: x, password: s3cret-w0rd}}",
        "trunks: {a: {host: x, username: u, password: {s3cret-w0rd: }}}",
        "trunks: {a: {host: x, port: s3cret-w0rd}}",
        "trunks: {a: {host: x, transport: s3cret-w0rd}}",
    ],
)
def test_no_message_repeats_a_secret(text: str) -> None:
    document = parse_document(text, FILE)
    build(document)
    assert document.has_errors
    assert "s3cret" not in report.for_people(document.mistakes)
    assert "s3cret" not in repr(document.mistakes)


def test_no_value_shows_a_secret_when_it_is_printed() -> None:
    snapshot = _load(
        f"license_keys: {{acme: {{key: {GUID}, webhook_secrets: whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz}}}}\n"
        "phones: {alice: {password: s3cret-w0rd-long}}\n"
        "trunks: {a: {host: x, username: u, password: s3cret-w0rd}}\n"
    )
    for secret in (GUID, "whsec_", "s3cret"):
        assert secret not in repr(snapshot)


def test_the_report_counts_errors_and_warnings() -> None:
    document = parse_document("ivrs: {a: {text: x, choices: {1: 'sys:busy'}}}", "a.yaml")
    build(document)
    assert report.for_people(document.mistakes) == 'a.yaml:1:8: warning: no number leads to ivr "a"\n1 warning'
    assert not report.has_errors(document.mistakes)
    assert report.for_people([]) == "no errors"
    document.note([*parse_document("a: [", "b.yaml").mistakes, *parse_document("a: [", "c.yaml").mistakes])
    assert report.for_people(document.mistakes).endswith("\n2 errors, 1 warning")
    assert report.has_errors(document.mistakes)


SECTIONS = ("license_keys", "dids", "ivrs", "sequences", "phones", "trunks", "other")
KEYS = (
    *("acme", "+12015550101", "gate", "open", "alice", "voice", "sms", "script", "ivr", "key", "products", "sounds"),
    *("recording", "text", "choices", "timeout", "1", "#", "no_input", "dtmf", "steps", "from", "to", "then", "host"),
    *("match", "password", "number", "register", "announcement", "status_post_url", "<<"),
)
WORDS = st.sampled_from(
    (*KEYS, "", "~", "0", "-1", ".nan", "1e999", "phone", "true", "sequence:open", "ivr:gate", "sys:busy", "http://x/")
) | st.text(max_size=12)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
    max_leaves=12,
)


def _assert_loaded_or_diagnosed(text: str) -> None:
    """Nothing but InvalidConfiguration leaves `_load`, and that with mistakes that point into the file."""
    with contextlib.suppress(InvalidConfiguration):
        _load(text)
        return
    document = parse_document(text, FILE)
    build(document)
    assert document.has_errors
    assert all(mistake.line >= 1 for mistake in document.mistakes)


@given(st.dictionaries(st.sampled_from(SECTIONS), VALUES))
def test_no_configuration_raises_anything_but_invalid_configuration(sections: dict[str, object]) -> None:
    _assert_loaded_or_diagnosed("\n".join(f"{name}: {json.dumps(value)}" for name, value in sections.items()))


@given(st.integers(0, 2000), st.text(alphabet="a1:-[]{}&*!|'\" \n#", max_size=6))
def test_a_configuration_with_any_text_put_into_it_is_loaded_or_diagnosed(at: int, text: str) -> None:
    whole = (
        BASE + "dids: {'+12015550101': {voice: acme, ivr: gate}}\nivrs: {gate: {text: x, choices: {1: 'sys:busy'}}}\n"
    )
    at %= len(whole)
    _assert_loaded_or_diagnosed(whole[:at] + text + whole[at:])


def test_a_reload_replaces_the_snapshot_and_tells_every_listener_even_after_one_failed() -> None:
    old, new = Snapshot(), _load(BASE)
    directory = CurrentDirectory(old)
    heard: list[tuple[Snapshot, Snapshot]] = []

    def fail(_previous: Snapshot, _current: Snapshot) -> None:
        raise RuntimeError("a listener's own fault")

    directory.on_change(fail)
    stop = directory.on_change(lambda previous, current: heard.append((previous, current)))
    directory.replace(new)
    assert directory.snapshot is new
    assert heard == [(old, new)]
    stop()
    directory.replace(old)
    assert len(heard) == 1


def test_a_snapshot_cannot_be_changed() -> None:
    snapshot = _load(BASE)
    with pytest.raises(TypeError):
        snapshot.phones["bob"] = snapshot.phones["alice"]  # type: ignore[index]


def test_a_url_may_have_capitals_and_a_login() -> None:
    url = "https://acme:s3cret@example.com/Hooks/AbC"
    assert _mistakes(f"dids: {{'+12015550101': {{voice: acme, status_post_url: '{url}'}}}}") == []


@pytest.mark.parametrize("written", ["+442079460123", "442079460123", "011442079460123"])
def test_a_did_is_found_however_a_network_writes_it(written: str) -> None:
    snapshot = Snapshot(dids={"+442079460123": Did("+442079460123"), "+12015550101": Did("+12015550101")})
    assert (found := snapshot.did_called(written)) is not None
    assert found.number == "+442079460123"


@pytest.mark.parametrize("written", ["", "+", "1000001", "anonymous", "442079460124"])
def test_a_number_that_is_not_ours_is_no_did(written: str) -> None:
    assert Snapshot(dids={"+442079460123": Did("+442079460123")}).did_called(written) is None
