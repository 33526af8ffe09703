"""Lists of people to call, which a customer's programs keep here; lists may be in other lists."""

from __future__ import annotations

from dataclasses import dataclass

from controller.store.database import Database
from controller.store.storable import storable

LONGEST_TEXT = 200
UNCHANGED = -1
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CallList:
    """A list. parent_id: the list that it is in, 0 for none."""

    list_id: int
    parent_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to call: the number as it was given, an extension included, and what the customer knows of them."""

    phone_number: str = ""
    client_id: str = ""
    first_name: str = ""
    last_name: str = ""

    def stored(self) -> tuple[str, str, str, str]:
        """The values of the columns, in order."""
        values = (self.phone_number, self.client_id, self.first_name, self.last_name)
        number, client, first, last = (storable(value.strip())[:LONGEST_TEXT] for value in values)
        return number, client, first, last


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a list."""

    member_id: int
    person: Person


class CallLists:
    """Keys are named as in the directory; what is another key's is not there. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_of(self, license_key: str) -> list[CallList]:
        """All lists of a key, by their ids."""
        return [CallList(**row) for row in await self._database.fetch("call_lists_of_key", license_key)]

    async def members(self, license_key: str, list_id: int, *, recursive: bool = False) -> list[Member]:
        """The members of a list, by their ids; recursive: those of the lists in it too."""
        rows = await self._database.fetch("call_list_members_of", license_key, _id(list_id), recursive)
        return [
            Member(row["member_id"], Person(row["phone_number"], row["client_id"], row["first_name"], row["last_name"]))
            for row in rows
        ]

    async def exists(self, license_key: str, list_id: int) -> bool:
        """Whether the key has this list."""
        return any(each.list_id == list_id for each in await self.all_of(license_key))

    async def add(self, license_key: str, name: str, parent_id: int) -> int:
        """A new list: its id; 0 when the list that it shall be in is not there."""
        made = await self._database.fetchval("add_call_list", license_key, _name(name), _id(parent_id))
        return int(made or 0)

    async def alter(self, license_key: str, list_id: int, name: str, parent_id: int) -> bool:
        """Rename a list and move it (0: into none, UNCHANGED: not at all); False when that cannot be, as into itself.

        An empty name leaves the name.
        """
        parent = UNCHANGED if parent_id == UNCHANGED else _id(parent_id)
        altered = await self._database.fetchval("alter_call_list", license_key, _id(list_id), _name(name), parent)
        return altered is not None

    async def delete(self, license_key: str, list_id: int) -> bool:
        """Delete a list with the lists in it; False when there is none."""
        return await self._database.fetchval("delete_call_list", license_key, _id(list_id)) is not None

    async def add_member(self, license_key: str, list_id: int, person: Person) -> int:
        """Put somebody on a list: the member's id; 0 when there is no such list."""
        made = await self._database.fetchval("add_call_list_member", license_key, _id(list_id), *person.stored())
        return int(made or 0)

    async def alter_member(self, license_key: str, member_id: int, person: Person) -> bool:
        """Replace what is known of a member; False when there is none."""
        altered = await self._database.fetchval("alter_call_list_member", license_key, _id(member_id), *person.stored())
        return altered is not None

    async def delete_member(self, license_key: str, member_id: int) -> bool:
        """Take somebody off a list; False when there is no such member."""
        return await self._database.fetchval("delete_call_list_member", license_key, _id(member_id)) is not None

    async def new_batch(self) -> int:
        """The id of a dialling of a list."""
        return int(await self._database.fetchval("next_call_batch"))


def _id(number: int) -> int:
    """An id as the store can have it; one that no list has for any other number."""
    return number if 0 < number <= _LARGEST_ID else 0


def _name(text: str) -> str:
    return storable(text.strip())[:LONGEST_TEXT]
