"""`ringpost keys`: licence keys made, shown and revoked from the command line."""

from __future__ import annotations

import asyncio
import json
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.directory.calling_hours import CallingHours
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot, canonical_guid
from controller.directory.stored_keys import StoredKeys
from controller.directory.text_settings import QuietHours
from controller.store.database import Database
from tests.support.outbox import QUERIES

THEIRS = "7F6C1A52-0000-4000-8000-0000000000EE"


@pytest.fixture
def config(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", postgres)
    monkeypatch.setenv("RINGPOST_STATE", str(tmp_path / "state"))
    path = tmp_path / "ringpost.yaml"
    path.write_text(
        "license_keys: {acme: {key: 7f6c1a52-0000-4000-8000-000000000001, description: The first}}\n"
        'dids: {"+12015550101": {voice: acme}, "+12015550107": {}, "+12015550108": {}}\n'
    )
    return path


async def run(config: Path, *arguments: str, given: str | None = None) -> Result:
    """The command, beside this event loop."""
    words = ["keys", *arguments, "--config", str(config)]
    return await asyncio.to_thread(CliRunner().invoke, app, words, input=given)


async def listed(config: Path) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads((await run(config, "list", "--json")).stdout)}


async def test_a_key_is_made_shown_once_listed_and_revoked(config: Path) -> None:
    made = await run(config, "create", "bolt", "--product", "phone", "--did", "12015550107", "--description", "Bolt")
    assert made.exit_code == 0, made.output
    value = made.stdout.strip()
    assert canonical_guid(value) == value
    assert "shown this once only" in made.stderr
    everyone = await listed(config)
    assert list(everyone) == ["acme", "bolt"]
    assert (everyone["acme"]["from"], everyone["acme"]["numbers"]) == ("configuration", ["+12015550101"])
    bolt = everyone["bolt"]
    assert (bolt["from"], bolt["products"], bolt["state"]) == ("store", ["phone"], "active")
    assert (bolt["numbers"], bolt["description"], bolt["revoked_at"]) == (["+12015550107"], "Bolt", None)
    table = (await run(config, "list")).output
    assert "bolt" in table
    assert value not in table + json.dumps(everyone)

    revoked = await run(config, "revoke", "bolt", "--give-back")
    assert revoked.output == "revoked; numbers in stock again: +12015550107\n"
    bolt = (await listed(config))["bolt"]
    assert (bolt["state"], bolt["numbers"]) == ("revoked", [])
    assert bolt["revoked_at"]
    assert "revoked 20" in (await run(config, "list")).output


async def test_a_customer_keeps_the_key_that_its_programs_have(config: Path) -> None:
    made = await run(config, "create", "bolt", "--key", "-", "--json", given=f"{THEIRS}\n")
    assert json.loads(made.stdout) == {
        "name": "bolt",
        "key": THEIRS.lower(),
        "products": ["phone", "sms"],
        "numbers": [],
    }


async def test_the_numbers_of_a_revoked_key_are_nobodys_until_they_are_given_back(config: Path) -> None:
    assert (await run(config, "create", "bolt", "--did", "12015550107")).exit_code == 0
    assert (await run(config, "revoke", "bolt")).output == "revoked\n"
    assert (await listed(config))["bolt"]["numbers"] == ["+12015550107"]
    refused = await run(config, "create", "next", "--did", "12015550107")
    assert "not in stock. In stock: +12015550108." in " ".join(refused.output.split())


async def test_settings_come_from_a_file_and_options_count_before_it(config: Path, tmp_path: Path) -> None:
    settings = tmp_path / "bolt.yaml"
    settings.write_text("products: [sms]\nmax_calls: 3\ndescription: From the file\nlimits: {minutes_per_day: 60}\n")
    made = await run(config, "create", "bolt", "--settings", str(settings), "--description", "Mine")
    assert made.exit_code == 0, made.output
    bolt = (await listed(config))["bolt"]
    assert (bolt["products"], bolt["description"]) == (["sms"], "Mine")


