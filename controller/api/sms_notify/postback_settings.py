"""Where post-backs of texts go, set by the customer: for a licence key or for one of its phone numbers."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from uuid import UUID

import phonenumbers

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, enumeration, parameters, structure
from controller.api.sms_notify.sms_models import NAMESPACE, ByKey
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackKind, PostbackSetting, PostbackUrls
from controller.directory.snapshot import Did, LicenseKey
from controller.egress.urls import customer_url
from controller.errors import UrlRefused
from controller.numbers import try_number
from controller.texts.postback import shown_number

_KEY = "The licence key, a GUID."
_NUMBER = "A phone number of the licence key."
_COUNTRY = "The country of the number, in two letters such as US."


@enumeration("SMSPostbackType", NAMESPACE)
class PostbackType(IntEnum):
    """Which post-backs."""

    All = 0
    DeliveryReceipt = 1
    IncomingMessage = 2
    OutgoingMessage = 3


_KINDS = {
    PostbackType.All: PostbackKind.ALL,
    PostbackType.IncomingMessage: PostbackKind.INCOMING,
    PostbackType.OutgoingMessage: PostbackKind.OUTGOING,
}
_TYPES = {kind: each for each, kind in _KINDS.items()}


@enumeration("SMSPostbackReturnCode", NAMESPACE)
class PostbackReturnCode(IntEnum):
    """What came of a request."""

    NoError = 0
    InvalidLicenseKey = 1
    InvalidUrl = 2
    InvalidPhoneNumber = 3
    InvalidPostbackType = 4
    NotFound = 5
    InvalidCountry = 6


@structure("PostbackSettingsResponse", NAMESPACE)
class PostbackSettingsResponse:
    """One setting, or why there is none."""

    country: str | None = element("Country", default=None)
    phone_number: str | None = element("PhoneNumber", default=None)
    enabled: bool = element("PostbackEnabled", default=False)
    postback_type: PostbackType = element("PostbackType", default=PostbackType.All)
    url: str | None = element("PostbackUrl", default=None)
    code: PostbackReturnCode = element("ReturnCode")


@parameters
class ByNumber:
    """A number."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    phone_number: str = element("PhoneNumber", documentation=_NUMBER)
    country: str = element("Country", documentation=_COUNTRY)


@parameters
class SetEnabledForNumber:
    """Whether a number's post-backs are made."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    phone_number: str = element("PhoneNumber", documentation=_NUMBER)
    country: str = element("Country", documentation=_COUNTRY)
    postback_type: PostbackType = element("PostbackType")
    enabled: bool = element("Enabled")


@parameters
class SetUrlForNumber:
    """Where a number's post-backs go."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    phone_number: str = element("PhoneNumber", documentation=_NUMBER)
    country: str = element("Country", documentation=_COUNTRY)
    postback_type: PostbackType = element("PostbackType")
    url: str = element("Url")


@parameters
class SetEnabledForKey:
    """Whether a key's post-backs are made."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    postback_type: PostbackType = element("PostbackType")
    enabled: bool = element("Enabled")


@parameters
class SetUrlForKey:
    """Where a key's post-backs go."""

    license_key: UUID = element("LicenseKey", credential=True, documentation=_KEY)
    postback_type: PostbackType = element("PostbackType")
    url: str = element("Url")


