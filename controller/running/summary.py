"""What can be called and how: shown by `ringpost run` when everything is ready, and by `ringpost summary`."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table

from controller.config.load import Configuration
from controller.config.settings import Settings
from controller.directory.snapshot import Did
from controller.embedded.network import own_address
from controller.terminal import shown

DEFAULT_CONFIG = Path("config")


def print_summary(configuration: Configuration, console: Console, console_address: str) -> None:
    """Print what can be called, how a softphone logs in, and where everything of `ringpost run` is.

    console_address: where the console opens in a browser, with a link that logs in once.
    """
    print_numbers(configuration, console)
    _print_places(configuration, console, console_address)


def print_numbers(configuration: Configuration, console: Console) -> None:
    """Print what can be called, and how a softphone logs in."""
    settings, snapshot = configuration.settings, configuration.snapshot
    numbers = Table(show_header=False, box=None, padding=(0, 2))
    for did in snapshot.dids.values():
        numbers.add_row(f"[bold]{shown(did.number)}[/]", shown(did.description or _what(did)))
    console.print("Numbers:", numbers, sep="\n")
    if snapshot.phones and settings.configures_asterisk:
        server = _server(settings)
        console.print("\nSoftphone accounts (SIP over UDP or TCP):")
        phones = Table(show_header=False, box=None, padding=(0, 2))
        for phone in snapshot.phones.values():
            phones.add_row(
                f"server [bold]{server}[/]",
                f"port [bold]{settings.sip.port}[/]",
                f"user [bold]{shown(phone.name)}[/]",
                f"password [bold]{shown(phone.password)}[/]",
            )
        console.print(phones)
    console.print()


def _print_places(configuration: Configuration, console: Console, console_address: str) -> None:
    settings, snapshot = configuration.settings, configuration.snapshot
    places = Table(show_header=False, box=None, padding=(0, 2))
    places.add_row("HTTP", f"[bold]{settings.http_url}[/]")
    if settings.receiver.enabled:
        places.add_row(
            "Post-backs", f"shown here, received at http://{settings.receiver.host}:{settings.receiver.port}"
        )
    places.add_row("Logs", shown(str(settings.state_dir / "logs")))
    first = next((did.number for did in snapshot.dids.values() if did.voice), "")
    if first:
        option = "" if configuration.path == DEFAULT_CONFIG else f"--config {shlex.quote(str(configuration.path))} "
        command = f".venv/bin/ringpost try {option}{first.lstrip('+')} --press 1@3"
        places.add_row("Try", f"[bold]{shown(command)}[/]")
    if snapshot.warnings:
        places.add_row("Warnings", f"[yellow]{len(snapshot.warnings)}[/], shown by ringpost check")
    places.add_row("Stop", "Ctrl-C")
    # Of its own, so that no terminal breaks it: it is opened from here.
    console.print("  Console", f"[bold]{shown(console_address)}[/]", soft_wrap=True)
    console.print(places)
    console.print()


def _server(settings: Settings) -> str:
    """Where phones find Asterisk."""
    if settings.sip.external_address:
        return settings.sip.external_address
    if settings.asterisk.files:
        return "Asterisk's host"
    return settings.sip.host if settings.sip.host != "0.0.0.0" else own_address()  # noqa: S104


def _what(did: Did) -> str:
    if did.ivr:
        return "an IVR"
    if did.program:
        return f"the script {did.script_file.name}" if did.script_file else "a script"
    return "calls without a script yet" if did.voice else "texts only"
