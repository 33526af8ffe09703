"""The command `ringpost usage`: its arguments, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from controller.commands.moments import read_moment
from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="From then on: 2026-11-01, or 7d ago. Without it, this month (UTC)."),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until then, that moment excluded. Without it, now.")]


@reported
def usage(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The licence key, by its name.")],
    since: Since = None,
    until: Until = None,
    by: Annotated[
        Literal["day", "did", "country"] | None, typer.Option(help="Divide it by this.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What a licence key used, and what it costs if there are prices."""
    from controller.commands.usage_views import Form, Period, show_usage

    period = Period.of(read_moment(since) if since else None, read_moment(until) if until else None)
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE
    run_async(show_usage(config, key, period, by or "", form, output()))


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(usage)
