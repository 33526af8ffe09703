"""What pyproject.toml asks for is what the code imports: nothing more, and nothing that only comes along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ELSEWHERE = ("controller/speech/neural/worker_program.py", "tests/bench/recogniser_program.py")
"""Programs that run in an environment of their own, with a lock file of its own."""


@cache
def imported_by(folder: str) -> set[str]:
    """The distributions, by their normalised names (PEP 503), that the modules of a folder import."""
    modules: set[str] = set()
    for file in set((PROJECT / folder).rglob("*.py")) - {PROJECT / each for each in ELSEWHERE}:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
    names = {module.split(".")[0] for module in modules} - sys.stdlib_module_names - {"controller", "tests"}
    providers = packages_distributions()
    return {normalised(provider) for name in names for provider in providers[name]}


def normalised(requirement: str) -> str:
    """The name in a requirement such as `PyYAML>=6`."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].replace("_", "-").replace(".", "-").lower()


def declared(*groups: str) -> set[str]:
    """What pyproject.toml asks for, with these extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for group in groups for one in project["optional-dependencies"][group])]
    return {normalised(requirement) for requirement in asked}


def parts_of(distributions: set[str]) -> set[str]:
    """What these distributions ask for themselves: the types of their own interface (aiohttp's yarl)."""
    return {normalised(each) for distribution in distributions for each in requires(distribution) or ()}


def test_every_dependency_is_imported() -> None:
    assert declared() - imported_by("controller") == set()


def test_every_import_of_the_service_is_a_dependency() -> None:
    assert imported_by("controller") - declared() - parts_of(declared()) == set()


def test_every_import_of_a_test_is_a_dependency() -> None:
    known = declared("dev", "embedded")
    assert imported_by("tests") - known - parts_of(known) == set()
