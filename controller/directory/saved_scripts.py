"""What customers' programs keep under a name, in any case: call scripts, and variables of the licence key."""

from __future__ import annotations

from controller.store.database import Database
from controller.store.storable import storable

LONGEST_NAME = 50
LONGEST_VALUE = 500


class SavedScripts:
    """Call scripts by name. Keys are named as in the directory. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def names(self, license_key: str) -> list[str]:
        """The names of a key's scripts, sorted."""
        return [row["name"] for row in await self._database.fetch("saved_script_names", license_key)]

    async def save(self, license_key: str, name: str, text: str, *, by: str = "") -> bool:
        """Keep a script; one that had the name becomes an older version (`ScriptVersions`). by: a person, if one did.

        False for a name that is empty or too long.
        """
        if not _usable(name):
            return False
        await self._database.execute("save_script", license_key, storable(name.strip()), storable(text), storable(by))
        return True

    async def load(self, license_key: str, name: str) -> str | None:
        """The script of this name, None when there is none."""
        text: str | None = await self._database.fetchval("saved_script", license_key, storable(name.strip()))
        return text

    async def delete(self, license_key: str, name: str) -> bool:
        """Delete a script with its versions; False when there was none."""
        return await self._database.fetchval("delete_script", license_key, storable(name.strip())) is not None


class KeyVariables:
    """Variables of a licence key by name. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, license_key: str, name: str, value: str) -> bool:
        """Keep a value; an empty one deletes the variable. False for a name that is empty or too long."""
        if not _usable(name):
            return False
        if value:
            kept = storable(value)[:LONGEST_VALUE]
            await self._database.execute("save_key_variable", license_key, storable(name.strip()), kept)
        else:
            await self._database.execute("delete_key_variable", license_key, storable(name.strip()))
        return True

    async def load(self, license_key: str, name: str) -> str | None:
        """The value, None when there is none."""
        value: str | None = await self._database.fetchval("key_variable", license_key, storable(name.strip()))
        return value


def _usable(name: str) -> bool:
    return 0 < len(name.strip()) <= LONGEST_NAME
