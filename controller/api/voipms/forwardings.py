"""Methods about forwardings: numbers that calls are passed on to."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import called_number, half_seconds, shown_e164, shown_number, text_of, tones
from controller.api.voipms.values import bit, flag
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import FORWARDING

LONGEST_PAUSE = 10.0


@parameters
class ForwardingFilter:
    """Which forwarding; all without one."""

    forwarding: str = element("forwarding", default="")


@structure("Forwarding", NAMESPACE)
class ForwardingInfo:
    """A forwarding: what setForwarding takes."""

    forwarding: str = element("forwarding")
    phone_number: str = element("phone_number")
    callerid_override: str = element("callerid_override")
    description: str = element("description")
    dtmf_digits: str = element("dtmf_digits")
    pause: str = element("pause")
    diversion_header: str = element("diversion_header")


@structure("getForwardingsOutput", NAMESPACE)
class ForwardingsAnswer:
    """Forwardings."""

    forwardings: tuple[ForwardingInfo, ...] = element("forwardings")


@parameters
class SetForwarding:
    """A forwarding; a new one where no number of one is given."""

    forwarding: str = element("forwarding", default="")
    phone_number: str = element("phone_number", default="")
    callerid_override: str = element("callerid_override", default="")
    description: str = element("description", default="")
    dtmf_digits: str = element("dtmf_digits", default="")
    pause: str = element("pause", default="")
    diversion_header: str = element("diversion_header", default="")


@structure("setForwardingOutput", NAMESPACE)
class ForwardingAnswer:
    """The number of a forwarding."""

    forwarding: int = element("forwarding")


class ForwardingMethods:
    """A change counts for the next call. Where the account may call to, `destinations` of its licence key says."""

    def __init__(self, directory: CurrentDirectory, entries: Entries) -> None:
        self._directory = directory
        self._book = EntryBook(entries, FORWARDING, "forwarding")

    @operation("getForwardings")
    async def forwardings(self, request: ForwardingFilter, caller: Caller) -> ForwardingsAnswer:
        """The account's forwardings, or one of them."""
        found = self._book.listed(caller.account, request.forwarding)
        return ForwardingsAnswer(forwardings=tuple(map(_info, found)))

    @operation("setForwarding")
    async def set_forwarding(self, request: SetForwarding, caller: Caller) -> ForwardingAnswer:
        """Add a forwarding, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.forwarding)
        content = {
            "phone_number": called_number(self._directory, key, request.phone_number, "phonenumber"),
            "callerid_override": shown_number(self._directory, key, request.callerid_override, "callerid_override"),
            "description": text_of(request.description, "invalid_description"),
            "dtmf_digits": tones(request.dtmf_digits, "invalid_dtmf_digits"),
            "pause": half_seconds(request.pause, LONGEST_PAUSE, "invalid_pause"),
            "diversion_header": bit(on=flag(request.diversion_header, "invalid_diversion_header")),
        }
        return ForwardingAnswer(forwarding=await self._book.save(key, entry, content))

    @operation("delForwarding")
    async def delete(self, request: ForwardingFilter, caller: Caller) -> None:
        """Delete a forwarding."""
        await self._book.delete(caller.account, request.forwarding)


def _info(entry: Entry) -> ForwardingInfo:
    content = entry.content
    return ForwardingInfo(
        forwarding=str(entry.entry_id),
        phone_number=shown_e164(content["phone_number"]),
        callerid_override=shown_e164(content["callerid_override"]),
        description=content["description"],
        dtmf_digits=content["dtmf_digits"],
        pause=content["pause"],
        diversion_header=content["diversion_header"],
    )
