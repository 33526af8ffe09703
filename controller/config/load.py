"""The whole configuration: settings, secrets and the directory, read from the same YAML and checked as one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from controller.config.sections import SECTIONS, SpeechSection
from controller.config.settings import Settings, read_settings
from controller.config_file.document import Document, read_document
from controller.directory.loader import build
from controller.directory.secrets import KEY_NAME, Secrets
from controller.directory.snapshot import Snapshot
from controller.egress.guard import Guard
from controller.embedded.postgres_server import PostgresServer, cluster_home
from controller.errors import ConfigurationError, Mistake, UrlRefused
from controller.metering.price_section import read_prices
from controller.metering.prices import FREE, PriceList
from controller.programs import ProgramTree
from controller.script.analysis.checker import NOWHERE, Context
from controller.speech.engines import AUTO, UNDERSTOOD_BETTER, installed_engines
from controller.speech.house_sounds import HOUSE_SOUNDS
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.synthesizer import Synthesizer
from controller.speech.voices import Voices

SECRETS_FILE = "secrets.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """A configuration that was only looked at: its mistakes, warnings included, and what it declares if it is usable.

    The secrets that the YAML leaves out are made up in it. context: what its scripts were checked against.
    """

    mistakes: tuple[Mistake, ...]
    snapshot: Snapshot | None
    context: Context


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a process starts from."""

    path: Path
    settings: Settings
    snapshot: Snapshot
    secrets: Secrets
    prices: PriceList = FREE

    @property
    def ari_password(self) -> str:
        """The password of our ARI user: the configured one, else the one made at the first start."""
        return self.settings.asterisk.password or self.secrets.get_or_make("ari_password")

    @property
    def ami_password(self) -> str:
        """The password of our AMI user: the configured one, else the one made at the first start."""
        return self.settings.asterisk.ami_password or self.secrets.get_or_make("ami_password")

    @property
    def text_secret(self) -> str:
        """What the dialplan proves itself with when it hands over a text; both sides make it from what they share."""
        return text_secret(self.ami_password)

    @property
    def admin_token(self) -> str:
        """What the administrator's commands show to the running service."""
        return self.secrets.get_or_make("admin_token")

    @property
    def controller_id(self) -> str:
        """What tells this controller from others of its database: made at the first start on a state directory."""
        return self.secrets.get_or_make("controller_id", lambda: uuid4().hex[:12])

    @property
    def application(self) -> str:
        """The Stasis application: the configured one, else one of this controller's own.

        The dialplan of an Asterisk that is not configured from here was written by hand, and says `ringpost`.
        """
        own = f"ringpost-{self.controller_id}" if self.settings.configures_asterisk else "ringpost"
        return self.settings.service.application or own

    @property
    def database_url(self) -> str:
        """The configured database, else the embedded one."""
        return self.settings.database_url or PostgresServer(cluster_home(self.settings.state_dir)).dsn


def text_secret(ami_password: str) -> str:
    """The secret of the dialplan that belongs to a password of AMI."""
    return hmac.new(ami_password.encode(), b"ringpost-text", hashlib.sha256).hexdigest()[:32]


def read_configuration(path: Path) -> Configuration:
    """Read a YAML file, or a folder of them. InvalidConfiguration with every mistake there is.

    Passwords and licence keys that the YAML leaves out are made at the first start and kept in the state directory.
    """
    document = read_document(path)
    settings = read_settings(document)
    secrets = None if settings is None else Secrets(settings.state_dir / SECRETS_FILE)
    snapshot = build(
        document,
        secrets=secrets,
        other_sections=SECTIONS,
        context=_context(document, settings),
        known_keys=_known_keys(settings),
    )
    prices = read_prices(document)
    document.require()
    assert settings is not None
    assert secrets is not None
    assert snapshot is not None
    return Configuration(path, settings, snapshot, secrets, prices)


def read_settings_alone(path: Path) -> Settings:
    """The process's settings, and nothing that would make a secret. InvalidConfiguration."""
    document = read_document(path)
    settings = read_settings(document)
    document.require()
    assert settings is not None
    return settings


def check_configuration(path: Path) -> Checked:
    """Look for every mistake in the configuration, without starting or storing anything."""
    document = read_document(path)
    settings = read_settings(document)
    context = _context(document, settings)
    read_prices(document)
    snapshot = build(document, other_sections=SECTIONS, context=context, known_keys=_known_keys(settings))
    return Checked(tuple(document.mistakes), snapshot, context)


def _known_keys(settings: Settings | None) -> Collection[str]:
    """The names that licence keys have had so far, as the state directory knows; none when it cannot be read."""
    if settings is None:
        return ()
    try:
        names = Secrets(settings.state_dir / SECRETS_FILE).all()
    except ConfigurationError:
        return ()
    return [name.removeprefix(KEY_NAME) for name in names if name.startswith(KEY_NAME)]


def script_context(settings: Settings) -> Context:
    """What scripts are checked against on this machine, whoever brings them: all but the sounds of their key.

    ConfigurationError for voices or speech engines that cannot be used.
    """
    guard = Guard(allow=settings.postbacks.allow)

    def url_refused(url: str) -> str | None:
        try:
            guard.check(url)
        except UrlRefused as error:
            return str(error)
        return None

    voices = _installed_voices(settings)
    return Context(
        special_sounds=HOUSE_SOUNDS.keys(),
        url_refused=url_refused,
        voice_missing=None if voices is None else lambda voice_id: voices.warning(voice_id) or None,
        unheard_voices=None if voices is None else voices.unheard,
        mail=bool(settings.mail.host),
    )


def voices_of(settings: Settings) -> Voices:
    """The table from voice ids to the voices of this machine's engines. ConfigurationError when it cannot be used."""
    better = UNDERSTOOD_BETTER if settings.speech.engine == AUTO else None
    return Voices(_engines(settings), settings.speech.voices, better)


def _installed_voices(settings: Settings) -> Voices | None:
    """As `voices_of`; None before the first start, which brings the engines along."""
    return voices_of(settings) if _engines(settings) else None


def _engines(settings: Settings) -> list[Synthesizer]:
    neural = SpeechEnvironment(settings.speech_dir)
    return installed_engines(
        ProgramTree(settings.tools_dir), settings.speech.commands, neural, first=settings.speech.engine
    )


def _context(document: Document, settings: Settings | None) -> Context:
    """As `script_context`; what is wrong with the voices is noted, as it may be right once the engines are there."""
    if settings is None:
        return NOWHERE
    try:
        return script_context(settings)
    except ConfigurationError as error:
        entry = document.root.entry("speech")
        document.warn(entry.position if entry else document.root.position, str(error).rstrip("."))
        return script_context(replace(settings, speech=SpeechSection()))
