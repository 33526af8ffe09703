"""The console, hung below `/console`."""

from __future__ import annotations

from aiohttp import web

from controller.api.console.application import Console, console_root
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import ROOT
from controller.store.row_retention import RetentionRule

# Sessions end by themselves before that.
SESSION_DAYS = 8.0
AUDIT_DAYS = 730.0

CONSOLE_RETENTION = (
    RetentionRule("sessions of the console", "remove_old_console_sessions", SESSION_DAYS),
    RetentionRule("audit log of the console", "remove_old_console_audit", AUDIT_DAYS),
)


def add_console(http: web.Application, parts: ConsoleParts) -> Console:
    """Have the console answer as a part of the service's HTTP."""
    console = Console(parts)
    http.add_routes([console_root()])
    http.add_subapp(f"{ROOT}/", console.application())
    return console
