"""The commands `ringpost linetypes …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

line_types = typer.Typer(no_args_is_help=True, help="What kinds of lines numbers are on: mobile, landline, voip …")


@line_types.command("import")
@reported
def import_table(
    file: Annotated[Path, typer.Argument(help="A CSV file: prefix of 6 or 7 digits, carrier id, class, name …")],
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day whose assignments they are; today without it.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Import the assignment table; it replaces the one before. With a mistake in the file, nothing changes."""
    from controller.commands.line_type_views import import_file

    for line in run_async(import_file(config, file, as_of)):
        typer.echo(line)


@line_types.command()
@reported
def show(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A phone number, such as 12015550120.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What is known of a number's line, who says so, and as of which day. A look-up over HTTP is asked, too."""
    from controller.commands.line_type_views import show_number

    run_async(show_number(config, number, output(), as_json=as_json))


@line_types.command()
@reported
def table(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Which assignment table there is. Exit status 1 if there is none."""
    from controller.commands.line_type_views import show_table

    if not run_async(show_table(config, output(), as_json=as_json)):
        raise typer.Exit(1)


@line_types.command()
@reported
def remove(config: Config = DEFAULT_CONFIG) -> None:
    """Remove the assignment table."""
    from controller.commands.line_type_views import remove_table

    typer.echo("removed" if run_async(remove_table(config)) else "There was no assignment table.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(line_types, name="linetypes")
