"""The commands `ringpost tools …`: their arguments, and nothing else."""

from __future__ import annotations

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported

tools = typer.Typer(no_args_is_help=True, help="Asterisk and the tools around it, as `ringpost run` unpacks them.")


@tools.command()
@reported
def update(config: Config = DEFAULT_CONFIG) -> None:
    """Fetch Asterisk and its tools anew from Debian; `ringpost run` uses them from its next start on."""
    from controller.commands.tools_update import update_tools

    for line in update_tools(config):
        typer.echo(line)


def add_to(app: typer.Typer) -> None:
    """Have the command line know these commands."""
    app.add_typer(tools, name="tools")
