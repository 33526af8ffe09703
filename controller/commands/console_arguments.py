"""The commands `ringpost console …`: their arguments, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

console = typer.Typer(no_args_is_help=True, help="Who may log in to the console, and links that log them in.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that they log in by.")]


@console.command()
@reported
def invite(
    name: Name,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="NAME", help="A customer of this licence key; without it, an operator."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let somebody into the console. Prints a link that logs them in once, within a week."""
    from controller.commands.console_people import invite_person

    typer.echo(run_async(invite_person(config, name, key)))


@console.command()
@reported
def link(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Print a link that logs somebody in once, within an hour."""
    from controller.commands.console_people import link_for

    typer.echo(run_async(link_for(config, name)))


@console.command("list")
@reported
def list_people(config: Config = DEFAULT_CONFIG) -> None:
    """Show who may log in."""
    from controller.commands.console_people import show_people

    run_async(show_people(config, output()))


@console.command()
@reported
def disable(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Let somebody in no more: their sessions and links end at once."""
    from controller.commands.console_people import disable_person

    run_async(disable_person(config, name))
    typer.echo("disabled")


@console.command("forget-codes")
@reported
def forget_codes(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Ask somebody for no code of an app any more, who has lost it."""
    from controller.commands.console_people import forget_codes_of

    run_async(forget_codes_of(config, name))
    typer.echo("forgotten")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(console, name="console")
