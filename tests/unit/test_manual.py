"""The manual says what is there: its commands, options, settings and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from controller.cli import app
from controller.config import line_type_settings, settings
from controller.config_file.validation import Declaration
from controller.directory import declarations, license_key_declarations
from controller.metering import price_section

PROJECT = Path(__file__).parent.parent.parent
PAGES = [*(PROJECT / name for name in ("README.md", "CONTRIBUTING.md")), *sorted((PROJECT / "docs").glob("*.md"))]
RINGPOST = typer.main.get_command(app)
_FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Two blanks begin what a page says about the command.
_INDENTED = re.compile(r"^    (?:\$ )?(ringpost \S.*?)(?:  .*)?$", re.MULTILINE)
_INLINE = re.compile(r"`(ringpost [^`]+)`")
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def _page_name(page: Path) -> str:
    return page.name


def _commands(text: str) -> Iterator[str]:
    """Each command line that a page shows, without its prompt and what it is piped into."""
    for block in _FENCED.findall(text):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            shown = line.strip().removeprefix("$ ")
            if shown.startswith("ringpost "):
                yield shown
    yield from _INDENTED.findall(text)
    yield from _INLINE.findall(text)


def _words(shown: str) -> list[str]:
    """The words of a command, up to a comment, a pipe, a redirection, or what stands for more."""
    try:
        words = shlex.split(shown, comments=True)[1:]
    except ValueError:
        words = shown.split()[1:]
    ends = (place for place, word in enumerate(words) if word in {"|", ">", "<", "&&", ";"} or "…" in word)
    return words[: next(ends, len(words))]


def _unknown_in(shown: str) -> str | None:
    """What of a command does not exist; None when all of it does."""
    command = RINGPOST
    words = _words(shown)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        found = command.commands.get(words[0])
        if found is None:
            return words[0]
        command, words = found, words[1:]
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    given = [word.split("=", 1)[0] for word in words if word.startswith("--") and word != "--"]
    return next((option for option in given if option not in options), None)


@pytest.mark.parametrize("page", PAGES, ids=_page_name)
def test_every_command_of_the_manual_exists_with_its_options(page: Path) -> None:
    unknown = {shown: missing for shown in _commands(page.read_text()) if (missing := _unknown_in(shown)) is not None}
    assert unknown == {}


def test_the_manual_is_looked_through() -> None:
    shown = [each for page in PAGES for each in _commands(page.read_text())]
    assert len(shown) > 100
    assert _unknown_in("ringpost usage acme --since 7d --by country --csv") is None
    assert _unknown_in("ringpost usages acme") == "usages"
    assert _unknown_in("ringpost usage acme --per country") == "--per"


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_page_name)
def test_every_link_of_the_manual_leads_somewhere(page: Path) -> None:
    broken = []
    for name, anchor in _LINK.findall(_FENCED.sub("", page.read_text())):
        target = page.parent / name if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(f"{name}#{anchor}")
    assert broken == []


def _keys_of_models() -> set[str]:
    modules = (declarations, license_key_declarations, settings, line_type_settings, price_section)
    models = [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Declaration)
    ]
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_every_key_of_the_prices_is_in_the_reference() -> None:
    page = (PROJECT / "docs" / "configuration.md").read_text()
    fields = {*price_section.RateEntry.model_fields, *price_section.PricesSection.model_fields}
    assert [name for name in sorted(fields) if f"`{name}`" not in page] == []


def test_every_key_of_the_reference_is_in_the_yaml() -> None:
    page = (PROJECT / "docs" / "configuration.md").read_text()
    named = {
        name
        for cell in re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
        for name in re.findall(r"`([a-z_0-9]+)`", cell)
    }
    assert len(named) > 100
    assert sorted(named - _keys_of_models()) == []
