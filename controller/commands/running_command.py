"""What all commands share: where the configuration is, how errors are told, how a coroutine is run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from controller.errors import InvalidConfiguration, RingpostError

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="RINGPOST_CONFIG", help="The admin YAML: a file, or a folder of them.")
]
DEFAULT_CONFIG = Path("config")

AnsweredBy = Literal["human", "machine", "fax", "busy", "nobody"]
"""Who takes a test call: what answers, or why nobody does."""

P = ParamSpec("P")
T = TypeVar("T")
console = Console(stderr=True, highlight=False)


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose errors are one clear message and exit status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except InvalidConfiguration as error:
            show_mistakes(error)
            raise typer.Exit(1) from None
        except RingpostError as error:
            console.print(f"[bold red]ringpost:[/] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def show_mistakes(error: InvalidConfiguration) -> None:
    """Every mistake, a line each, where errors go."""
    for mistake in error.mistakes:
        style = "yellow" if mistake.severity == "warning" else "red"
        console.print(str(mistake), style=style, markup=False, soft_wrap=True)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the quick event loop."""
    import uvloop

    return uvloop.run(main)
