"""An owner of calls for tests that have one controller."""

from __future__ import annotations

from typing import cast

from controller.calls.store.controllers import Owner
from controller.store.database import Database

CONTROLLER = "a-controller"
ASTERISK = "an-asterisk"


def an_owner(database: object = None, controller_id: str = CONTROLLER, asterisk: str = ASTERISK) -> Owner:
    """A controller that is connected to an Asterisk; without a database it only says who it is."""
    return Owner(
        cast(Database, database),
        controller_id,
        application="ringpost",
        asterisk=lambda: asterisk,
        lease_seconds=90.0,
    )