class PostbackSettingOperations:
    """Tells and changes where post-backs go. What the YAML states is told, and not changed: NotFound.

    Delivery receipts go where a text's other results go, and have no setting: InvalidPostbackType.
    """

    def __init__(self, directory: CurrentDirectory, urls: PostbackUrls) -> None:
        self._directory = directory
        self._urls = urls

    @operation("GetPostbackSettingsForPhoneNumber")
    async def get_for_number(self, request: ByNumber, caller: Caller) -> tuple[PostbackSettingsResponse, ...]:
        """Where the post-backs of a phone number go."""
        found = self._did(caller, request.license_key, request.phone_number, request.country)
        if isinstance(found, PostbackReturnCode):
            return (PostbackSettingsResponse(code=found),)
        key, did = found
        stated = did.status_post_url
        return _responses(self._urls.settings(key, did.number), stated, did.number, request.country)

    @operation("GetPostbackSettingsForLicenseKey")
    async def get_for_key(self, request: ByKey, caller: Caller) -> tuple[PostbackSettingsResponse, ...]:
        """Where the post-backs of a licence key go: of its numbers that have no setting of their own."""
        key = caller.customer(request.license_key)
        if key is None:
            return (PostbackSettingsResponse(code=PostbackReturnCode.InvalidLicenseKey),)
        return _responses(self._urls.settings(key), key.status_post_url, "", "")

    @operation("SetPostbackEnabledForPhoneNumber")
    async def set_enabled_for_number(self, request: SetEnabledForNumber, caller: Caller) -> PostbackReturnCode:
        """Switch the post-backs of a phone number on or off."""
        found = self._did(caller, request.license_key, request.phone_number, request.country)
        if isinstance(found, PostbackReturnCode):
            return found
        key, did = found
        if did.status_post_url:
            return PostbackReturnCode.NotFound
        return await self._store(key, did.number, request.postback_type, enabled=request.enabled)

    @operation("SetPostbackUrlForPhoneNumber")
    async def set_url_for_number(self, request: SetUrlForNumber, caller: Caller) -> PostbackReturnCode:
        """Set where the post-backs of a phone number go."""
        found = self._did(caller, request.license_key, request.phone_number, request.country)
        if isinstance(found, PostbackReturnCode):
            return found
        key, did = found
        if not _is_url(request.url):
            return PostbackReturnCode.InvalidUrl
        if did.status_post_url:
            return PostbackReturnCode.NotFound
        return await self._store(key, did.number, request.postback_type, url=request.url)

    @operation("SetPostbackEnabledForLicenseKey")
    async def set_enabled_for_key(self, request: SetEnabledForKey, caller: Caller) -> PostbackReturnCode:
        """Switch the post-backs of a licence key on or off."""
        key = caller.customer(request.license_key)
        if key is None:
            return PostbackReturnCode.InvalidLicenseKey
        if key.status_post_url:
            return PostbackReturnCode.NotFound
        return await self._store(key, "", request.postback_type, enabled=request.enabled)

    @operation("SetPostbackUrlForLicenseKey")
    async def set_url_for_key(self, request: SetUrlForKey, caller: Caller) -> PostbackReturnCode:
        """Set where the post-backs of a licence key go."""
        key = caller.customer(request.license_key)
        if key is None:
            return PostbackReturnCode.InvalidLicenseKey
        if not _is_url(request.url):
            return PostbackReturnCode.InvalidUrl
        if key.status_post_url:
            return PostbackReturnCode.NotFound
        return await self._store(key, "", request.postback_type, url=request.url)

    async def _store(
        self, key: LicenseKey, number: str, wanted: PostbackType, *, enabled: bool | None = None, url: str | None = None
    ) -> PostbackReturnCode:
        kind = _KINDS.get(wanted)
        if kind is None:
            return PostbackReturnCode.InvalidPostbackType
        await self._urls.store(key, number, kind, enabled=enabled, url=url)
        return PostbackReturnCode.NoError

    def _did(
        self, caller: Caller, license_key: UUID, phone_number: str, country: str
    ) -> tuple[LicenseKey, Did] | PostbackReturnCode:
        key = caller.customer(license_key)
        if key is None:
            return PostbackReturnCode.InvalidLicenseKey
        region = country.strip().upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            return PostbackReturnCode.InvalidCountry
        number = try_number(phone_number, region)
        if number is None:
            return PostbackReturnCode.InvalidPhoneNumber
        did = self._directory.snapshot.did(number)
        if did is None or did.sms is None or did.sms.name != key.name:
            return PostbackReturnCode.NotFound
        return key, did


def _is_url(text: str) -> bool:
    try:
        customer_url(text)
    except UrlRefused:
        return False
    return True


def _responses(
    settings: Sequence[PostbackSetting], stated: str | None, number: str, country: str
) -> tuple[PostbackSettingsResponse, ...]:
    """The settings as they count: the YAML's alone where it has one."""
    if stated:
        settings = (PostbackSetting(PostbackKind.ALL, url=stated),)
    if not settings:
        return (PostbackSettingsResponse(code=PostbackReturnCode.NotFound),)
    return tuple(
        PostbackSettingsResponse(
            country=country.upper() or None,
            phone_number=shown_number(number) or None,
            enabled=each.enabled,
            postback_type=_TYPES[each.kind],
            url=each.url or None,
            code=PostbackReturnCode.NoError,
        )
        for each in settings
    )
