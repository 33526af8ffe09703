"""The numbers of the key over the JSON interface: taken from the stock, routed, and what is set about each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, as_problems, not_found
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.voipms.did_checks import routing_of, routing_setting, sms_settings
from controller.api.voipms.did_models import SetSms
from controller.api.voipms.routing_checks import RoutingChecks
from controller.directory.current import CurrentDirectory
from controller.directory.did_settings import DidSettings
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.postback_urls import PostbackKind, PostbackSetting, PostbackUrls
from controller.directory.snapshot import Did
from controller.egress.urls import customer_url, masked_url
from controller.errors import UrlRefused
from controller.numbers import try_number
from controller.script.parser import LONGEST_SCRIPT

LONGEST_URL = 2000
MOST_IN_STOCK = 500
PhoneNumber = Annotated[str, Field(min_length=1, max_length=40)]
Url = Annotated[str, Field(max_length=LONGEST_URL, description="Empty: none.")]
_STATED = ApiRefused(409, "stated", "The configuration says this of the number.")


class OneNumber(Asked):
    """A number of the key."""

    number: PhoneNumber


class StockNumber(Told):
    """A number that nobody has."""

    number: str
    location: str


class Stock(Told):
    """Numbers that nobody has."""

    numbers: tuple[StockNumber, ...]


class NumberRouted(Asked):
    """Where calls to a number are led."""

    number: PhoneNumber
    routing: Annotated[str, Field(min_length=1, max_length=200, description="Such as ivr:3, recording:1 or sys:busy.")]


class NumberScript(Asked):
    """The script that answers a number."""

    number: PhoneNumber
    script: Annotated[str, Field(min_length=1, max_length=LONGEST_SCRIPT)]


class CallPostbacks(Asked):
    """Where post-backs of a number's calls go."""

    number: PhoneNumber
    url: Url


class TextPostbacks(Asked):
    """Where post-backs of a number's texts go: of `all`, or of `incoming` or `outgoing` ones."""

    number: PhoneNumber
    kind: PostbackKind
    url: Url
    enabled: bool = True


class NumberTexts(Asked):
    """What becomes of texts that come in to a number. A target counts while its switch is on."""

    number: PhoneNumber
    enabled: bool = True
    email_enabled: bool = False
    email: Annotated[str, Field(max_length=254)] = ""
    forward_enabled: bool = False
    forward: Annotated[str, Field(max_length=40)] = ""
    url_callback_enabled: bool = False
    url_callback: Url = ""
    url_callback_retry: bool = False
    webhook_enabled: bool = False
    webhook: Url = ""


class TextUrl(Told):
    """Where post-backs of one kind go. url: without its password."""

    kind: PostbackKind
    url: str
    enabled: bool


class NumberDetail(Told):
    """A number with what is set about it. Of URLs, the password is left out; script: None where none was set here."""

    number: str
    routing: str
    script: str | None
    call_postbacks: str
    text_postbacks: tuple[TextUrl, ...]
    texts: NumberTexts | None


class NumberChanged(Told):
    """The number that was changed."""

    number: str


