"""`ringpost linetypes`, and the table that every controller follows."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.line_types.assignment_store import AssignmentStore, FollowedAssignments
from controller.line_types.assignments import Assignments, AssignmentTable, Carrier
from controller.line_types.model import LineType
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.patience import until

NUMBER = "+12015106000"
YAML = """
license_keys: {acme: {}}
line_types: {overrides: {"+12015106001": landline}}
"""


@pytest.fixture
def config(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", postgres)
    monkeypatch.setenv("RINGPOST_SERVICE_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "ringpost.yaml"
    path.write_text(YAML)
    return path


async def run(config: Path, *arguments: str) -> Result:
    """The command, beside this event loop."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["linetypes", *arguments, "--config", str(config)])


async def test_a_table_is_imported_shown_and_removed(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("201510,1234,wireless,Acme Mobile\n2015107,5678,satellite\n")
    imported = await run(config, "import", str(file), "--as-of", "2026-11-01")
    assert imported.exit_code == 0, imported.output
    assert "2 rows, 2 blocks, 2 carriers imported" in imported.output
    assert "“satellite” is no class that is known: 1 rows" in imported.output
    shown = json.loads((await run(config, "show", NUMBER, "--json")).stdout)
    assert (shown["type"], shown["source"], shown["as_of"]) == ("mobile", "assignment table", "2026-11-01")
    assert (shown["carrier_id"], shown["carrier_name"]) == ("1234", "Acme Mobile")
    assert "landline" in (await run(config, "show", "2015106001")).output
    assert "2 blocks as of 2026-11-01, from table.csv" in (await run(config, "table")).output
    assert (await run(config, "remove")).output == "removed\n"
    assert (await run(config, "table")).exit_code == 1


async def test_a_file_with_a_mistake_leaves_the_table_as_it_is(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("201510,1234,wireless\n")
    await run(config, "import", str(file))
    file.write_text("201510,1234,voip\nx,1,voip\n")
    refused = await run(config, "import", str(file))
    assert refused.exit_code == 1
    assert "table.csv:2: a prefix has six or seven digits" in refused.output
    assert "mobile" in (await run(config, "show", NUMBER)).output
    for wrong in (("import", str(tmp_path / "nothing")), ("import", str(file), "--as-of", "today"), ("show", "x")):
        assert (await run(config, *wrong)).exit_code == 1


async def test_every_controller_takes_over_what_is_imported(postgres: str) -> None:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    assignments = Assignments()
    following = asyncio.create_task(FollowedAssignments(database, assignments).run())
    store, table = AssignmentStore(database), AssignmentTable.of({"201510": Carrier(LineType.VOIP)}, as_of=date.min)
    try:
        for wanted in (table, AssignmentTable()):
            await (store.save(table) if len(wanted) else store.remove())
            size = len(wanted)
            await until(lambda: len(assignments.table) == size)  # noqa: B023 (waited for in this turn)
        assert assignments.known(NUMBER) is None
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await database.close()
