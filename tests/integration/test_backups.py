"""What was backed up is restored: the database row by row, the secrets, the waiting recordings."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import tarfile
from pathlib import Path

import asyncpg
import pytest

from controller.config.load import read_settings_alone
from controller.directory.secrets import Secrets
from controller.errors import RingpostError
from controller.resources import MIGRATIONS
from controller.running.backups import restore
from controller.store.migrations import Migrations
from tests.support import forked_cli

FILLED = (
    "INSERT INTO call_lists (license_key, name) VALUES ('acme', E'tab\\there, back\\\\slash, ünï, \"')",
    "INSERT INTO call_lists (license_key, name, parent_id) SELECT 'acme', 'inner', max(list_id) FROM call_lists",
    "INSERT INTO sound_audio (content_hash, wav) VALUES (repeat('a', 64), '\\x00ff0a0d5c09'::bytea)",
    "INSERT INTO programs (content_hash, source) VALUES ('hash', E'line 1\\n~\\\\EndCall()~')",
    "SELECT nextval('queue_id_blocks')",
)

LATER = {"migrations": ["9999_x"], "tables": [], "sequences": []}


class Machine:
    """A configuration, a state directory and a database."""

    def __init__(self, folder: Path, dsn: str) -> None:
        folder.mkdir()
        self.config, self.state = folder / "config", folder / "state"
        self.config.mkdir()
        (self.config / "ringpost.yaml").write_text("license_keys: {acme: }\n")
        self._environment = {**os.environ, "DATABASE_URL": dsn, "RINGPOST_STATE": str(self.state)}
        self.dsn = dsn

    async def ringpost(self, *arguments: str, given: bytes = b"") -> tuple[int, bytes, str]:
        """Exit status, output and what was complained of."""
        ended = await asyncio.to_thread(
            forked_cli.complete,
            *(*arguments, "--config", str(self.config)),
            environment=self._environment,
            timeout=120,
            given=given,
        )
        assert b"Traceback" not in ended.stderr
        return ended.returncode, ended.stdout, ended.stderr.decode()


async def everything(dsn: str) -> dict[str, list[str]]:
    """Every row of every table, as text, and how far the sequences have come."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {}
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{table}" AS t ORDER BY 1')
            found[table] = [row["row"] for row in rows]
        sequences = await connection.fetch("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        found["sequences"] = [str(tuple(row)) for row in sequences]
    finally:
        await connection.close()
    found["schema_migrations"] = [row.split(",")[0] for row in found.get("schema_migrations", [])]
    return found


async def fill(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in FILLED:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_was_backed_up_is_there_again_on_another_machine(
    tmp_path: Path, postgres: str, empty_postgres: str
) -> None:
    await fill(postgres)
    old, new = Machine(tmp_path / "old", postgres), Machine(tmp_path / "new", empty_postgres)
    token = Secrets(old.state / "secrets.json").get_or_make("admin_token")
    (old.state / "recordings").mkdir()
    (old.state / "recordings" / "waiting.json").write_text("{}")
    file = tmp_path / "backup.tgz"
    status, _, told = await old.ringpost("backup", str(file))
    assert (status, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600), told
    assert (await new.ringpost("restore", str(file)))[0] == 0
    assert await everything(empty_postgres) == await everything(postgres)
    assert Secrets(new.state / "secrets.json").get("admin_token") == token
    assert (new.state / "recordings" / "waiting.json").read_text() == "{}"
    assert stat.S_IMODE((new.state / "secrets.json").stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        assert "config/ringpost.yaml" in archive.getnames()
    # Once more is once too often: nothing is overwritten.
    status, _, told = await new.ringpost("restore", str(file))
    assert (status, "in use already" in told) == (1, True)
    assert await everything(empty_postgres) == await everything(postgres)


async def test_a_backup_of_an_earlier_release_becomes_one_of_this(
    tmp_path: Path, postgres_server: object, empty_postgres: str, postgres: str
) -> None:
    early = Machine(tmp_path / "early", empty_postgres)
    names = [file.stem for file in sorted(MIGRATIONS.glob("*.sql"))][:17]
    await Migrations(MIGRATIONS, names).apply(empty_postgres)
    await fill(empty_postgres)
    status, backup, told = await early.ringpost("backup", "-")
    assert status == 0, told
    connection = await asyncpg.connect(postgres)  # a place for a fresh schema
    try:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        await connection.close()
    late = Machine(tmp_path / "late", postgres)
    status, _, told = await late.ringpost("restore", "-", given=backup)
    assert status == 0, told
    now = await everything(postgres)
    assert len(now["schema_migrations"]) == len(list(MIGRATIONS.glob("*.sql")))
    assert len(now["call_lists"]) == 2


def _archive(about: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("backup.json")
        entry.size = len(about.encode())
        archive.addfile(entry, io.BytesIO(about.encode()))
    return target.getvalue()


def _leading_out() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO(b""))
    return target.getvalue()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "not a whole backup"),
        (b"nonsense" * 1000, "not a whole backup"),
        (_archive("{}"), "not a whole backup"),
        (_archive('{"format": 2}'), "format 2"),
        (_archive('{"format": 1, "made_at": "x"}'), "not a whole backup"),
        (
            _archive(
                '{"format": 1, "made_at": "x", "database": {"migrations": ["9999_x"], "tables": [], "sequences": []}}'
            ),
            "later version",
        ),
        (_leading_out(), "not a whole backup"),
    ],
    # An archive holds the time at which it was made: as a name it would differ between the workers of a run.
    ids=["empty", "nonsense", "nothing in it", "later format", "no database", "later migrations", "leading out"],
)
async def test_what_is_no_backup_changes_nothing(
    tmp_path: Path, empty_postgres: str, monkeypatch: pytest.MonkeyPatch, given: bytes, told: str
) -> None:
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DATABASE_URL", empty_postgres)
    (tmp_path / "ringpost.yaml").write_text("license_keys: {acme: }\n")
    with pytest.raises(RingpostError, match=told):
        await restore(read_settings_alone(tmp_path), io.BytesIO(given))
    assert not (tmp_path / "state" / "secrets.json").exists()
    assert await everything(empty_postgres) == {"sequences": [], "schema_migrations": []}
