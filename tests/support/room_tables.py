"""`make docs`: the tables of rooms in docs/architecture.md, from import-linter's contracts and docstrings."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "architecture.md"
BEGIN = "<!-- from here on written by `make docs` -->"
END = "<!-- until here -->"


def contracts() -> list[dict[str, Any]]:
    """import-linter's contracts as pyproject.toml states them."""
    found: list[dict[str, Any]] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def tables() -> str:
    """What the page says of all contracts."""
    return "\n".join(line for contract in contracts() for line in _described(contract))


def _described(contract: dict[str, Any]) -> Iterator[str]:
    yield f"**{contract['name']}.**"
    yield ""
    if contract["type"] == "layers":
        (container,) = contract["containers"]
        yield from _layers(container, contract["layers"])
    else:
        yield f"{_names(contract['source_modules'])} may not import {_names(contract['forbidden_modules'])}."
    yield ""


def _layers(container: str, layers: list[str]) -> Iterator[str]:
    yield "| level | room | what it is for | may import |"
    yield "|---|---|---|---|"
    rows = [[room for room in re.split(r"\s*[|:]\s*", layer) if _exists(container, room)] for layer in layers]
    rows = [row for row in rows if row]
    for level, row in enumerate(rows, 1):
        some = f"levels {level + 1} to {len(rows)}"
        below = {0: "nothing of these", 1: f"level {level + 1}"}.get(len(rows) - level, some)
        for room in row:
            path = _path(container, room)
            name = f"{room.strip('()')}{'/' if path.name == '__init__.py' else '.py'}"
            yield f"| {level} | `{name}` | {_purpose(path)} | {below} |"


def _exists(container: str, room: str) -> bool:
    return _path(container, room).exists()


def _path(container: str, room: str) -> Path:
    folder = PROJECT / container.replace(".", "/") / room.strip("()")
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def _purpose(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("|", r"\|")


def _names(modules: list[str]) -> str:
    return ", ".join(f"`{module}`" for module in modules)


def written(page: str) -> str:
    """The page with its tables as they should be."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{tables()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
