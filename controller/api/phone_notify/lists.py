"""The operations of lists of people to call (LM_…)."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.phone_notify.list_requests import (
    AddList,
    AddMember,
    AlterList,
    AlterMember,
    DialList,
    DialListAdvanced,
    KeyOfLists,
    MembersOfList,
    OneList,
    OneMember,
)
from controller.api.phone_notify.models import ListDial, ListDialReturn, ListMember, ListName
from controller.api.phone_notify.orders import due_at, speech_rate_of, speech_volume_of, voice_of
from controller.api.phone_notify.response_texts import RESPONSE_TEXTS
from controller.calls.model.order import Order
from controller.calls.model.response_codes import ResponseCode
from controller.calls.outgoing.notifications import Notifications, Taken
from controller.directory.call_lists import CallLists, Person
from controller.errors import NotificationRefused


class ListOperations:
    """Keeps lists, and calls who is on them."""

    def __init__(self, lists: CallLists, notifications: Notifications) -> None:
        self._lists = lists
        self._notifications = notifications

    @operation("LM_GetListIDsByLicensekey")
    async def lists(self, request: KeyOfLists, caller: Caller) -> tuple[ListName, ...] | None:
        """All lists."""
        key = caller.customer(request.license_key)
        if key is None:
            return ()
        found = await self._lists.all_of(key.name)
        return tuple(ListName(list_id=each.list_id, parent_id=each.parent_id, name=each.name) for each in found)

    @operation("LM_GetListMembersByListID")
    async def members(self, request: MembersOfList, caller: Caller) -> tuple[ListMember, ...] | None:
        """The members of a list, without those of the lists in it."""
        key = caller.customer(request.license_key)
        if key is None:
            return ()
        return tuple(
            ListMember(
                member_id=each.member_id,
                number=each.person.phone_number,
                client_id=each.person.client_id,
                first_name=each.person.first_name,
                last_name=each.person.last_name,
            )
            for each in await self._lists.members(key.name, request.list_id)
        )

    @operation("LM_AddNewList")
    async def add(self, request: AddList, caller: Caller) -> int:
        """A new list: its id, 0 when it could not be made."""
        key = caller.customer(request.license_key)
        return await self._lists.add(key.name, request.name or "", request.parent_id) if key else 0

    @operation("LM_AddListMember")
    async def add_member(self, request: AddMember, caller: Caller) -> int:
        """Put somebody on a list: the member's id, 0 when there is no such list."""
        key = caller.customer(request.license_key)
        return await self._lists.add_member(key.name, request.list_id, _person(request)) if key else 0

    @operation("LM_AlterListMember")
    async def alter_member(self, request: AlterMember, caller: Caller) -> bool:
        """Replace what is known of a member."""
        key = caller.customer(request.license_key)
        return key is not None and await self._lists.alter_member(key.name, request.member_id, _person(request))

    @operation("LM_AlterListID")
    async def alter(self, request: AlterList, caller: Caller) -> bool:
        """Rename a list, and move it into another one."""
        key = caller.customer(request.license_key)
        if key is None:
            return False
        return await self._lists.alter(key.name, request.list_id, request.name or "", request.parent_id)

    @operation("LM_DeleteList")
    async def delete(self, request: OneList, caller: Caller) -> bool:
        """Delete a list with the lists in it."""
        key = caller.customer(request.license_key)
        return key is not None and await self._lists.delete(key.name, request.list_id)

    @operation("LM_DeleteListMember")
    async def delete_member(self, request: OneMember, caller: Caller) -> bool:
        """Take somebody off a list."""
        key = caller.customer(request.license_key)
        return key is not None and await self._lists.delete_member(key.name, request.member_id)

    @operation("LM_DialList")
    async def dial(self, request: DialList, caller: Caller) -> ListDialReturn:
        """Call everybody on a list."""
        wanted = ListDial(
            caller_id=request.caller_id,
            caller_id_name=request.caller_id_name,
            voice=request.voice,
            text=request.text,
            license_key=request.license_key,
            list_id=request.list_id,
            recursive=request.recursive,
        )
        return await self._dial(wanted, caller)

    @operation("LM_DialListAdvanced")
    async def dial_advanced(self, request: DialListAdvanced, caller: Caller) -> ListDialReturn:
        """Call everybody on a list, with everything that can be said about the calls."""
        return await self._dial(request.request or ListDial(), caller)

    async def _dial(self, wanted: ListDial, caller: Caller) -> ListDialReturn:
        key = caller.customer(wanted.license_key)
        if key is None:
            return _refused(ResponseCode.KEY_INVALID)
        if not await self._lists.exists(key.name, wanted.list_id):
            return _refused(ResponseCode.UNIVERSAL_ERROR, "There is no list of this id.")
        members = await self._lists.members(key.name, wanted.list_id, recursive=wanted.recursive)
        if not members:
            return _refused(ResponseCode.UNIVERSAL_ERROR, "There is nobody on the list.")
        batch = await self._lists.new_batch()
        try:
            orders = [_order(wanted, each.person.phone_number, batch) for each in members]
        except NotificationRefused as error:
            return _refused(error.code)
        made = await self._notifications.take_all(orders, key)
        refused = [each for each in made if not isinstance(each, Taken)]
        if len(refused) == len(made):
            return _refused(refused[0].code)
        text = f"{len(refused)} of {len(made)} members are not called." if refused else None
        return ListDialReturn(success=True, batch_id=batch, response_code=ResponseCode.QUEUED, error_text=text)


def _order(wanted: ListDial, number: str, batch: int) -> Order:
    extension = (wanted.extension or "").strip()
    return Order(
        number=f"{number}x{extension}" if extension and "x" not in number.lower() else number,
        script=wanted.text or "",
        caller_id=wanted.caller_id or "",
        caller_id_name=wanted.caller_id_name or "",
        transfer_number=wanted.transfer_number or "",
        voice=voice_of(wanted.voice),
        speech_rate=speech_rate_of(wanted.rate),
        speech_volume=speech_volume_of(wanted.volume),
        tries=wanted.try_count,
        next_try_seconds=wanted.next_try_seconds,
        at=due_at(wanted.scheduled),
        reference_id=f"batch {batch}",
    )


def _person(request: AddMember | AlterMember) -> Person:
    return Person(request.number or "", request.client_id or "", request.first_name or "", request.last_name or "")


def _refused(code: int, text: str = "") -> ListDialReturn:
    return ListDialReturn(response_code=code, error_text=text or RESPONSE_TEXTS[code])
