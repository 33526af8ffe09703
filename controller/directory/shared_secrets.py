"""Made-up licence keys and passwords that every controller of a database has alike.

The state directory keeps a copy, so that commands without a database, and a start while it is away, find them too.
"""

from __future__ import annotations

import asyncio

from controller.directory.secrets import Secrets
from controller.store.database import Database

# The rest is between one controller and its Asterisk, or its administrator: it stays in the state directory.
_SHARED = ("license_key.", "phone.")


async def share(secrets: Secrets, database: Database) -> bool:
    """Store what this state directory has made up, and take over what others made up before; the store's value counts.

    Gives whether a value in the state directory is another one now. StoreError, ConfigurationError.
    """
    made = {name: value for name, value in (await asyncio.to_thread(secrets.all)).items() if name.startswith(_SHARED)}
    await database.execute("share_secrets", list(made), list(made.values()))
    shared = {row["name"]: row["secret"] for row in await database.fetch("all_secrets")}
    if shared == made:
        return False
    await asyncio.to_thread(secrets.learn, shared)
    return True
