"""Methods about callbacks: who calls is hung up on and called back, and dials on from there."""

from __future__ import annotations

import re

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import called_number, shown_e164, shown_number, text_of
from controller.api.voipms.values import whole
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import CALLBACK


@parameters
class CallbackFilter:
    """Which callback; all without one."""

    callback: str = element("callback", default="")


@structure("Callback", NAMESPACE)
class CallbackInfo:
    """A callback: what setCallback takes. Times are in seconds."""

    callback: str = element("callback")
    description: str = element("description")
    number: str = element("number")
    delay_before: int = element("delay_before")
    response_timeout: int = element("response_timeout")
    digit_timeout: int = element("digit_timeout")
    callerid_number: str = element("callerid_number")


@structure("getCallbacksOutput", NAMESPACE)
class CallbacksAnswer:
    """Callbacks."""

    callbacks: tuple[CallbackInfo, ...] = element("callbacks")


@parameters
class SetCallback:
    """A callback; a new one where no number of one is given."""

    callback: str = element("callback", default="")
    description: str = element("description", default="")
    number: str = element("number", default="")
    delay_before: str = element("delay_before", default="")
    response_timeout: str = element("response_timeout", default="")
    digit_timeout: str = element("digit_timeout", default="")
    callerid_number: str = element("callerid_number", default="")


@structure("setCallbackOutput", NAMESPACE)
class CallbackAnswer:
    """The number of a callback."""

    callback: int = element("callback")


class CallbackMethods:
    """Who is called back dials on at the account's cost, to where its licence key may call."""

    def __init__(self, directory: CurrentDirectory, entries: Entries) -> None:
        self._directory = directory
        self._book = EntryBook(entries, CALLBACK, "callback")

    @operation("getCallbacks")
    async def callbacks(self, request: CallbackFilter, caller: Caller) -> CallbacksAnswer:
        """The account's callbacks, or one of them."""
        found = self._book.listed(caller.account, request.callback)
        return CallbacksAnswer(callbacks=tuple(map(_info, found)))

    @operation("setCallback")
    async def set_callback(self, request: SetCallback, caller: Caller) -> CallbackAnswer:
        """Add a callback, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.callback)
        description = text_of(required(request.description, "missing_description"), "invalid_description")
        number = called_number(self._directory, key, request.number, "number")
        if self._directory.snapshot.did(number) is not None:
            raise Refused("existing_did", "This is a number of this service: a callback to it would call itself.")
        content = {
            "description": description,
            "number": number,
            # As the vendor's page asks for it, with the country code: programs look for their callback by it.
            "written": "".join(re.findall("[0-9]", request.number)),
            "delay_before": _seconds(request.delay_before, "delay_before", 0, 60),
            "response_timeout": _seconds(request.response_timeout, "response_timeout", 1, 60),
            "digit_timeout": _seconds(request.digit_timeout, "digit_timeout", 1, 60),
            "callerid_number": shown_number(self._directory, key, request.callerid_number, "callerid_number"),
        }
        return CallbackAnswer(callback=await self._book.save(key, entry, content))

    @operation("delCallback")
    async def delete(self, request: CallbackFilter, caller: Caller) -> None:
        """Delete a callback."""
        await self._book.delete(caller.account, request.callback)


def _seconds(text: str, noun: str, least: int, most: int) -> int:
    return whole(required(text, f"missing_{noun}"), least, most, f"invalid_{noun}")


def _info(entry: Entry) -> CallbackInfo:
    content = entry.content
    return CallbackInfo(
        callback=str(entry.entry_id),
        description=content["description"],
        number=content.get("written") or shown_e164(content["number"]),
        delay_before=content["delay_before"],
        response_timeout=content["response_timeout"],
        digit_timeout=content["digit_timeout"],
        callerid_number=shown_e164(content["callerid_number"]),
    )
