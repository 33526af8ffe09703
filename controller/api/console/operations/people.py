"""The people of the console over the JSON interface, for the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from controller.api.console.parts import ConsoleParts
from controller.api.console.people_pages import link_url, name_refusal
from controller.api.console.store.people import LONGEST_NAME, People, Person
from controller.api.console.store.sessions import INVITATION_SECONDS, LOG_IN_LINK_SECONDS, Sessions
from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import OperatorBearer, Scope

PersonName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class PersonAsked(Asked):
    """Somebody to be let in. license_key: whose customer, by its name; empty: an operator."""

    name: PersonName
    license_key: Annotated[str, Field(max_length=40)] = ""


class OnePerson(Asked):
    """Somebody by name."""

    name: PersonName


class KnownPerson(Told):
    """Somebody who may log in to the console. license_key: whose customer; None of an operator."""

    name: str
    role: str
    license_key: str | None
    has_password: bool
    created: datetime
    disabled: datetime | None
    seen: datetime | None


class KnownPeople(Told):
    """Everybody, by name."""

    people: tuple[KnownPerson, ...]


class LogInLink(Told):
    """A link that logs somebody in once."""

    name: str
    link: str


class PersonChanged(Told):
    """The name of the person."""

    name: str


class PeopleOperations:
    """Operations on people."""

    def __init__(self, people: People, sessions: Sessions, parts: ConsoleParts) -> None:
        self._people = people
        self._sessions = sessions
        self._directory = parts.directory

    @api_operation("GET", "/operator/people", Scope.OPERATOR_READ)
    async def list_people(self, asked: NothingAsked, bearer: OperatorBearer) -> KnownPeople:  # noqa: ARG002
        """Who may log in to the console, disabled people too."""
        snapshot = self._directory.snapshot
        told = []
        for each in await self._people.every():
            person, key = each.person, each.person.license_key
            told.append(
                KnownPerson(
                    name=person.name,
                    role=person.role.value,
                    license_key=None if key is None else snapshot.shown_name(key),
                    has_password=each.has_password,
                    created=each.created_at,
                    disabled=each.disabled_at,
                    seen=each.seen_at,
                )
            )
        return KnownPeople(people=tuple(told))

    @api_operation("POST", "/operator/people", Scope.OPERATOR_WRITE, status=201, audited=True)
    async def invite_person(self, asked: PersonAsked, bearer: OperatorBearer) -> LogInLink:
        """Let somebody in; the link logs them in once, within a week."""
        name = asked.name.strip()
        if said := name_refusal(name):
            raise ApiRefused(422, "invalid", f"name: {said}")
        key = self._directory.snapshot.key_declared_as(asked.license_key) if asked.license_key else None
        if asked.license_key and key is None:
            raise ApiRefused(422, "invalid", "license_key: there is no such licence key")
        person = await self._people.add(name, None if key is None else key.name)
        if person is None:
            raise ApiRefused(409, "name-taken", "Somebody of this name may log in already.")
        return await self._link(person, bearer, INVITATION_SECONDS)

    @api_operation("POST", "/operator/people/{name}/link", Scope.OPERATOR_WRITE, audited=True)
    async def make_log_in_link(self, asked: OnePerson, bearer: OperatorBearer) -> LogInLink:
        """Another link for somebody; it works once, within an hour."""
        found = await self._people.named(asked.name)
        if found is None:
            raise not_found("person")
        return await self._link(found[0], bearer, LOG_IN_LINK_SECONDS)

    @api_operation("POST", "/operator/people/{name}/disable", Scope.OPERATOR_WRITE, audited=True)
    async def disable_person(self, asked: OnePerson, bearer: OperatorBearer) -> PersonChanged:  # noqa: ARG002
        """Let somebody in no more; their sessions end at once."""
        if not await self._people.disable(asked.name):
            raise not_found("person")
        return PersonChanged(name=asked.name)

    @api_operation("POST", "/operator/people/{name}/enable", Scope.OPERATOR_WRITE, audited=True)
    async def enable_person(self, asked: OnePerson, bearer: OperatorBearer) -> PersonChanged:  # noqa: ARG002
        """Let somebody in again who was disabled."""
        if not await self._people.enable(asked.name):
            raise not_found("person")
        return PersonChanged(name=asked.name)

    async def _link(self, person: Person, bearer: OperatorBearer, seconds: float) -> LogInLink:
        token = await self._sessions.make_link(person, seconds)
        return LogInLink(name=person.name, link=link_url(bearer.origin.base_url, token))
