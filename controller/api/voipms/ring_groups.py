"""Methods about ring groups: several phones and numbers that ring at once."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import text_of
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import whole
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import GROUP, MAILBOX
from controller.directory.snapshot import LicenseKey

MOST_MEMBERS = 20
RINGS = frozenset({"account", "sip", "phone", "fwd", "did"})
RING_SECONDS = 30


@parameters
class RingGroupFilter:
    """Which ring group; all without one. delRingGroup calls it `ringgroup`."""

    ring_group: str = element("ring_group", default="")
    ringgroup: str = element("ringgroup", default="")


@structure("RingGroup", NAMESPACE)
class RingGroupInfo:
    """A ring group: what setRingGroup takes."""

    ring_group: str = element("ring_group")
    name: str = element("name")
    members: str = element("members")
    voicemail: str = element("voicemail")
    caller_announcement: str = element("caller_announcement")
    music_on_hold: str = element("music_on_hold")
    language: str = element("language")


@structure("getRingGroupsOutput", NAMESPACE)
class RingGroupsAnswer:
    """Ring groups."""

    ring_groups: tuple[RingGroupInfo, ...] = element("ring_groups")


@parameters
class SetRingGroup:
    """A ring group; a new one where no number of one is given. members: routings, joined by semicolons; after a comma
    each may say how many seconds it rings there.
    """

    ring_group: str = element("ring_group", default="")
    name: str = element("name", default="")
    members: str = element("members", default="")
    voicemail: str = element("voicemail", default="")
    caller_announcement: str = element("caller_announcement", default="")
    music_on_hold: str = element("music_on_hold", default="")
    language: str = element("language", default="")


@structure("setRingGroupOutput", NAMESPACE)
class RingGroupAnswer:
    """The number of a ring group."""

    ring_group: int = element("ring_group")


class RingGroupMethods:
    """Who answers first has the call. When nobody does, it goes to the mailbox, or to the number's failover."""

    def __init__(self, entries: Entries, checks: RoutingChecks) -> None:
        self._entries = entries
        self._checks = checks
        self._book = EntryBook(entries, GROUP, "ringgroup")

    @operation("getRingGroups")
    async def groups(self, request: RingGroupFilter, caller: Caller) -> RingGroupsAnswer:
        """The account's ring groups, or one of them."""
        found = self._book.listed(caller.account, request.ring_group or request.ringgroup)
        return RingGroupsAnswer(ring_groups=tuple(map(_info, found)))

    @operation("setRingGroup")
    async def set_group(self, request: SetRingGroup, caller: Caller) -> RingGroupAnswer:
        """Add a ring group, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.ring_group)
        name = self._book.named(key, text_of(required(request.name, "missing_name"), "invalid_name"), entry)
        content = {
            "name": name,
            "members": self._members(key, required(request.members, "missing_members")),
            "voicemail": self._mailbox(key, request.voicemail.strip()),
            "caller_announcement": text_of(request.caller_announcement, "invalid_caller_announcement"),
            "music_on_hold": text_of(request.music_on_hold, "invalid_musiconhold"),
            "language": text_of(request.language, "invalid_language"),
        }
        return RingGroupAnswer(ring_group=await self._book.save(key, entry, content))

    @operation("delRingGroup")
    async def delete(self, request: RingGroupFilter, caller: Caller) -> None:
        """Delete a ring group."""
        await self._book.delete(caller.account, request.ring_group or request.ringgroup)

    def _members(self, key: LicenseKey, text: str) -> list[tuple[str, int]]:
        members = []
        for part in filter(None, (part.strip() for part in text.split(";"))):
            written, _, rest = part.partition(",")
            routing = self._checks.routing(key, written)
            if routing.partition(":")[0] not in RINGS:
                raise Refused("invalid_members", f"{routing} cannot ring.")
            seconds = rest.partition(",")[0].strip()
            members.append((routing, whole(seconds, 5, 120, "invalid_members") if seconds else RING_SECONDS))
        if not members or len(members) > MOST_MEMBERS:
            raise Refused("missing_members" if not members else "invalid_members")
        return members

    def _mailbox(self, key: LicenseKey, digits: str) -> str:
        if digits in ("", "0", "none"):
            return ""
        if all(entry.content["digits"] != digits for entry in self._entries.of(key.name, MAILBOX)):
            raise Refused("invalid_mailbox", "This account has no such mailbox.")
        return digits


def _info(entry: Entry) -> RingGroupInfo:
    content = entry.content
    members = (
        routing if seconds == RING_SECONDS else f"{routing},{seconds}" for routing, seconds in content["members"]
    )
    return RingGroupInfo(
        ring_group=str(entry.entry_id),
        name=entry.name,
        members=";".join(members),
        voicemail=content["voicemail"],
        caller_announcement=content["caller_announcement"],
        music_on_hold=content["music_on_hold"],
        language=content["language"],
    )
