"""Made-up licence keys and passwords, and the stored names of keys, that every controller of a database has alike.

The state directory keeps a copy, so that commands without a database, and a start while it is away, find them too.
"""

from __future__ import annotations

import asyncio

from controller.directory.secrets import KEY_NAME, Secrets
from controller.store.database import Database

# The rest is between one controller and its Asterisk, or its administrator: it stays in the state directory.
_SHARED = ("license_key.", "phone.")


async def share(secrets: Secrets, database: Database) -> bool:
    """Store what this state directory has made up, and take over what others made up before; the store's value counts.

    Gives whether a value in the state directory is another one now. StoreError, ConfigurationError.
    """
    known = await asyncio.to_thread(secrets.all)
    made = {name: value for name, value in known.items() if name.startswith(_SHARED)}
    names = {name.removeprefix(KEY_NAME): value for name, value in known.items() if name.startswith(KEY_NAME)}
    await database.execute("share_secrets", list(made), list(made.values()))
    await database.execute("name_license_keys", names=list(names), stored_names=list(names.values()))
    shared = {row["name"]: row["secret"] for row in await database.fetch("all_secrets")}
    for row in await database.fetch("all_license_keys"):
        shared[KEY_NAME + row["name"]] = row["stored_name"]
    if shared.items() <= known.items():
        return False
    await asyncio.to_thread(secrets.learn, shared)
    return True
