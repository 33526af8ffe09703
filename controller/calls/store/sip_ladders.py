"""SIP ladders of calls that are over: the messages of each of its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from controller.calls.model.sip_message import SipMessage
from controller.store.database import Database
from controller.store.storable import storable


class SipLadders:
    """Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, queue_id: int, messages: Sequence[SipMessage]) -> None:
        """Keep messages of a call beside those of its earlier tries."""
        rows = [
            {name: storable(value) if isinstance(value, str) else value.isoformat() for name, value in each.items()}
            for each in map(asdict, messages)
        ]
        await self._database.execute("add_sip_ladder", queue_id, rows)

    async def of_call(self, queue_id: int) -> list[SipMessage]:
        """The messages of a call in their order; none where none were kept."""
        rows = await self._database.fetch("sip_ladder", queue_id)
        found = [
            SipMessage(**{**each, "at": datetime.fromisoformat(each["at"])}) for row in rows for each in row["messages"]
        ]
        return sorted(found, key=lambda each: each.at)
