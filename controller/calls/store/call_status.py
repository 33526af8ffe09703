"""How calls stand, as their customers ask for it: by QueueID, by number, by reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from controller.calls.model.call import Direction
from controller.number_kinds import kind_of
from controller.numbers import is_e164
from controller.script.state import SYSTEM_VARIABLES, State
from controller.store.database import Database
from controller.store.shared_round_trip import SharedRoundTrip
from controller.store.storable import storable


@dataclass(frozen=True, slots=True)
class CallStanding:
    """A call as its customer asks for it. begun_at: when it came in, or its last try was dialled; None before.

    digits: all that were pressed. variables: those of the script. country: ISO 3166 letters of the other party's.
    their_number: E.164, or as the network gave it. route: the trunk that it goes through.
    """

    queue_id: int
    license_key: str
    response_code: int
    tries: int
    begun_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    digits: str
    machine_detection: str
    variables: Mapping[str, str]
    script: str
    country: str
    direction: Direction = "outgoing"
    their_number: str = ""
    route: str = ""

    @property
    def duration_seconds(self) -> int:
        """Whole seconds from the answer to the end; 0 before that."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))


class CallStatuses:
    """Reads how calls stand. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._singles = SharedRoundTrip(self._each)

    async def one(self, queue_id: int, license_key: str | None = None) -> CallStanding | None:
        """The call of a QueueID, None for an unknown one, and for one of another licence key where one is named.

        Those that are asked for at the same time share a round trip.
        """
        standing = await self._singles.share(queue_id)
        return standing if standing and license_key in (None, standing.license_key) else None

    async def _each(self, queue_ids: Sequence[int]) -> list[CallStanding | None]:
        found = {standing.queue_id: standing for standing in await self.of(sorted(set(queue_ids)))}
        return [found.get(queue_id) for queue_id in queue_ids]

    async def of(self, queue_ids: Sequence[int], license_key: str | None = None) -> list[CallStanding]:
        """The calls of these QueueIDs, of one licence key only where that is named, in no order."""
        return _standings(await self._database.fetch("call_statuses", list(queue_ids), license_key))

    async def newest_to(self, number: str, license_key: str, most: int) -> list[CallStanding]:
        """The newest outgoing calls of a licence key to a number (E.164), newest first."""
        return _standings(await self._database.fetch("newest_calls_to", number, license_key, most))

    async def waiting_with_reference(self, reference_id: str, license_key: str) -> list[int]:
        """The QueueIDs of the calls of a reference that wait for a try."""
        rows = await self._database.fetch("waiting_with_reference", storable(reference_id), license_key)
        return [row["queue_id"] for row in rows]


def _standings(rows: Iterable[Record]) -> list[CallStanding]:
    return [_standing(row) for row in rows]


def _standing(row: Record) -> CallStanding:
    state = State.salvaged(row["script_state"]) if isinstance(row["script_state"], Mapping) else State()
    outgoing = row["direction"] == "outgoing"
    their_number = row["their_number"]
    return CallStanding(
        queue_id=row["queue_id"],
        license_key=row["license_key"],
        response_code=row["response_code"],
        tries=row["tries"],
        begun_at=(row["dialled_at"] if row["tries"] else None) if outgoing else row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        digits=state.digits_dialled,
        machine_detection=state.machine_detection,
        variables={name: value for name, value in state.variables.items() if name not in SYSTEM_VARIABLES},
        script=row["source"] or "",
        country=kind_of(their_number).region if row["ended_at"] and is_e164(their_number) else "",
        direction=row["direction"],
        their_number=their_number,
        route=row["route"],
    )
