"""Ringpost's own JSON interface, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from controller.api.auth import Authenticator, Guesses
from controller.api.json_api.account import AccountOperations
from controller.api.json_api.audit import AuditsChanges
from controller.api.json_api.calls import CallOperations
from controller.api.json_api.declaration import api_operations_of
from controller.api.json_api.door import JsonApi
from controller.api.json_api.menus import MenuOperations
from controller.api.json_api.numbers import NumberOperations
from controller.api.json_api.opt_outs import OptOutOperations
from controller.api.json_api.postbacks import PostbackOperations
from controller.api.json_api.recordings import RecordingOperations
from controller.api.json_api.texts import TextOperations
from controller.api.reads import Reads
from controller.api.store.api_tokens import ApiTokens
from controller.calls.administration import CallAdministration
from controller.calls.outgoing.notifications import Notifications
from controller.config.sections import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.directory.postback_urls import PostbackUrls
from controller.metering.prices import CurrentPrices
from controller.store.database import Database
from controller.texts.service import Texts


@dataclass(frozen=True, slots=True)
class JsonApiParts:
    """What the interface is made of. reads: what lists are read by. audit: where changes are written down. operations:
    what declares further ones.
    """

    database: Database
    reads: Reads
    directory: CurrentDirectory
    notifications: Notifications
    administration: CallAdministration
    texts: Texts
    prices: CurrentPrices
    dids: GrantedDids
    entries: Entries
    sounds: KeySounds
    postback_urls: PostbackUrls
    audit: AuditsChanges
    operations: Sequence[object] = ()
    http: HttpSection = field(default_factory=HttpSection)
    guesses: Guesses = field(default_factory=Guesses)


def json_api(parts: JsonApiParts) -> JsonApi:
    """The interface with its operations."""
    operations = api_operations_of(
        CallOperations(parts.reads, parts.notifications, parts.administration),
        TextOperations(parts.texts),
        PostbackOperations(parts.database, parts.reads),
        AccountOperations(parts.directory, parts.reads, parts.prices),
        NumberOperations(parts.directory, parts.dids, parts.entries, parts.postback_urls),
        MenuOperations(parts.directory, parts.entries, parts.sounds),
        RecordingOperations(parts.directory, parts.entries, parts.sounds),
        OptOutOperations(parts.database),
        *parts.operations,
    )
    proxies = tuple(map(ip_network, parts.http.trusted_proxies))
    authenticator = Authenticator(lambda _text: None, parts.guesses, proxies)
    return JsonApi(operations, ApiTokens(parts.database), parts.directory, authenticator, parts.guesses, parts.audit)
