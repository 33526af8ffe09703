"""How the bench of speech counts words, and what it has the engines say."""

from __future__ import annotations

from tests.bench.bench_speech import word_errors, words_of
from tests.bench.speech_sentences import SENTENCES


def test_words_left_out_put_in_and_taken_for_others_are_errors() -> None:
    said = ["your", "code", "is", "four", "seven"]
    assert word_errors(said, said) == 0
    assert word_errors(said, ["your", "coat", "is", "seven"]) == 2
    assert word_errors(said, ["your", "code", "it", "is", "four", "seven"]) == 1
    assert word_errors(said, []) == 5
    assert word_errors([], said) == 5


def test_a_recognisers_marks_are_no_part_of_a_word() -> None:
    assert words_of("The(2) code is b. k. two") == ["the", "code", "is", "b", "k", "two"]


def test_there_are_at_least_sixty_sentences_each_with_plain_words() -> None:
    assert len(SENTENCES) == len({text for text, _ in SENTENCES}) >= 60
    assert all(
        word.replace("'", "").isalpha() and word == word.lower() for _, words in SENTENCES for word in words.split()
    )
