"""Keywords of short codes. Ringpost sends from phone numbers and has no short codes, so none can be assigned; who asks
is told so in the interface's own words."""

from __future__ import annotations

import re
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, enumeration, parameters, structure
from controller.api.sms_notify.sms_models import NAMESPACE, ByKey
from controller.texts.keywords import HOUSE_KEYWORDS, plain_keyword

SHORTEST_KEYWORD = 3
# Answers that people give every day, which would be taken for keywords.
_EVERYDAY = frozenset(["yes", "yep", "yeah", "no", "nope", "sure", "okay", "thanks", "thank you", "hello", "maybe"])
_SHORT_CODE = re.compile(r"\d{5,6}", re.ASCII)


@enumeration("SMSKeywordReturnCode", NAMESPACE)
class KeywordReturnCode(IntEnum):
    """What came of a request."""

    NoError = 0
    KeywordAdded = 1
    KeywordAlreadyInUse = 2
    ShortCodeNotAssignedToKey = 3
    LicenseKeyInvalid = 4
    KeywordInvalid = 5
    ShortCodeInvalid = 6
    KeywordRemoved = 7
    KeywordNotFound = 8
    InternalError = 9


@structure("KeywordRequestInfo", NAMESPACE)
class KeywordRequestInfo:
    """One keyword."""

    keyword: str | None = element("Keyword")
    short_code: str | None = element("ShortCode")


@structure("SMSKeywordRequest", NAMESPACE)
class KeywordRequest:
    """Keywords of a licence key."""

    license_key: UUID = element("LicenseKey", credential=True)
    keywords: tuple[KeywordRequestInfo, ...] | None = element("SMSKeywords")


@structure("KeywordResponseInfo", NAMESPACE)
class KeywordResponseInfo:
    """What came of one keyword."""

    entered_at: datetime | None = element("EntryDate", default=None)
    keyword: str | None = element("Keyword")
    code: KeywordReturnCode = element("ReturnCode")
    short_code: str | None = element("ShortCode")


@structure("SMSKeywordResponse", NAMESPACE)
class KeywordResponse:
    """What came of a request, and of each keyword."""

    code: KeywordReturnCode = element("ReturnCode")
    keywords: tuple[KeywordResponseInfo, ...] | None = element("SMSKeyword")


@parameters
class ChangeKeywords:
    """Keywords."""

    request: KeywordRequest = element("KeywordRequest")


class KeywordOperations:
    """Answers what can be said without short codes."""

    @operation("GetKeywords")
    async def get(self, request: ByKey, caller: Caller) -> KeywordResponse:
        """The keywords of a licence key: always none, for there are no short codes."""
        return _response(caller, request.license_key, ())

    @operation("GetKeywordsWebPost", verb="POST")
    async def get_web_post(self, request: ByKey, caller: Caller) -> KeywordResponse:
        """The keywords of a licence key: GetKeywords by POST."""
        return await self.get(request, caller)

    @operation("AssignKeyword", verb="POST")
    async def assign(self, request: ChangeKeywords, caller: Caller) -> KeywordResponse:
        """Assign keywords of a short code. Each is refused: ShortCodeNotAssignedToKey, if it is valid otherwise."""
        wanted = request.request
        answers = tuple(_answer(each, KeywordReturnCode.ShortCodeNotAssignedToKey) for each in wanted.keywords or ())
        return _response(caller, wanted.license_key, answers)

    @operation("RemoveKeyword", verb="POST")
    async def remove(self, request: ChangeKeywords, caller: Caller) -> KeywordResponse:
        """Remove keywords of a short code. None is found."""
        wanted = request.request
        answers = tuple(_answer(each, KeywordReturnCode.KeywordNotFound) for each in wanted.keywords or ())
        return _response(caller, wanted.license_key, answers)


def _response(caller: Caller, license_key: UUID, answers: tuple[KeywordResponseInfo, ...]) -> KeywordResponse:
    if caller.customer(license_key) is None:
        return KeywordResponse(code=KeywordReturnCode.LicenseKeyInvalid, keywords=())
    return KeywordResponse(code=answers[0].code if answers else KeywordReturnCode.NoError, keywords=answers)


def _answer(wanted: KeywordRequestInfo, otherwise: KeywordReturnCode) -> KeywordResponseInfo:
    keyword, code = plain_keyword((wanted.keyword or "")[:200]), otherwise
    if len(keyword) < SHORTEST_KEYWORD or keyword in HOUSE_KEYWORDS or keyword in _EVERYDAY:
        code = KeywordReturnCode.KeywordInvalid
    elif not _SHORT_CODE.fullmatch((wanted.short_code or "").strip()):
        code = KeywordReturnCode.ShortCodeInvalid
    return KeywordResponseInfo(keyword=wanted.keyword, code=code, short_code=wanted.short_code)
