"""A licence key that is renamed in the admin YAML stays the same key: in every controller, and in what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.calls.store.call_lookup import CallFilter
from controller.config.load import Configuration, check_configuration, read_configuration
from controller.errors import InvalidConfiguration
from controller.resources import QUERIES
from controller.running.sharing import with_shared_secrets
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.calls import calls_room, snapshot
from tests.support.fake_ari import FakeAri

NUMBER = "+12015550101"


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    yield database
    await database.close()


def _write(folder: Path, keys: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "ringpost.yaml"
    path.write_text(f"service: {{state_dir: {folder / 'state'}}}\nlicense_keys:\n{keys}\n")
    return path


async def _load(folder: Path, keys: str, database: Database) -> Configuration:
    return await with_shared_secrets(read_configuration(_write(folder, keys)), database)


async def test_a_renamed_key_keeps_its_stored_name_and_its_made_up_key(database: Database, tmp_path: Path) -> None:
    old = await _load(tmp_path, "  acme: {}", database)
    new = await _load(tmp_path, "  acme-inc: {was: acme}", database)
    again = await _load(tmp_path, "  acme-co: {was: acme-inc}", database)
    without = await _load(tmp_path, "  acme-co: {}", database)
    key = old.snapshot.license_keys["acme"].key
    for each, name in ((new, "acme-inc"), (again, "acme-co"), (without, "acme-co")):
        (known,) = each.snapshot.license_keys.values()
        assert (known.name, known.shown_name, known.key) == ("acme", name, key)
        assert each.snapshot.key_declared_as(name) is known
        assert each.snapshot.license_key("acme") is known
        assert each.snapshot.stored_name(name) == "acme"
        assert each.snapshot.shown_name("acme") == name


async def test_a_controller_that_has_the_new_name_alone_finds_the_same_key(database: Database, tmp_path: Path) -> None:
    await _load(tmp_path / "first", "  acme: {}", database)
    await _load(tmp_path / "first", "  acme-inc: {was: acme}", database)
    late = await _load(tmp_path / "second", "  acme-inc: {}", database)
    old = await _load(tmp_path / "third", "  acme: {}", database)
    (known,) = late.snapshot.license_keys.values()
    assert known.name == "acme"
    assert old.snapshot.license_keys["acme"].key == known.key


async def test_a_former_name_is_not_for_another_key(database: Database, tmp_path: Path) -> None:
    await _load(tmp_path, "  acme: {}", database)
    await _load(tmp_path, "  acme-inc: {was: acme}", database)
    with pytest.raises(InvalidConfiguration) as caught:
        await _load(tmp_path, "  acme-inc: {}\n  acme: {}", database)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.column) == (4, 3)
    assert '"acme" is the former name of licence key "acme-inc"' in str(mistake)


@pytest.mark.parametrize(
    ("keys", "line", "column", "said"),
    [
        ("  acme: {was: acme}", 3, 15, "this is its name now"),
        ("  acme: {}\n  acme-inc: {was: acme}", 4, 19, 'licence key "acme" is still declared'),
        ("  one: {was: acme}\n  two: {was: acme}", 4, 14, 'licence key "one" was called so'),
    ],
)
def test_a_former_name_that_cannot_be_is_a_mistake(
    tmp_path: Path, keys: str, line: int, column: int, said: str
) -> None:
    checked = check_configuration(_write(tmp_path, keys))
    (mistake,) = (each for each in checked.mistakes if "licence" in str(each) or said in str(each))
    assert (mistake.line, mistake.column) == (line, column)
    assert said in str(mistake)
    assert checked.snapshot is None


async def test_a_former_name_that_nobody_knows_is_told(database: Database, tmp_path: Path) -> None:
    await _load(tmp_path, "  acme: {}", database)
    checked = check_configuration(_write(tmp_path, "  acme-inc: {was: acmee}"))
    (warning,) = (each for each in checked.mistakes if "acmee" in str(each))
    assert (warning.line, warning.column) == (3, 19)
    assert "acme" in str(warning)
    assert checked.snapshot is not None


async def test_a_call_of_a_renamed_key_goes_on_and_is_found_under_one_name(postgres: str) -> None:
    known = snapshot({NUMBER: r"Hello. ~\WaitForDTMF(60)~"})
    (key,) = known.license_keys.values()
    renamed = replace(key, declared_as="acme-inc")
    after = replace(
        known,
        license_keys={renamed.name: renamed},
        dids={number: replace(did, voice=renamed, sms=renamed) for number, did in known.dids.items()},
    )
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:
        before = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        room.directory.replace(after)
        later = fake.incoming_call()
        await fake.until(lambda: len(fake.played) == 2)
        for channel in (before, later):
            fake.hang_up(channel)
        await room.idle()
        assert len(await room.lookup.find(CallFilter(license_key="acme"))) == 2
