"""The whole configuration: settings, secrets and the directory, read from the same YAML and checked as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from controller.directory.document import Document, read_document
from controller.directory.loader import build
from controller.directory.secrets import Secrets
from controller.directory.snapshot import Snapshot
from controller.embedded.postgres_server import PostgresServer, cluster_home
from controller.errors import InvalidConfiguration, Mistake
from controller.settings import SECTIONS, Settings, read_settings

SECRETS_FILE = "secrets.json"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a process starts from."""

    path: Path
    settings: Settings
    snapshot: Snapshot
    secrets: Secrets

    @property
    def ari_password(self) -> str:
        """The password of our ARI user: the configured one, else the one made at the first start."""
        return self.settings.asterisk.password or self.secrets.get_or_make("ari_password")

    @property
    def ami_password(self) -> str:
        """The password of our AMI user: the configured one, else the one made at the first start."""
        return self.settings.asterisk.ami_password or self.secrets.get_or_make("ami_password")

    @property
    def admin_token(self) -> str:
        """What the administrator's commands show to the running service."""
        return self.secrets.get_or_make("admin_token")

    @property
    def database_url(self) -> str:
        """The configured database, else the embedded one."""
        return self.settings.database_url or PostgresServer(cluster_home(self.settings.state_dir)).dsn


def read_configuration(path: Path) -> Configuration:
    """Read a YAML file, or a folder of them. InvalidConfiguration with every mistake there is.

    Passwords and licence keys that the YAML leaves out are made at the first start and kept in the state directory.
    """
    document = read_document(path)
    settings = _settings(document)
    secrets = Secrets(settings.state_dir / SECRETS_FILE)
    snapshot = build(document, secrets=secrets, other_sections=SECTIONS)
    document.require()
    assert snapshot is not None
    return Configuration(path, settings, snapshot, secrets)


def check_configuration(path: Path) -> list[Mistake]:
    """Every mistake in the configuration, warnings included, without starting or storing anything."""
    document = read_document(path)
    read_settings(document)
    build(document, other_sections=SECTIONS)
    return document.mistakes


def _settings(document: Document) -> Settings:
    """The settings, or InvalidConfiguration: with the mistakes of the whole document, not only of the settings."""
    settings = read_settings(document)
    if settings is None:
        build(document, other_sections=SECTIONS)
        raise InvalidConfiguration(document.mistakes)
    return settings
