"""The commands `ringpost calls …`: their arguments, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from controller.commands.call_views import Wanted, list_calls, show_call
from controller.commands.command import DEFAULT_CONFIG, Config, reported, run_async
from controller.commands.postback_views import read_moment

calls = typer.Typer(no_args_is_help=True, help="Look at calls: which there were, and what happened on one.")

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@calls.command("list")
@reported
def list_some(
    number: Annotated[str | None, typer.Option(help="From or to this phone number.")] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="NAME", help="Of this licence key, by its name.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begun since: 2026-11-23T17:00, or 2h, 3d ago.")
    ] = None,
    in_progress: Annotated[bool, typer.Option("--open", help="Only those in progress.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """The newest calls that fit: who called whom, how long, how it ended."""
    wanted = Wanted(number, key, read_moment(since) if since else None, in_progress, limit)
    run_async(list_calls(config, wanted, Console(), as_json=as_json))


@calls.command()
@reported
def show(
    queue_id: Annotated[int, typer.Argument(metavar="QUEUEID", help="As `ringpost calls list` shows it.", min=0)],
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """One call with its trace: everything that happened, with the seconds since the answer."""
    if queue_id >= 2**63 or not run_async(show_call(config, queue_id, Console(), as_json=as_json)):
        typer.echo("There is no call of this QueueID.", err=True)
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(calls, name="calls")
