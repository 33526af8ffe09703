"""The people of the console: who may log in, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.database import Database
from controller.store.storable import storable

LONGEST_NAME = 64


class Role(StrEnum):
    """What somebody sees: an operator everything, a customer what belongs to one licence key."""

    OPERATOR = "operator"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in. license_key: a customer's, by the name that the store knows; None of an operator.

    language: the code of the one that was chosen, empty without one.
    """

    person_id: int
    name: str
    role: Role
    license_key: str | None
    language: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether this one sees everything."""
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person as operators look at them. seen_at: when one of their sessions was used last, None without one."""

    person: Person
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None


class People:
    """Everybody who may log in. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, name: str) -> tuple[Person, str] | None:
        """Who logs in by this name (in any case), with the hash of the password, empty without one; None for nobody."""
        row = await self._database.fetchrow("console_person_named", name=storable(name.strip()))
        return None if row is None else (person_of(row), row["password"])

    async def every(self) -> list[PersonEntry]:
        """All of them by name, disabled ones too."""
        return [
            PersonEntry(person_of(row), row["has_password"], row["created_at"], row["disabled_at"], row["seen_at"])
            for row in await self._database.fetch("console_people")
        ]

    async def add(self, name: str, license_key: str | None) -> Person | None:
        """Let somebody in, as the customer of a key or as an operator; None when somebody has the name."""
        role = Role.OPERATOR if license_key is None else Role.CUSTOMER
        name = storable(name.strip())
        person_id = await self._database.fetchval(
            "add_console_person", name=name, role=role.value, license_key=license_key
        )
        return None if person_id is None else Person(person_id, name, role, license_key)

    async def set_password(self, person: Person, password_hash: str, but_session: bytes) -> None:
        """A new password; every session of theirs but the one named ends."""
        await self._database.execute(
            "set_console_password", password=password_hash, person_id=person.person_id, but_session=but_session
        )

    async def set_language(self, person: Person, code: str) -> None:
        """Have the console speak a language to somebody; an empty code: what the browser asks for."""
        await self._database.execute("set_console_language", language=code, person_id=person.person_id)

    async def codes(self, person: Person) -> tuple[str, int]:
        """The secret that a person's codes are made from, empty without codes; and the newest step that was used."""
        row = await self._database.fetchrow("console_codes_of", person_id=person.person_id)
        return ("", 0) if row is None else (row["code_secret"], row["code_step"])

    async def set_codes(self, person: Person, secret: str, step: int = 0) -> None:
        """Have codes of this secret asked for at the log-in; an empty one: no more. step: the one just used."""
        await self._database.execute("set_console_codes", secret=secret, step=step, person_id=person.person_id)

    async def use_code(self, person: Person, step: int) -> bool:
        """Use the code of a step; False when that one, or a newer one, was used already."""
        return await self._database.fetchval("use_console_code", step=step, person_id=person.person_id) is not None

    async def disable(self, name: str) -> bool:
        """Let somebody in no more, from now on; False for a name that nobody logs in by."""
        return await self._database.fetchval("disable_console_person", name=storable(name.strip())) is not None

    async def enable(self, name: str) -> bool:
        """Let somebody in again who was disabled; False for a name that is not."""
        return await self._database.fetchval("enable_console_person", name=storable(name.strip())) is not None


def person_of(row: object) -> Person:
    """A person out of a row that has the columns of one."""
    values = dict(row)  # type: ignore[call-overload]
    return Person(values["person_id"], values["name"], Role(values["role"]), values["license_key"], values["language"])
