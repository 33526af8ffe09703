"""Where post-backs of texts go: what the YAML says, and what customers set where the YAML says nothing.

What is set is stored, and every controller is told of a change. A customer's URL for a phone number goes before one for
the licence key, and one for a kind of post-back before one for all kinds. The YAML owns what it states: a number or key
with a `status_post_url` there cannot be given another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

import structlog

from controller.directory.snapshot import Did, LicenseKey
from controller.store.database import Database
from controller.store.following import follow
from controller.store.storable import storable

CHANNEL = "ringpost_postback_urls"

log = structlog.get_logger(__name__)


class PostbackKind(StrEnum):
    """Which post-backs of texts a setting is about. Delivery receipts go where a text's other results go."""

    ALL = "all"
    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class PostbackSetting:
    """What a customer set. `url`: empty where only `enabled` was set. Disabled: no post-back of the kind is made."""

    kind: PostbackKind
    enabled: bool = True
    url: str = ""


PostbackUrlOf = Callable[[LicenseKey, Did, PostbackKind], str]
"""Where post-backs of a kind go for a number of a key; empty for nowhere."""


def stated_url(key: LicenseKey, did: Did, _kind: PostbackKind) -> str:
    """What the YAML says: the number's own URL, else the key's."""
    return did.status_post_url or key.status_post_url or ""


Settings = Mapping[tuple[str, str], Mapping[PostbackKind, PostbackSetting]]


class PostbackUrls:
    """The settings, in memory, by licence key and number; the number is empty for what holds for the whole key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settings: Settings = {}

    async def run(self) -> NoReturn:
        """Load the settings, and again whenever somebody changes one, until cancelled."""
        await follow(self._database, CHANNEL, self.load, "the URLs of post-backs")

    async def load(self) -> None:
        """Load all settings. StoreError."""
        settings: dict[tuple[str, str], dict[PostbackKind, PostbackSetting]] = {}
        for row in await self._database.fetch("all_postback_urls"):
            kind = PostbackKind(row["kind"])
            setting = PostbackSetting(kind, row["enabled"], row["url"])
            settings.setdefault((row["license_key"], row["number"]), {})[kind] = setting
        self._settings = settings

    def settings(self, key: LicenseKey, number: str = "") -> tuple[PostbackSetting, ...]:
        """What was set for a key, or for a number of it (E.164)."""
        return tuple(self._settings.get((key.name, number), {}).values())

    def url(self, key: LicenseKey, did: Did, kind: PostbackKind) -> str:
        """Where post-backs of a kind go for a number of a key; empty for nowhere."""
        if did.status_post_url:
            return did.status_post_url
        of_key = () if key.status_post_url else self._of(key.name, "", kind)
        for setting in (*self._of(key.name, did.number, kind), *of_key):
            if not setting.enabled:
                return ""
            if setting.url:
                return setting.url
        return key.status_post_url or ""

    def _of(self, key: str, number: str, kind: PostbackKind) -> tuple[PostbackSetting, ...]:
        settings = self._settings.get((key, number), {})
        return tuple(settings[each] for each in (kind, PostbackKind.ALL) if each in settings)

    async def store(
        self, key: LicenseKey, number: str, kind: PostbackKind, *, enabled: bool | None = None, url: str | None = None
    ) -> None:
        """Change a setting; None leaves a part of it as it is. It counts here at once. StoreError."""
        await self._database.execute(
            "set_postback_url", key.name, number, kind, enabled, None if url is None else storable(url)
        )
        await self.load()
