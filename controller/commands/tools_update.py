"""`ringpost tools update`: a newer Asterisk, since nothing else updates the one that was unpacked."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from controller.config.load import read_configuration
from controller.embedded.debian import update
from controller.embedded.progress import Progress
from controller.errors import ConfigurationError


def update_tools(config: Path) -> list[str]:
    """Fetch the tools of this configuration anew. Gives what is newer, for people.

    ConfigurationError when Asterisk runs elsewhere; UnsupportedSystem, DownloadFailed.
    """
    settings = read_configuration(config).settings
    if settings.external_asterisk:
        raise ConfigurationError("Asterisk runs elsewhere (`asterisk:`): it is updated there, with its system.")
    fresh = update(settings.tools_dir, Progress())
    if not fresh:
        return ["everything was up to date"]
    named = [" ".join(unquote(archive).split("_")[:2]) for archive in fresh]
    return [*named, "Start `ringpost run` again: until then the old Asterisk runs."]