class NumberOperations:
    """Operations on single numbers. What the configuration states is shown, and not changed."""

    def __init__(
        self, directory: CurrentDirectory, dids: GrantedDids, entries: Entries, postback_urls: PostbackUrls
    ) -> None:
        self._directory = directory
        self._dids = dids
        self._urls = postback_urls
        self._checks = RoutingChecks(directory, entries)

    @api_operation("GET", "/available-numbers", Scope.NUMBERS_READ)
    async def list_available_numbers(self, asked: NothingAsked, bearer: TokenBearer) -> Stock:  # noqa: ARG002
        """The numbers that can be taken."""
        stock = self._dids.available()[:MOST_IN_STOCK]
        return Stock(numbers=tuple(StockNumber(number=each, location=self._dids.location(each)) for each in stock))

    @api_operation("POST", "/available-numbers/{number}/take", Scope.NUMBERS_WRITE, audited=True)
    async def take_number(self, asked: OneNumber, bearer: TokenBearer) -> NumberChanged:
        """Take a number that nobody has."""
        number = try_number(asked.number)
        if number is None or not await self._dids.assign(number, bearer.key.name):
            raise ApiRefused(409, "not-available", "This number is not free (any more).")
        return NumberChanged(number=number)

    @api_operation("GET", "/numbers/{number}", Scope.NUMBERS_READ)
    async def show_number(self, asked: OneNumber, bearer: TokenBearer) -> NumberDetail:
        """One number of the key, with what is set about it."""
        did, key = self._did(asked.number, bearer), bearer.key
        has_texts = did.sms is not None and did.sms.name == key.name
        has_calls = did.voice is not None and did.voice.name == key.name
        urls = [
            TextUrl(kind=each.kind, url=masked_url(each.url), enabled=each.enabled) for each in self._set(did, bearer)
        ]
        return NumberDetail(
            number=did.number,
            routing=routing_of(did) if has_calls else "",
            script=self._dids.script(did.number, key.name),
            call_postbacks=masked_url(did.status_post_url or did.settings.call_post_url or ""),
            text_postbacks=tuple(urls),
            texts=_texts(did.number, did.settings) if has_texts else None,
        )

    @api_operation("POST", "/numbers/{number}/routing", Scope.NUMBERS_WRITE, audited=True)
    async def route_number(self, asked: NumberRouted, bearer: TokenBearer) -> NumberChanged:
        """Lead the calls to a number somewhere, from the next call on."""
        did = self._did(asked.number, bearer)
        with as_problems():
            settings = routing_setting(did, bearer.key, asked.routing, self._checks)
        if settings:
            await self._dids.set_settings(did.number, bearer.key.name, settings)
        return NumberChanged(number=did.number)

    @api_operation("POST", "/numbers/{number}/script", Scope.SCRIPTS_WRITE, audited=True)
    async def set_number_script(self, asked: NumberScript, bearer: TokenBearer) -> NumberChanged:
        """Let a script answer a number, from the next call on. A script with mistakes is refused."""
        did = self._did(asked.number, bearer)
        by = f"token {bearer.name}"
        if refusal := await self._dids.set_script(did.number, bearer.key.name, asked.script, by=by):
            raise ApiRefused(422, "script-refused", refusal)
        return NumberChanged(number=did.number)

    @api_operation("POST", "/numbers/{number}/call-postbacks", Scope.NUMBERS_WRITE, audited=True)
    async def set_call_postbacks(self, asked: CallPostbacks, bearer: TokenBearer) -> NumberChanged:
        """Set where post-backs of a number's calls go."""
        did = self._did(asked.number, bearer)
        if did.voice is None or did.voice.name != bearer.key.name or did.status_post_url:
            raise _STATED
        _check(asked.url)
        await self._dids.set_settings(did.number, bearer.key.name, {"call_post_url": asked.url.strip()})
        return NumberChanged(number=did.number)

    @api_operation("POST", "/numbers/{number}/text-postbacks", Scope.NUMBERS_WRITE, audited=True)
    async def set_text_postbacks(self, asked: TextPostbacks, bearer: TokenBearer) -> NumberChanged:
        """Set where post-backs of one kind of a number's texts go."""
        did = self._did(asked.number, bearer)
        if did.sms is None or did.sms.name != bearer.key.name or did.status_post_url:
            raise _STATED
        _check(asked.url)
        await self._urls.store(bearer.key, did.number, asked.kind, enabled=asked.enabled, url=asked.url.strip())
        return NumberChanged(number=did.number)

    @api_operation("POST", "/numbers/{number}/texts", Scope.NUMBERS_WRITE, audited=True)
    async def set_number_texts(self, asked: NumberTexts, bearer: TokenBearer) -> NumberChanged:
        """Set what becomes of texts that come in to a number."""
        did = self._did(asked.number, bearer)
        if did.sms is None or did.sms.name != bearer.key.name:
            raise ApiRefused(409, "not-yours", "The texts of this number are not this key's.")
        with as_problems():
            settings = sms_settings(_as_set_sms(asked), did.settings)
        await self._dids.set_settings(did.number, bearer.key.name, settings)
        return NumberChanged(number=did.number)

    def _did(self, text: str, bearer: TokenBearer) -> Did:
        number = try_number(text)
        did = self._directory.snapshot.did(number) if number else None
        if did is None or bearer.key.name not in did.owners:
            raise not_found("number")
        return did

    def _set(self, did: Did, bearer: TokenBearer) -> tuple[PostbackSetting, ...]:
        return self._urls.settings(bearer.key, did.number)


def _check(url: str) -> None:
    if not url.strip():
        return
    try:
        customer_url(url.strip())
    except UrlRefused as error:
        raise ApiRefused(422, "invalid", f"url: {error}") from None


def _as_set_sms(asked: NumberTexts) -> SetSms:
    """The request as the operation of the VoIP.ms interface that sets the same."""
    return SetSms(
        enable=str(int(asked.enabled)),
        email_enabled=str(int(asked.email_enabled)),
        email_address=asked.email,
        sms_forward_enabled=str(int(asked.forward_enabled)),
        sms_forward=asked.forward,
        url_callback_enabled=str(int(asked.url_callback_enabled)),
        url_callback=asked.url_callback,
        url_callback_retry=str(int(asked.url_callback_retry)),
        webhook_enabled=str(int(asked.webhook_enabled)),
        webhook=asked.webhook,
    )


def _texts(number: str, settings: DidSettings) -> NumberTexts:
    return NumberTexts(
        number=number,
        enabled=settings.sms_enabled,
        email_enabled=settings.sms_email_enabled,
        email=settings.sms_email,
        forward_enabled=settings.sms_forward_enabled,
        forward=settings.sms_forward,
        url_callback_enabled=settings.sms_url_callback_enabled,
        url_callback=masked_url(settings.sms_url_callback),
        url_callback_retry=settings.sms_url_callback_retry,
        webhook_enabled=settings.webhook_enabled,
        webhook=masked_url(settings.webhook),
    )
