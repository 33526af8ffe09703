"""The languages of the console: every message is translated, no placeholder is lost, no template has its own text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controller.api.console.languages import ENGLISH, NAMES, chosen, language
from tests.support.messages import CATALOGUES, CONSOLE, catalogue, messages

OTHERS = sorted(NAMES.keys() - {ENGLISH})
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_and_no_placeholder_is_lost(code: str) -> None:
    known = catalogue(code)
    wanted = list(dict.fromkeys(messages()))
    assert len(wanted) > 400
    translated = {message: found.string if (found := known.get(message)) else "" for message in wanted}
    assert [message for message, text in translated.items() if not text] == [], (
        "run `make messages`, and translate them"
    )
    for message, text in translated.items():
        assert sorted(_PLACEHOLDER.findall(message)) == sorted(_PLACEHOLDER.findall(str(text))), message
        assert "%" not in _PLACEHOLDER.sub("", str(text)), f"{message}: each % is that of a placeholder"
    assert [each.id for each in known if each.id and each.id not in translated] == [], "said by nothing any more"


def test_each_catalogue_is_a_language_that_can_be_chosen() -> None:
    assert sorted(path.stem for path in CATALOGUES.glob("*.po")) == OTHERS
    assert [language(code).code for code in OTHERS] == OTHERS


@pytest.mark.parametrize("path", sorted((CONSOLE / "templates").glob("*.j2")), ids=lambda path: path.stem)
def test_a_template_has_no_text_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"(?s)\{#.*?#\}|<(code|script|style)\b.*?</\1>|<p class=\"pre\">.*?</p>", " ", source)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder|data-confirm)="([^"]*)"', source)
    text = re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}", "\n", source)
    text = re.sub(r"(?s)<[^>]*>", "\n", text)
    said = [*text.splitlines(), *(re.sub(r"(?s)\{\{.*?\}\}|\{%.*?%\}", "\n", each) for each in attributes)]
    words = {word.strip() for each in said for word in each.splitlines() if re.search(r"[A-Za-z]{2,}", word)}
    words = {word for word in words if not set(re.findall(r"[A-Za-z]{2,}", word)) <= {"Ringpost", "amp", "nbsp", "UTC"}}
    assert words == set()


@pytest.mark.parametrize(
    ("setting", "accepted", "code"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr, de;q=0.5, en;q=0.6", "en"),
        ("", "fr", "en"),
        ("", "de;q=0, en", "en"),
        ("", "de;q=x,;;=,,*" + ",x" * 10_000, "en"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("xx", "de", "de"),
    ],
)
def test_the_language_is_what_somebody_chose_or_what_the_browser_asks_for(
    setting: str, accepted: str, code: str
) -> None:
    assert chosen(setting, accepted).code == code


def test_values_are_text_and_not_marks() -> None:
    said = language("de").say("Texts with %(their)s", their="<b>")
    assert said == "SMS mit &lt;b&gt;"
    assert language("de").say("<i>unknown</i>") == "&lt;i&gt;unknown&lt;/i&gt;"
    assert language("de").say("100 % of it") == "100 % of it"
