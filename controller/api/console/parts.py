"""What the console is made of: the services that its pages show and use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from controller.calls.administration import CallAdministration
from controller.calls.feed import CallFeed
from controller.config.settings import HttpSection
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.key_sounds import KeySounds
from controller.script.analysis.checker import Context
from controller.store.database import Database
from controller.texts.service import Texts


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """health: each part of the service, and whether it works. context: what scripts are checked against."""

    http: HttpSection
    database: Database
    directory: CurrentDirectory
    feed: CallFeed
    administration: CallAdministration
    texts: Texts
    dids: GrantedDids
    sounds: KeySounds
    health: Callable[[], Awaitable[Mapping[str, bool]]]
    context: Context
