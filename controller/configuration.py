"""The whole configuration: settings, secrets and the directory, read from the same YAML and checked as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from controller.directory.document import Document, read_document
from controller.directory.loader import build
from controller.directory.secrets import Secrets
from controller.directory.snapshot import Snapshot
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
