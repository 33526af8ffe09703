"""Texts on their way to a speech engine: cut into pieces, spelled, and the table of voices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import ConfigurationError, VoiceUnavailable
from controller.script.voice_ids import VOICES
from controller.speech.announcements import ANNOUNCEMENTS, TEXT_ONLY
from controller.speech.command_template import CommandTemplate
from controller.speech.espeak import Espeak
from controller.speech.flite import Flite
from controller.speech.say_as import spell
from controller.speech.sentences import pieces_of, sentences_of
from controller.speech.voices import Voices

FLITE, ESPEAK = Flite(["flite"]), Espeak(["espeak-ng"])


def test_a_short_text_is_one_piece() -> None:
    assert list(pieces_of("Hello. How are you?")) == [("Hello. How are you?", True)]


def test_a_long_text_is_cut_after_a_sentence() -> None:
    pieces = list(pieces_of("One two three. Four five six. Seven eight", 32))
    assert pieces == [("One two three. Four five six.", True), ("Seven eight", True)]


def test_a_long_sentence_is_cut_after_a_comma_or_between_words() -> None:
    assert [piece for piece, _ in pieces_of("one two, three four five", 12)] == ["one two,", "three four", "five"]


def test_a_word_without_an_end_is_cut() -> None:
    assert max(len(word) for piece, _ in pieces_of("a" * 1000) for word in piece.split()) == 60


def test_ten_thousand_characters_are_cut_into_few_pieces() -> None:
    assert len(list(pieces_of("word " * 2000))) < 40


@given(st.text(st.characters(categories=["L", "P", "Zs"]), max_size=2000), st.integers(70, 400))
def test_pieces_hold_every_word_and_none_is_too_long(text: str, longest: int) -> None:
    pieces = [piece for piece, _ in pieces_of(text, longest)]
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < len(piece) <= longest for piece in pieces)


@pytest.mark.parametrize(
    ("text", "kind", "spelled"),
    [
        ("1234", "digits", "1 2 3 4"),
        ("code 12", "digits", "code 1 2"),
        ("201-555-0101", "telephone", "2 0 1 , 5 5 5 , 0 1 0 1"),
        ("(201) 555", "telephone", "2 0 1 , 5 5 5"),
        ("aB3", "characters", "A, B, 3"),
        ("a-1@x", "characters", "A, dash, 1, at, X"),
        ("", "characters", ""),
    ],
)
def test_spelling_names_each_character(text: str, kind: str, spelled: str) -> None:
    assert spell(text, kind) == spelled


def test_signs_are_named_in_the_language_of_the_voice() -> None:
    assert spell("a@b", "characters", "es-419") == "A, arroba, B"


def test_the_vendors_voices_have_their_names_and_summaries() -> None:
    listed = [voice for voice in VOICES if voice.listed]
    assert [voice.id for voice in listed] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 16, 17, 18, 19, 20, 23, 24]
    assert VOICES[0].summary == "Diane - US English (Female - 35)"


def test_each_voice_is_spoken_by_the_engine_that_has_its_language() -> None:
    voices = Voices([FLITE, ESPEAK])
    chosen = {v.id: (s.synthesizer.name, s.engine_voice, s.is_fallback) for v, s in voices.listing()}
    assert chosen[0] == ("flite", "slt", False)
    assert chosen[1] == ("flite", "rms", False)
    assert chosen[5] == ("espeak", "en-gb", False)
    assert chosen[17] == ("espeak", "es-419", False)
    assert chosen[7] == ("espeak", "fr-fr+f3", False)
    assert len(chosen) == len(VOICES)


def test_a_language_that_no_engine_speaks_is_the_default_voice_with_a_warning() -> None:
    voices = Voices([FLITE])
    speaker = voices.speaker(8)
    assert (speaker.engine_voice, speaker.is_fallback) == ("slt", True)
    assert voices.warning(8) == "no installed speech engine speaks German, the language of Katrin"
    assert voices.warning(99) == "there is no voice 99"
    assert voices.warning(0) == ""


def test_british_voices_are_spoken_in_american_rather_than_not() -> None:
    assert Voices([FLITE]).speaker(5).engine_voice == "awb"
    assert Voices([FLITE]).warning(5) == ""


def test_the_configuration_overrides_the_table_and_adds_to_it() -> None:
    piper = CommandTemplate("piper", "piper --model {voice} --output_file {output}")
    voices = Voices([FLITE, piper], {"0": "flite:kal16", "8": "piper:de_DE-eva", "50": "piper:en_US-amy"})
    assert voices.speaker(0).engine_voice == "kal16"
    assert (voices.speaker(8).synthesizer.name, voices.speaker(8).is_fallback) == ("piper", False)
    assert voices.speaker(50).engine_voice == "en_US-amy"
    assert voices.id_of("EN_us-amy") == 50


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"one": "flite:slt"}, "not a voice id"),
        ({"99999": "flite:slt"}, "not a voice id"),
        ({"1": "slt"}, "not engine:voice"),
        ({"1": "festival:kal"}, r"an engine there is \(flite\)"),
        ({"1": "flite:"}, "not engine:voice"),
    ],
)
def test_a_table_that_cannot_work_is_refused(table: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Voices([FLITE], table)


def test_without_any_engine_the_way_out_is_named() -> None:
    with pytest.raises(VoiceUnavailable, match="Install flite or espeak-ng"):
        Voices([]).speaker(0)
    assert "Install flite" in Voices([]).warning(3)


def test_a_voice_is_found_by_its_name_or_number() -> None:
    voices = Voices([FLITE])
    assert (voices.id_of(" david "), voices.id_of("17"), voices.id_of("Nobody")) == (1, 17, None)


@pytest.mark.parametrize(
    ("template", "words"),
    [("", "is empty"), ("say {voice}", "needs {output}"), ("say {colour} {output}", "{colour}"), ("say '", "be read")],
)
def test_a_command_template_that_cannot_work_is_refused(template: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        CommandTemplate("say", template)


def test_announcements_are_plain_text_and_say_what_stop_and_resume_do() -> None:
    assert "the word stop" in TEXT_ONLY
    assert "the word resume" in TEXT_ONLY
    assert all("~" not in text and "<" not in text for text in ANNOUNCEMENTS.values())


def test_sentences_end_before_a_capital_letter_only_and_short_ones_stay_together() -> None:
    text = "Your visit is on May 5 at 10 a.m. with Doctor Smith, for 20.50 dollars. Please come early! Bye. See you."
    assert list(sentences_of(text)) == [
        "Your visit is on May 5 at 10 a.m. with Doctor Smith, for 20.50 dollars.",
        "Please come early! Bye. See you.",
    ]
    assert list(sentences_of("Hello. There.")) == ["Hello. There."]
    assert list(sentences_of("  ")) == []
