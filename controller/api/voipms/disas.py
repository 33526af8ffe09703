"""Methods about DISAs: who knows the PIN calls on from a number of the account, at its cost."""

from __future__ import annotations

import re
import secrets

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import shown_e164, shown_number, text_of
from controller.api.voipms.values import whole
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import DISA
from controller.ivr.pins import pin_digest

PIN = re.compile(r"[0-9]{4,20}")


@parameters
class DisaFilter:
    """Which DISA; all without one."""

    disa: str = element("disa", default="")


@structure("DISA", NAMESPACE)
class DisaInfo:
    """A DISA: what setDISA takes."""

    disa: str = element("disa")
    name: str = element("name")
    pin: str = element("pin")
    digit_timeout: str = element("digit_timeout")
    callerid_override: str = element("callerid_override")


@structure("getDISAsOutput", NAMESPACE)
class DisasAnswer:
    """DISAs."""

    disa: tuple[DisaInfo, ...] = element("disa")


@parameters
class SetDisa:
    """A DISA; a new one where no number of one is given."""

    disa: str = element("disa", default="")
    name: str = element("name", default="")
    pin: str = element("pin", default="")
    digit_timeout: str = element("digit_timeout", default="")
    callerid_override: str = element("callerid_override", default="")


@structure("setDISAOutput", NAMESPACE)
class DisaAnswer:
    """The number of a DISA."""

    disa: int = element("disa")


class DisaMethods:
    """A PIN is never left out. What is dialled goes only to where the licence key may call."""

    def __init__(self, directory: CurrentDirectory, entries: Entries) -> None:
        self._directory = directory
        self._book = EntryBook(entries, DISA, "disa")

    @operation("getDISAs")
    async def disas(self, request: DisaFilter, caller: Caller) -> DisasAnswer:
        """The account's DISAs, or one of them."""
        return DisasAnswer(disa=tuple(map(_info, self._book.listed(caller.account, request.disa))))

    @operation("setDISA")
    async def set_disa(self, request: SetDisa, caller: Caller) -> DisaAnswer:
        """Add a DISA, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.disa)
        name = self._book.named(key, text_of(required(request.name, "missing_name"), "invalid_name"), entry)
        pin = required(request.pin, "missing_pin")
        if PIN.fullmatch(pin) is None:
            raise Refused("invalid_pin", "A PIN has 4 to 20 digits.")
        timeout = required(request.digit_timeout, "missing_digit_timeout")
        content = {
            "name": name,
            "pin": pin,
            "pin_digest": pin_digest(pin, secrets.token_hex(8)),
            "digit_timeout": whole(timeout, 1, 60, "invalid_digit_timeout"),
            "callerid_override": shown_number(self._directory, key, request.callerid_override, "callerid_override"),
        }
        return DisaAnswer(disa=await self._book.save(key, entry, content))

    @operation("delDISA")
    async def delete(self, request: DisaFilter, caller: Caller) -> None:
        """Delete a DISA."""
        await self._book.delete(caller.account, request.disa)


def _info(entry: Entry) -> DisaInfo:
    content = entry.content
    return DisaInfo(
        disa=str(entry.entry_id),
        name=entry.name,
        pin=content["pin"],
        digit_timeout=str(content["digit_timeout"]),
        callerid_override=shown_e164(content["callerid_override"]),
    )
