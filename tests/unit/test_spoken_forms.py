"""Text normalisation: amounts, phone numbers, fractions and signs in words; accents and scripts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import SynthesisFailed
from controller.speech.rendering import Renderer
from controller.speech.spoken_forms import by_script, folded, has_signs, script_of, spoken_form
from controller.speech.synthesizer import Manner, SpeechAudio
from controller.speech.voices import Voices
from tests.support.examples import examples


class Speaks:
    """An engine for some languages."""

    def __init__(self, name: str, *languages: str) -> None:
        self.name = name
        self._languages = languages

    def speaks(self, language: str) -> bool:
        return language.split("-")[0] in self._languages

    def voice_for(self, language: str, _gender: str) -> str:
        return language

    async def version(self) -> str:
        return "1"

    async def synthesize(self, _text: str, _manner: Manner) -> SpeechAudio:
        """What an engine makes of signs that it does not know: nothing."""
        return SpeechAudio(np.zeros(800, dtype=np.float32), 8000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$20.5", "twenty dollars and fifty cents"),
        ("-$5.00", "minus five dollars"),
        ("$-5", "minus five dollars"),
        ("€20,50", "twenty euros and fifty cents"),
        ("1.234,56 €", "one thousand two hundred thirty-four euros and fifty-six cents"),
        ("$1,234", "one thousand two hundred thirty-four dollars"),
        ("$.50", "fifty cents"),
        ("USD 20 or 5.50 EUR", "twenty dollars or five euros and fifty cents"),
        ("(201) 555-0101", "2 0 1, 5 5 5, 0 1 0 1"),
        ("Call 1-201-555-0101.", "Call 1, 2 0 1, 5 5 5, 0 1 0 1."),
        ("+44 20 7946 0958", "4 4, 2 0, 7 9 4 6, 0 9 5 8"),
        ("from 2024-11-27 to 10:30", "from 2024-11-27 to 10:30"),
        ("€20 and £5", "twenty euros and five pounds"),
        ("It costs 5€.", "It costs five euros."),
        ("£0.01", "one penny"),
        ("¥1,000", "one thousand yen"),
        ("$1,234.56 is due", "one thousand two hundred thirty-four dollars and fifty-six cents is due"),
        ("$5 million", "5 million dollars"),
        ("Call 2015550101.", "Call 2 0 1, 5 5 5, 0 1 0 1."),
        ("+442079460123", "4 4 2, 0 7 9, 4 6 0, 1 2 3"),
        ("12015550101", "1, 2 0 1, 5 5 5, 0 1 0 1"),
        ("order 123456789012", "order 123456789012"),
        ("1½ cups and ¾ more", "1 and a half cups and three quarters more"),
        ("3/4 of 1/2/2026", "three quarters of 1/2/2026"),
        ("-5 degrees, 5-10", "minus 5 degrees, 5-10"),
        ("Dr. Smith, No. 5", "Doctor Smith, number 5"),
        ("50% & more", "50 percent and more"),
        ("“Hi” – she’s…", '"Hi" - she\'s...'),
        ("Press 1 to hear this again.", "Press 1 to hear this again."),
    ],
)
def test_english_is_put_into_words(text: str, said: str) -> None:
    assert spoken_form(text, "en-us") == said


def test_other_languages_keep_their_words() -> None:
    assert spoken_form("20 € & más", "es-419") == "20 € & más"
    assert spoken_form("Llame al 2015550101", "es-419") == "Llame al 2 0 1, 5 5 5, 0 1 0 1"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("José Núñez, Café", "Jose Nunez, Cafe"), ("Straße", "Strasse"), ("Bjørn Łukasz", "Bjorn Lukasz"), ("ﬁn", "fin")],
)
def test_an_engine_of_english_letters_gets_no_others(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_a_text_is_cut_where_its_script_changes() -> None:
    parts = list(by_script("Hello Привет, мир! and 東京タワー ok"))
    assert parts == [
        ("", "Hello "),
        ("CYRILLIC", "Привет, мир! "),
        ("", "and "),
        ("KATAKANA", "東京タワー "),
        ("", "ok"),
    ]


@settings(max_examples=examples(50))
@given(st.text(max_size=60))
def test_nothing_is_lost_between_the_scripts_and_nothing_raises(text: str) -> None:
    assert "".join(part for _, part in by_script(text)) == text
    spoken_form(text, "en-us")
    folded(text)


def test_another_script_is_read_by_an_engine_that_knows_it() -> None:
    voices = Voices([Speaks("flite", "en"), Speaks("espeak", "en", "ru", "el")])
    assert voices.speaker_of(0, "").synthesizer.name == "flite"
    russian = voices.speaker_of(0, "CYRILLIC")
    assert (russian.synthesizer.name, russian.engine_voice, russian.voice.tag) == ("espeak", "ru", "ru")


def test_what_nobody_reads_is_refused_and_the_checker_says_so() -> None:
    voices = Voices([Speaks("flite", "en")])
    with pytest.raises(SynthesisFailed, match="Cjk"):
        voices.speaker_of(0, script_of("你好"))
    assert any("cannot be spoken" in each for each in voices.unheard("Hello. 你好"))
    assert list(voices.unheard("José")) == []


@pytest.mark.parametrize(
    ("text", "has"), [("!!! … —", False), ("", False), ("\u200b", False), ("😀", True), ("+", True), ("7", True)]
)
def test_punctuation_alone_is_nothing_to_speak(text: str, has: bool) -> None:
    assert has_signs(text) is has


@pytest.mark.parametrize("text", ["😀🎉", "★ ★ ★", "\U0001f600."])
async def test_signs_of_which_nothing_was_heard_are_refused(text: str) -> None:
    with pytest.raises(SynthesisFailed, match="nothing of this text"):
        await Renderer(Voices([Speaks("flite", "en")])).render(text, 0, 10, 100)


@pytest.mark.parametrize("text", ["", ".", "…!", "<break time='1s'/>😀", "\u200b"])
async def test_punctuation_and_pauses_are_a_silence_that_was_asked_for(text: str) -> None:
    assert await Renderer(Voices([Speaks("flite", "en")])).render(text, 0, 10, 100)