async def test_what_cannot_be_done_is_told_with_its_reason_and_the_way_out(config: Path, tmp_path: Path) -> None:
    assert (await run(config, "create", "bolt", "--key", THEIRS, "--demo")).exit_code == 0
    assert (await run(config, "create", "gone")).exit_code == 0
    assert (await run(config, "revoke", "gone")).exit_code == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("max_cals: 3\n")
    for arguments, reason in {
        ("create", "acme"): "The configuration has a licence key “acme” already: change it there",
        ("create", "bolt"): "There is a licence key “bolt” already",
        ("create", "gone"): "Choose another name",
        ("create", "No Name"): "at most 40 characters of a-z",
        ("create", "x", "--key", THEIRS): "Another customer has this licence key already",
        ("create", "x", "--key", "7f6c1a52-0000-4000-8000-000000000001"): "Another customer has this licence key",
        ("create", "x", "--key", "secret"): "A licence key is a GUID",
        ("create", "x", "--key", "-"): "The standard input has no licence key",
        ("create", "x", "--demo"): "The demo key is “bolt” already",
        ("create", "x", "--product", "fax"): '"products" has a value that is not known',
        ("create", "x", "--destination", "Atlantis"): "not a valid destination of calls",
        ("create", "x", "--max-calls", "0"): '"max_calls" is out of range',
        ("create", "x", "--settings", str(wrong)): 'unknown key "max_cals" (expected "max_calls"?)',
        ("create", "x", "--settings", str(tmp_path / "no.yaml")): "no such file",
        ("create", "x", "--did", "12015550101"): "not in stock. In stock: +12015550107, +12015550108.",
        ("create", "x", "--did", "12015550107", "--product", "sms"): "add `--product phone`",
        ("revoke", "acme"): "remove it there, then run `ringpost reload`",
        ("revoke", "gone"): "is revoked already",
        ("revoke", "nobody"): "There is no stored licence key “nobody”: bolt.",
    }.items():
        refused = await run(config, *arguments)
        assert refused.exit_code == 1, (arguments, refused.output)
        assert reason in " ".join(refused.output.split()), (arguments, refused.output)
    assert list(await listed(config)) == ["gone", "acme", "bolt"]


async def test_other_commands_know_stored_keys(config: Path) -> None:
    assert (await run(config, "create", "bolt")).exit_code == 0
    words = ["optouts", "add", "12015550188", "--key", "bolt", "--config", str(config)]
    added = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert added.exit_code == 0, added.output
    usage = await asyncio.to_thread(CliRunner().invoke, app, ["usage", "bolt", "--json", "--config", str(config)])
    assert usage.exit_code == 0, usage.output


async def test_limits_and_hours_of_a_key_are_options_and_count(config: Path, postgres: str) -> None:
    options = ("--minutes-per-day", "60", "--money-per-day", "9.50", "--money-per-month", "100")
    made = await run(config, "create", "bolt", *options, "--calling-hours", "9:00 - 20:30")
    assert made.exit_code == 0, made.output
    database = await Database.connect(postgres, QUERIES)
    try:
        keys = StoredKeys(database, CurrentDirectory(Snapshot()))
        await keys.load()
        (bolt,) = (each.key for each in keys.every())
    finally:
        await database.close()
    assert bolt.calling_hours == CallingHours(QuietHours(time(9), time(20, 30)))
    assert bolt.limits.minutes_per_day == 60
    assert (bolt.limits.money_per_day.hard, bolt.limits.money_per_month.hard) == (Decimal("9.50"), Decimal(100))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--calling-hours", "early"), "08:00-21:00"),
        (("--calling-hours", "08:00-25:00"), "time of day"),
        (("--money-per-day", "much"), "not an amount"),
    ],
)
async def test_limits_and_hours_that_are_none_are_refused(config: Path, options: tuple[str, str], said: str) -> None:
    refused = await run(config, "create", "bolt", *options)
    assert refused.exit_code != 0
    assert said in refused.output
    assert "bolt" not in await listed(config)
