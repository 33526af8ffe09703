"""A row of PostgreSQL is read in its room's own store module, and leaves it as a value of the room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import controller
from controller.resources import QUERIES

ROOT = Path(controller.__file__).parent
# Modules that are their room's store by themselves.
STORE_MODULES = {
    "directory/call_lists.py",
    "directory/entries.py",
    "directory/granted_dids.py",
    "directory/postback_urls.py",
    "directory/saved_scripts.py",
    "directory/script_versions.py",
    "directory/shared_secrets.py",
    "directory/stored_keys.py",
    "line_types/assignment_store.py",
    "postbacks/claiming.py",
    "postbacks/lookup.py",
    "speech/library.py",
    "speech/shared_speech.py",
}
# It starts PostgreSQL, and asks whether it is there.
EMBEDDED = "embedded/postgres_server.py"


@cache
def _modules() -> tuple[tuple[str, ast.Module], ...]:
    paths = sorted(ROOT.rglob("*.py"))
    return tuple((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def _is_store(name: str) -> bool:
    return "store" in Path(name).parts[:-1] or name in STORE_MODULES


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _queries_with_rows(tree: ast.Module) -> Iterator[str]:
    names = {path.stem for path in QUERIES.glob("*.sql")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first = node.args[0]
            if node.func.attr in ("fetch", "fetchrow") and isinstance(first, ast.Constant) and first.value in names:
                yield str(first.value)


def test_asyncpg_is_imported_in_store_modules_only() -> None:
    importing = [name for name, tree in _modules() if any(each.split(".")[0] == "asyncpg" for each in _imports(tree))]
    assert [name for name in importing if not _is_store(name) and name != EMBEDDED] == []


def test_rows_are_asked_for_in_store_modules_only() -> None:
    asking = {name: list(_queries_with_rows(tree)) for name, tree in _modules()}
    assert {name: queries for name, queries in asking.items() if queries and not _is_store(name)} == {}


def test_no_public_function_of_a_room_gives_a_row() -> None:
    giving = [
        f"{name}: {node.name}"
        for name, tree in _modules()
        if not name.startswith("store/") and "asyncpg" in _imports(tree)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and node.returns is not None
        and "Record" in {each.id for each in ast.walk(node.returns) if isinstance(each, ast.Name)}
    ]
    assert giving == []
