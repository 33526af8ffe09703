"""The interfaces that customers' programs talk to, wired."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from aiohttp import web

from controller.api.auth import Authenticator, Guesses
from controller.api.bindings.asmx import Asmx
from controller.api.bindings.wcf import Wcf
from controller.api.sms_notify.interfaces import messaging_interface, sms_interface, version1_interface
from controller.api.sms_notify.keywords import KeywordOperations
from controller.api.sms_notify.media import MediaLinks, MediaOperations
from controller.api.sms_notify.messaging import MessagingOperations
from controller.api.sms_notify.postback_settings import PostbackSettingOperations
from controller.api.sms_notify.sms import SmsOperations
from controller.api.sms_notify.version1 import Version1Operations
from controller.api.store.answers import KeptAnswers
from controller.api.store.media import MediaStore
from controller.api.text_media import TextMediaHandler
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackUrls
from controller.directory.snapshot import LicenseKey
from controller.egress.guard import Guard
from controller.store.database import Database
from controller.texts.consent import OptOuts
from controller.texts.service import Texts


@dataclass(frozen=True, slots=True)
class InterfaceParts:
    """What interfaces are made of."""

    http: HttpSection
    database: Database
    directory: CurrentDirectory
    guard: Guard
    texts: Texts
    postback_urls: PostbackUrls
    guesses: Guesses = field(default_factory=Guesses)


def customer_routes(parts: InterfaceParts) -> list[web.RouteDef]:
    """The routes of every customer interface."""

    def find_key(text: str) -> LicenseKey | None:
        return parts.directory.snapshot.key_by_value(text)

    proxies = tuple(map(ip_network, parts.http.trusted_proxies))
    authenticator = Authenticator(find_key, parts.guesses, proxies)
    answers = KeptAnswers(parts.database)
    media = MediaStore(parts.database)
    messaging = messaging_interface(
        MessagingOperations(parts.texts, OptOuts(parts.database), MediaLinks(media, parts.http.public_url)),
        KeywordOperations(),
        PostbackSettingOperations(parts.directory, parts.postback_urls),
        MediaOperations(media, parts.guard),
    )
    return [
        *Wcf(sms_interface(SmsOperations(parts.texts)), authenticator, answers).routes(),
        *Wcf(messaging, authenticator, answers).routes(),
        *Asmx(version1_interface(Version1Operations(parts.texts)), authenticator, answers).routes(),
        *TextMediaHandler(media).routes(),
    ]
