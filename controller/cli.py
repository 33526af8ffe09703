"""The command line: `ringpost`. Thin: each command calls the room that does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

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


def run_async(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the quick event loop."""
    import uvloop

    uvloop.run(main)


def main() -> None:
    """The entry point of the command."""
    os.umask(0o077)
    app()


if __name__ == "__main__":
    sys.exit(main())
