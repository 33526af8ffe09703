"""The command line: `ringpost`. Thin: each command calls the room that does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from controller.errors import InvalidConfiguration, RingpostError

app = typer.Typer(
    name="ringpost",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Answers and places phone calls on Asterisk, and posts every result to the customer's URL.",
)

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="RINGPOST_CONFIG", help="The admin YAML: a file, or a folder of them.")
]
DEFAULT_CONFIG = Path("config")

P = ParamSpec("P")
T = TypeVar("T")
console = Console(stderr=True, highlight=False)


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose errors are one clear message and exit status 1 (3 for what Ringpost did not foresee)."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except InvalidConfiguration as error:
            for mistake in error.mistakes:
                console.print(str(mistake), style="yellow" if mistake.severity == "warning" else "red", soft_wrap=True)
            raise typer.Exit(1) from None
        except RingpostError as error:
            console.print(f"[bold red]ringpost:[/] {error}", soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the quick event loop."""
    import uvloop

    return uvloop.run(main)


@app.command()
@reported
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start everything on this machine: PostgreSQL, Asterisk and the service; Ctrl-C stops it all."""
    from controller.supervisor import run as run_until_stopped

    run_async(run_until_stopped(config))


@app.command()
@reported
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Run the service alone, with the PostgreSQL and the Asterisk that the configuration names."""
    from controller import logs
    from controller.configuration import read_configuration
    from controller.service import serve as serve_until_stopped

    configuration = read_configuration(config)
    logs.configure(configuration.settings.log.level, configuration.settings.log.format)
    run_async(serve_until_stopped(configuration))


@app.command()
@reported
def check(
    path: Annotated[Path, typer.Argument(help="The admin YAML: a file, or a folder of them.")] = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
) -> None:
    """Check the configuration and its scripts: every mistake with file, line and column. Exit status 1 if any."""
    from controller.configuration import check_configuration
    from controller.directory.report import for_people, for_programs, has_errors

    mistakes = check_configuration(path)
    typer.echo((for_programs if as_json else for_people)(mistakes))
    if has_errors(mistakes):
        raise typer.Exit(1)


@app.command()
@reported
def reload(config: Config = DEFAULT_CONFIG) -> None:
    """Have the running service take over the changed configuration: all of it or, with mistakes, nothing."""
    from controller.console import reload_running

    for change in run_async(reload_running(config)):
        typer.echo(change)


@app.command()
@reported
def migrate(
    config: Config = DEFAULT_CONFIG,
    check_only: Annotated[bool, typer.Option("--check", help="Only tell what is pending; exit status 1 if any.")] = False,
) -> None:
    """Bring the database's schema up to date."""
    from controller.console import apply_migrations, pending_migrations

    if check_only:
        pending = run_async(pending_migrations(config))
        typer.echo("\n".join(f"pending: {name}" for name in pending) or "The database is up to date.")
        if pending:
            raise typer.Exit(1)
        return
    applied = run_async(apply_migrations(config))
    typer.echo("\n".join(f"applied: {name}" for name in applied) or "The database was up to date.")


@app.command("try")
@reported
def try_number(
    number: Annotated[str, typer.Argument(help="The DID to call, such as 12015550101.")],
    press: Annotated[
        list[str] | None,
        typer.Option("--press", "-p", metavar="DIGITS@SECONDS", help="Press digits so long after the answer: 1@3."),
    ] = None,
    caller: Annotated[str, typer.Option(help="The caller's number.")] = "12015550199",
    hang_up: Annotated[
        float | None, typer.Option("--hang-up", metavar="SECONDS", help="Hang up so long after the answer.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Call a number of the running system, and show what happens: what was said, digits, post-backs."""
    from controller.console import try_call

    if not run_async(try_call(config, number, caller, press or [], hang_up)):
        raise typer.Exit(1)


def main() -> None:
    """The entry point of the command."""
    os.umask(0o077)
    app()


if __name__ == "__main__":
    sys.exit(main())
