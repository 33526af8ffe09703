"""Made-up licence keys and passwords: every controller of a database has the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.config.load import SECRETS_FILE, Configuration, read_configuration
from controller.directory.secrets import Secrets
from controller.resources import QUERIES
from controller.running.sharing import with_shared_secrets
from controller.store.database import Database
from controller.store.queries import Queries

YAML = """
service: {{state_dir: {state}}}
license_keys:
  acme: {{products: [phone]}}
phones:
  alice: {{}}
"""


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    yield database
    await database.close()


def _read(folder: Path) -> Configuration:
    folder.mkdir(exist_ok=True)
    path = folder / "ringpost.yaml"
    if not path.exists():
        path.write_text(YAML.format(state=folder / "state"))
    return read_configuration(path)


def _made(configuration: Configuration) -> tuple[str, str]:
    return configuration.snapshot.license_keys["acme"].key, configuration.snapshot.phones["alice"].password


async def test_the_second_controller_takes_over_what_the_first_one_made(database: Database, tmp_path: Path) -> None:
    first, second = _read(tmp_path / "first"), _read(tmp_path / "second")
    assert _made(first) != _made(second)
    assert await with_shared_secrets(first, database) is first
    shared = await with_shared_secrets(second, database)
    assert _made(shared) == _made(first)
    # Also without a database, from now on.
    assert _made(_read(tmp_path / "second")) == _made(first)


async def test_controllers_that_start_at_once_agree(database: Database, tmp_path: Path) -> None:
    configurations = [_read(tmp_path / f"controller-{index}") for index in range(5)]
    shared = await asyncio.gather(*(with_shared_secrets(each, database) for each in configurations))
    assert len({_made(each) for each in shared}) == 1


async def test_what_an_existing_state_directory_holds_goes_on_to_count(database: Database, tmp_path: Path) -> None:
    state = tmp_path / "old" / "state"
    state.mkdir(parents=True)
    kept = {"license_key.acme": "7f6c1a52-0000-4000-8000-000000000009", "phone.alice": "secret", "ari_password": "x"}
    (state / SECRETS_FILE).write_text(json.dumps(kept))
    old = await with_shared_secrets(_read(tmp_path / "old"), database)
    new = await with_shared_secrets(_read(tmp_path / "new"), database)
    assert _made(old) == _made(new) == ("7f6c1a52-0000-4000-8000-000000000009", "secret")


async def test_what_is_between_a_controller_and_its_asterisk_is_not_shared(database: Database, tmp_path: Path) -> None:
    first, second = _read(tmp_path / "first"), _read(tmp_path / "second")
    before = [(each.ari_password, each.ami_password, each.admin_token, each.controller_id) for each in (first, second)]
    shared = [await with_shared_secrets(each, database) for each in (first, second)]
    assert [(each.ari_password, each.ami_password, each.admin_token, each.controller_id) for each in shared] == before
    assert {row["name"] for row in await database.fetch("all_secrets")} == {"license_key.acme", "phone.alice"}


async def test_a_name_that_a_reload_brings_gets_what_another_controller_made_for_it(
    database: Database, tmp_path: Path
) -> None:
    first, second = _read(tmp_path / "first"), _read(tmp_path / "second")
    await with_shared_secrets(first, database)
    second = await with_shared_secrets(second, database)
    for folder in (tmp_path / "first", tmp_path / "second"):
        path = folder / "ringpost.yaml"
        path.write_text(path.read_text().replace("alice: {}", "alice: {}\n  bob: {}"))
    first = await with_shared_secrets(_read(tmp_path / "first"), database)
    second = await with_shared_secrets(_read(tmp_path / "second"), database)
    assert first.snapshot.phones["bob"].password == second.snapshot.phones["bob"].password


def test_secrets_that_are_taken_over_are_for_their_owner_only(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets.json")
    secrets.learn({"phone.alice": "secret"})
    assert secrets.get("phone.alice") == "secret"
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
