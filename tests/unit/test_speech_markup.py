"""Speech control: what customers write between angle brackets, well or badly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.speech.markup import LONGEST_PAUSES_SECONDS, Part, Pause, SpokenText, Style, parse_markup, plain_text


def spoken(text: str, **style: object) -> SpokenText:
    return SpokenText(text, Style(**style))  # type: ignore[arg-type]


def test_plain_text_is_one_part_with_its_white_space_collapsed() -> None:
    assert parse_markup("  Hello,\n\n   caller. ") == (spoken("Hello, caller."),)


def test_nothing_to_speak_gives_no_parts() -> None:
    assert parse_markup("") == parse_markup(" \n\t\0 ") == ()


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("<break time='3s'/>", 3.0),
        ('<break time="4500ms"/>', 4.5),
        ("<break time='.5s'>", 0.5),
        ("<BREAK Time = '2' />", 2.0),
        ("<break/>", 0.5),
        ("<break strength='x-strong'/>", 1.25),
        ("<break strength='loud'/>", 0.5),
        ("<break time='soon'/>", 0.5),
        ("<break time='3'/>", 3.0),
        ("<break time='99'/>", 60.0),
        ("<break time='100'/>", 0.1),
        ("<break time='500'/>", 0.5),
        ("<break time='50%'/>", 0.5),
        ("<break time='-3s'/>", 0.5),
        ("<break time='99999s'/>", 60.0),
    ],
)
def test_a_break_is_a_pause(tag: str, seconds: float) -> None:
    assert parse_markup(f"one {tag} two") == (spoken("one"), Pause(seconds), spoken("two"))


def test_a_break_of_no_strength_is_no_pause() -> None:
    assert parse_markup("one <break strength='none'/> two") == (spoken("one"), spoken("two"))


def test_breaks_in_a_row_add_up_and_all_together_have_a_limit() -> None:
    assert parse_markup("<break time='1s'/><break time='500ms'/>x")[0] == Pause(1.5)
    total = sum(part.seconds for part in parse_markup("<break time='60s'/>x" * 100) if isinstance(part, Pause))
    assert total == LONGEST_PAUSES_SECONDS


def test_a_run_of_commas_is_a_pause_and_a_single_comma_is_not() -> None:
    assert parse_markup("one, two,,, three, , four") == (
        spoken("one, two"),
        Pause(0.75),
        spoken("three"),
        Pause(0.5),
        spoken("four"),
    )


@pytest.mark.parametrize(
    ("attributes", "style"),
    [
        ("rate='x-slow'", {"rate": 0.5}),
        ("rate='slow'", {"rate": 2 / 3}),
        ("rate='x-fast'", {"rate": 2.0}),
        ("rate='80%'", {"rate": 0.8}),
        ("rate='+20%'", {"rate": 1.2}),
        ("rate='1.5'", {"rate": 1.5}),
        ("rate='900%'", {"rate": 3.0}),
        ("rate='quick'", {}),
        ("pitch='x-low'", {"pitch": 0.7}),
        ("pitch='+12st'", {"pitch": 2.0}),
        ("pitch='200Hz'", {}),
        ("volume='x-soft'", {"volume": 0.3}),
        ("volume='silent'", {"volume": 0.0}),
        ("volume='+6.0206dB'", {"volume": pytest.approx(2.0, abs=1e-4)}),
        ("volume='50'", {"volume": 0.5}),
        ("rate='slow' pitch='high' volume='loud'", {"rate": 2 / 3, "pitch": 1.2, "volume": 1.4}),
    ],
)
def test_prosody_changes_rate_pitch_and_volume(attributes: str, style: dict[str, float]) -> None:
    (part,) = parse_markup(f"<prosody {attributes}>hello</prosody>")
    assert isinstance(part, SpokenText)
    assert (part.style.rate, part.style.pitch, part.style.volume) == (
        style.get("rate", 1.0),
        style.get("pitch", 1.0),
        style.get("volume", 1.0),
    )


def test_tags_nest_and_end_where_they_end() -> None:
    text = "a <voice name='David'>b <prosody rate='slow'>c</prosody> d</voice> e"
    assert parse_markup(text) == (
        spoken("a"),
        spoken("b", voice="David"),
        spoken("c", voice="David", rate=2 / 3),
        spoken("d", voice="David"),
        spoken("e"),
    )


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Hello <!-- x -->there", "Hello there"),
        ("Hello <!-- <break time='9s'/> - -- > x\n -->there", "Hello there"),
        ("<!----><!-- a --> Hello <!-- b -->", "Hello"),
        ("Hello <!-- there", "Hello <!-- there"),
        ("Hello <!--> there", "Hello <!--> there"),
    ],
)
def test_comments_are_not_spoken(text: str, heard: str) -> None:
    assert parse_markup(text) == (spoken(heard),)


@pytest.mark.parametrize("attribute", ["type='number:digits'", "interpret-as='digits'", 'interpret-as="DIGITS"'])
def test_say_as_marks_what_is_spelled_by_its_new_and_its_old_attribute(attribute: str) -> None:
    assert parse_markup(f"code <say-as {attribute}>1234</say-as>.") == (
        spoken("code"),
        spoken("1234", spelled="digits"),
        spoken("."),
    )


def test_an_unknown_kind_of_say_as_is_spoken_as_it_stands() -> None:
    assert parse_markup("<say-as interpret-as='date'>5/8</say-as>") == (spoken("5/8"),)


def test_sentences_and_paragraphs_are_set_off_once() -> None:
    assert parse_markup("<p><s>One.</s> <s>Two.</s></p> <p>Three.</p>") == (
        spoken("One."),
        Pause(0.35),
        spoken("Two."),
        Pause(0.7),
        spoken("Three."),
        Pause(0.7),
    )


def test_a_substitution_is_spoken_instead_of_its_text() -> None:
    assert plain_text("The <sub alias='World Wide Web'>WWW</sub> is up") == "The World Wide Web is up"


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "a <",
        "<",
        "<>",
        "< break/>",
        "<break",
        "<break time='3s'",
        "</",
        "a <b> c",
        "<foo/> bar",
        "2<3>1",
        "<3",
    ],
)
def test_what_is_no_tag_is_spoken_as_text(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize("text", ["AT&T", "a & b", "&", "&;", "&nosuch;", "&#x;"])
def test_a_lone_ampersand_is_spoken_as_text(text: str) -> None:
    assert plain_text(text) == text


def test_entities_are_decoded_and_what_they_hide_is_no_tag() -> None:
    assert plain_text("Q&amp;A &lt;break/&gt; &#65;&#x42; caf&eacute;") == "Q&A <break/> AB café"


def test_tags_without_end_reach_to_the_end_and_ends_without_tag_are_passed_over() -> None:
    assert parse_markup("a</voice> <voice name='David'>b") == (spoken("a"), spoken("b", voice="David"))


def test_crossed_tags_close_what_is_inside() -> None:
    parts = parse_markup("<voice name='David'>a<prosody rate='fast'>b</voice>c</prosody>d")
    assert parts == (spoken("a", voice="David"), spoken("b", voice="David", rate=1.5), spoken("cd"))


def test_control_characters_and_halves_of_characters_are_left_out() -> None:
    assert plain_text("a\0b\x1bc\ud800d&#0;e") == "a b c d\ufffde"


@pytest.mark.parametrize(
    "text",
    [
        "<prosody rate='slow'>" * 50_000 + "x",
        "<" * 1_000_000,
        "<a " * 300_000,
        "<break " + "time='1s' " * 100_000,
        "<!--" * 100_000,
        "<!-- --" * 100_000 + ">",
        "&" * 1_000_000,
        "," * 1_000_000,
        "<p>" * 300_000,
        "<voice name='" + "x" * 1_000_000,
        "</voice>" * 100_000,
        "<break   " * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_huge_and_deep_input_is_read(text: str) -> None:
    parse_markup(text)


def test_ends_of_tags_beyond_the_deepest_level_do_not_close_the_levels_above() -> None:
    text = "<voice name='David'>" + "<s>" * 150 + "x" + "</s>" * 51 + "y</voice>z"
    assert parse_markup(text) == (spoken("xy", voice="David"), spoken("z"))


_TAGS = ["<break", "<voice name='x'>", "</voice>", "<p>", "</p>", "<s/>", "<sub alias='y'>", "</sub>", "<?xml", "?>"]
_MORE_TAGS = ["<say-as type='digits'>", "</say-as>", "<prosody rate='-50%'>", "<!--", "-->"]
_REST = ["<", ">", "&", "</", "/>", " time=", "'3s'", "&amp;", "&#1;", "hello", " ", ",,", '"', "\0", "\ud900"]
_PIECES = st.sampled_from([*_TAGS, *_MORE_TAGS, *_REST])


@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    parts: tuple[Part, ...] = parse_markup(text)
    for part in parts:
        if isinstance(part, SpokenText):
            assert part.text == " ".join(part.text.split()) != ""
            part.text.encode()
            assert 0.3 < part.style.rate < 3.1
        else:
            assert 0 < part.seconds <= 60
