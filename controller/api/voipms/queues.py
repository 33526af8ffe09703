"""Methods about queues: callers wait until one of the members answers."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import text_of
from controller.api.voipms.queue_models import (
    QUEUE_FIELDS,
    MemberAnswer,
    MemberFilter,
    MemberInfo,
    MembersAnswer,
    QueueAnswer,
    QueueFilter,
    QueueInfo,
    QueuesAnswer,
    SetMember,
    SetQueue,
)
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import whole
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import QUEUE, QUEUE_MEMBER
from controller.directory.snapshot import LicenseKey

UNLIMITED = "unlimited"
LONGEST_WAIT_SECONDS = 3600
STRATEGIES = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom")
FAILOVERS = tuple(name for name in QUEUE_FIELDS if name.startswith("fail_over_routing_"))


class QueueMethods:
    """What of a queue's fields changes calls, docs/voipms.md says; the others only come back as they were given."""

    def __init__(self, entries: Entries, checks: RoutingChecks) -> None:
        self._checks = checks
        self._entries = entries
        self._book = EntryBook(entries, QUEUE, "queue")
        self._members = EntryBook(entries, QUEUE_MEMBER, "member")

    @operation("getQueues")
    async def queues(self, request: QueueFilter, caller: Caller) -> QueuesAnswer:
        """The account's queues, or one of them."""
        return QueuesAnswer(queues=tuple(map(_info, self._book.listed(caller.account, request.queue))))

    @operation("setQueue")
    async def set_queue(self, request: SetQueue, caller: Caller) -> QueueAnswer:
        """Add a queue, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.queue)
        content = {name: text_of(getattr(request, name), f"invalid_{name}") for name in QUEUE_FIELDS}
        required(content["queue_name"], "missing_name")
        content["name"] = self._book.named(key, content["queue_name"], entry)
        for name in FAILOVERS:
            content[name] = self._checks.failover(key, content[name])
        content["ring_strategy"] = content["ring_strategy"].lower() or "ringall"
        if content["ring_strategy"] not in STRATEGIES:
            raise Refused("invalid_strategy")
        content["wait_seconds"] = _wait(content["maximum_wait_time"])
        content["agent_ring_timeout"] = _seconds(content["agent_ring_timeout"], "15", 5, "agent_ring_timeout")
        content["retry_timer"] = _seconds(content["retry_timer"], "5", 1, "retry_timer")
        return QueueAnswer(queue=await self._book.save(key, entry, content))

    @operation("delQueue")
    async def delete(self, request: QueueFilter, caller: Caller) -> None:
        """Delete a queue, and with it its members."""
        key = caller.account
        await self._book.delete(key, request.queue)
        for member in self._members.all(key):
            if member.content["queue"] == request.queue.strip():
                await self._entries.remove(member)

    @operation("getStaticMembers")
    async def members(self, request: MemberFilter, caller: Caller) -> MembersAnswer:
        """The members of a queue, or one of them."""
        key = caller.account
        queue = self._book.one(key, request.queue)
        found = [self._members.one(key, request.member)] if request.member.strip() else self._members.all(key)
        found = [member for member in found if member.content["queue"] == str(queue.entry_id)]
        if not found:
            raise Refused("no_member")
        return MembersAnswer(members=tuple(_member(member, queue) for member in found))

    @operation("setStaticMember")
    async def set_member(self, request: SetMember, caller: Caller) -> MemberAnswer:
        """Add a member to a queue, or change one."""
        key = caller.account
        entry = self._members.maybe(key, request.member)
        queue = self._book.one(key, request.queue)
        content = {
            "queue": str(queue.entry_id),
            "name": text_of(required(request.member_name or request.name, "missing_name"), "invalid_name"),
            "routing": self._phone(key, required(request.account, "missing_account")),
            "priority": str(whole(request.priority or "0", 0, 100, "invalid_priority")),
        }
        return MemberAnswer(member=await self._members.save(key, entry, content))

    @operation("delStaticMember")
    async def delete_member(self, request: MemberFilter, caller: Caller) -> None:
        """Take a member out of a queue."""
        await self._members.delete(caller.account, request.member)

    def _phone(self, key: LicenseKey, account: str) -> str:
        try:
            return self._checks.routing(key, account if ":" in account else f"account:{account}")
        except Refused:
            raise Refused("invalid_account", "There is no such phone.") from None


def _wait(text: str) -> str:
    """The longest wait in seconds; no limit is that of a call. Refused."""
    given = text.lower() or UNLIMITED
    return str(LONGEST_WAIT_SECONDS) if given == UNLIMITED else _seconds(given, "", 1, "maximum_wait_time")


def _seconds(text: str, default: str, least: int, noun: str) -> str:
    return str(whole(text or default, least, LONGEST_WAIT_SECONDS, f"invalid_{noun}"))


def _info(entry: Entry) -> QueueInfo:
    return QueueInfo(queue=str(entry.entry_id), **{name: str(entry.content.get(name, "")) for name in QUEUE_FIELDS})


def _member(entry: Entry, queue: Entry) -> MemberInfo:
    return MemberInfo(
        member=str(entry.entry_id),
        queue_name=queue.name,
        name=entry.name,
        account=entry.content["routing"].partition(":")[2],
        priority=entry.content["priority"],
    )
