"""The parameters of Phone Notify!'s operations on lists (LM_*), in the order and the spelling of the vendor's WSDL."""

from __future__ import annotations

from controller.api.bindings.model import element, parameters
from controller.api.bindings.types import UnsignedByte
from controller.api.phone_notify.models import ListDial


@parameters
class KeyOfLists:
    """Nothing but the licence key, in the spelling of LM_GetListIDsByLicensekey."""

    license_key: str | None = element("licensekey", credential=True)


@parameters
class MembersOfList:
    """A list, by its id."""

    list_id: int = element("ListID")
    license_key: str | None = element("Licensekey", credential=True)


@parameters
class AddList:
    """A new list."""

    name: str | None = element("ListName")
    parent_id: int = element("ParentListID", documentation="0 for none")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class AddMember:
    """A new member of a list."""

    list_id: int = element("ListID")
    license_key: str | None = element("LicenseKey", credential=True)
    number: str | None = element("PhoneNumber")
    client_id: str | None = element("ClientID")
    first_name: str | None = element("FirstName")
    last_name: str | None = element("LastName")


@parameters
class AlterMember:
    """What a member of a list becomes."""

    member_id: int = element("ListMemberID")
    license_key: str | None = element("licensekey", credential=True)
    client_id: str | None = element("ClientID")
    first_name: str | None = element("FirstName")
    last_name: str | None = element("LastName")
    number: str | None = element("PhoneNumber")


@parameters
class AlterList:
    """What a list becomes."""

    list_id: int = element("ListID")
    parent_id: int = element("ParentListID", documentation="0 for none, -1 to leave it")
    name: str | None = element("ListName")
    license_key: str | None = element("Licensekey", credential=True)


@parameters
class OneList:
    """A list, by its id."""

    list_id: int = element("ListID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class OneMember:
    """A member of a list, by its id."""

    member_id: int = element("ListMemberID")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class DialList:
    """A list whose members are called."""

    list_id: int = element("ListID")
    recursive: bool = element("DialRecursiveLists")
    caller_id: str | None = element("CallerID", default=None)
    caller_id_name: str | None = element("CallerIDName", default=None)
    voice: UnsignedByte = element("VoiceID", default=0)
    text: str | None = element("TextToSay")
    license_key: str | None = element("LicenseKey", credential=True)


@parameters
class DialListAdvanced:
    """A list whose members are called, with everything."""

    request: ListDial | None = element("lmFunctions")
