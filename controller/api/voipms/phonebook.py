"""Methods about the phonebook: people whom filters of callers name together."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import text_of
from controller.api.voipms.values import whole
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import CONTACT, CONTACT_GROUP
from controller.directory.snapshot import LicenseKey
from controller.errors import CallerPatternInvalid
from controller.ivr.caller_filters import read_callers


@parameters
class ContactFilter:
    """Which contact, or those of a name or a group; all without any."""

    phonebook: str = element("phonebook", default="")
    name: str = element("name", default="")
    group: str = element("group", default="")


@structure("Phonebook", NAMESPACE)
class ContactInfo:
    """A contact: what setPhonebook takes."""

    phonebook: str = element("phonebook")
    speed_dial: str = element("speed_dial")
    name: str = element("name")
    number: str = element("number")
    callerid: str = element("callerid")
    note: str = element("note")
    group: str = element("group")
    group_name: str = element("group_name")


@structure("getPhonebookOutput", NAMESPACE)
class ContactsAnswer:
    """Contacts."""

    phonebooks: tuple[ContactInfo, ...] = element("phonebooks")


@parameters
class SetContact:
    """A contact; a new one where no number of one is given."""

    phonebook: str = element("phonebook", default="")
    speed_dial: str = element("speed_dial", default="")
    name: str = element("name", default="")
    number: str = element("number", default="")
    callerid: str = element("callerid", default="")
    note: str = element("note", default="")
    group: str = element("group", default="")


@structure("setPhonebookOutput", NAMESPACE)
class ContactAnswer:
    """The number of a contact."""

    phonebook: int = element("phonebook")


@parameters
class GroupFilter:
    """Which group; all without one."""

    group: str = element("group", default="")


@structure("PhonebookGroup", NAMESPACE)
class GroupInfo:
    """A group of contacts. members: their numbers in the phonebook, joined by semicolons."""

    phonebook_group: str = element("phonebook_group")
    name: str = element("name")
    members: str = element("members")


@structure("getPhonebookGroupsOutput", NAMESPACE)
class GroupsAnswer:
    """Groups of contacts."""

    phonebook_groups: tuple[GroupInfo, ...] = element("phonebook_groups")


@parameters
class SetGroup:
    """A group; a new one where no number of one is given. members: contacts, joined by semicolons."""

    group: str = element("group", default="")
    name: str = element("name", default="")
    members: str | None = element("members", default=None)


@structure("setPhonebookGroupOutput", NAMESPACE)
class GroupAnswer:
    """The number of a group."""

    group: int = element("group")


class PhonebookMethods:
    """Who is in a group, the contact says: moving one is changing it."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._book = EntryBook(entries, CONTACT, "phonebook")
        self._groups = EntryBook(entries, CONTACT_GROUP, "phonebook_group")

    @operation("getPhonebook")
    async def contacts(self, request: ContactFilter, caller: Caller) -> ContactsAnswer:
        """The account's contacts, or some of them."""
        key = caller.account
        found = self._book.listed(key, request.phonebook)
        name, group = request.name.strip().lower(), request.group.strip()
        found = [entry for entry in found if name in entry.name.lower()]
        found = [entry for entry in found if not group or entry.content["group"] == group]
        if not found:
            raise Refused("no_phonebook")
        names = {str(entry.entry_id): entry.name for entry in self._groups.all(key)}
        return ContactsAnswer(phonebooks=tuple(_contact(entry, names) for entry in found))

    @operation("setPhonebook")
    async def set_contact(self, request: SetContact, caller: Caller) -> ContactAnswer:
        """Add a contact, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.phonebook)
        name = text_of(required(request.name, "missing_name"), "invalid_name")
        try:
            number = read_callers(required(request.number, "missing_number"))
        except CallerPatternInvalid:
            raise Refused("invalid_number") from None
        group = request.group.strip() if request.group.strip() != "0" else ""
        if group:
            self._groups.one(key, group)
        content = {
            "name": name,
            "number": number,
            "speed_dial": _speed_dial(request.speed_dial),
            "callerid": text_of(request.callerid, "invalid_callerid"),
            "note": text_of(request.note, "invalid_note"),
            "group": group,
        }
        return ContactAnswer(phonebook=await self._book.save(key, entry, content))

    @operation("delPhonebook")
    async def delete(self, request: ContactFilter, caller: Caller) -> None:
        """Delete a contact."""
        await self._book.delete(caller.account, request.phonebook)

    @operation("getPhonebookGroups")
    async def groups(self, request: GroupFilter, caller: Caller) -> GroupsAnswer:
        """The account's groups of contacts, or one of them."""
        key = caller.account
        found = self._groups.listed(key, request.group)
        return GroupsAnswer(phonebook_groups=tuple(self._group(key, entry) for entry in found))

    @operation("setPhonebookGroup")
    async def set_group(self, request: SetGroup, caller: Caller) -> GroupAnswer:
        """Add a group, or change one."""
        key = caller.account
        entry = self._groups.maybe(key, request.group)
        name = self._groups.named(key, text_of(required(request.name, "missing_name"), "invalid_name"), entry)
        members = None
        if request.members is not None:
            numbers = filter(None, (part.strip() for part in request.members.split(";")))
            members = [self._book.one(key, number) for number in numbers]
        number = await self._groups.save(key, entry, {"name": name})
        if members is not None:
            await self._move(key, str(number), {member.entry_id for member in members})
        return GroupAnswer(group=number)

    @operation("delPhonebookGroup")
    async def delete_group(self, request: GroupFilter, caller: Caller) -> None:
        """Delete a group; its contacts stay."""
        key = caller.account
        await self._groups.delete(key, request.group)
        await self._move(key, request.group.strip(), set())

    async def _move(self, key: LicenseKey, group: str, members: set[int]) -> None:
        """Have these contacts in a group, and no others."""
        for contact in self._book.all(key):
            inside, wanted = contact.content["group"] == group, contact.entry_id in members
            if inside != wanted:
                await self._entries.change(contact, {**contact.content, "group": group if wanted else ""})

    def _group(self, key: LicenseKey, entry: Entry) -> GroupInfo:
        number = str(entry.entry_id)
        members = [str(contact.entry_id) for contact in self._book.all(key) if contact.content["group"] == number]
        return GroupInfo(phonebook_group=number, name=entry.name, members=";".join(members))


def _speed_dial(text: str) -> str:
    given = text.strip().removeprefix("*75")
    return f"*75{whole(given, 0, 99, 'invalid_speed_dial'):02d}" if given else ""


def _contact(entry: Entry, groups: dict[str, str]) -> ContactInfo:
    content = entry.content
    return ContactInfo(
        phonebook=str(entry.entry_id),
        speed_dial=content["speed_dial"],
        name=entry.name,
        number=content["number"],
        callerid=content["callerid"],
        note=content["note"],
        group=content["group"],
        group_name=groups.get(content["group"], ""),
    )
