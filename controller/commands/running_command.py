"""What all commands share: where the configuration is, how errors are told, how a coroutine is run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, ParamSpec, TypeVar

import typer

from controller.errors import InvalidConfiguration, RingpostError
from controller.terminal import output, shown, visible

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="RINGPOST_CONFIG", help="The admin YAML: a file, or a folder of them.")
]
DEFAULT_CONFIG = Path("config")

AnsweredBy = Literal["human", "machine", "fax", "busy", "nobody"]
"""Who takes a test call: what answers, or why nobody does."""

P = ParamSpec("P")
T = TypeVar("T")
console = output(stderr=True)


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
            _refuse(str(error), error.exit_status)
        except BaseExceptionGroup as group:
            _refuse_first(group)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            raise  # whoever read us has gone: see `cli.main`
        except OSError as error:
            _refuse(f"{error.filename or 'the output'}: {(error.strerror or str(error)).lower()}", 1)

    return run


def _refuse(message: str, status: int) -> NoReturn:
    console.print(f"[bold red]ringpost:[/] {shown(message)}", soft_wrap=True)
    raise typer.Exit(status) from None


def _refuse_first(group: BaseExceptionGroup[BaseException]) -> NoReturn:
    """What failed side by side is told as the first of it that was foreseen."""
    foreseen = group.subgroup((RingpostError, OSError, KeyboardInterrupt))
    if foreseen is None:
        raise group
    first: BaseException = foreseen
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, KeyboardInterrupt):
        raise typer.Exit(130) from None
    if isinstance(first, InvalidConfiguration):
        show_mistakes(first)
        raise typer.Exit(1) from None
    if isinstance(first, RingpostError):
        _refuse(str(first), first.exit_status)
    raise first


def show_mistakes(error: InvalidConfiguration) -> None:
    """Every mistake, a line each, where errors go."""
    for mistake in error.mistakes:
        style = "yellow" if mistake.severity == "warning" else "red"
        console.print(visible(str(mistake)), style=style, markup=False, soft_wrap=True)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the quick event loop."""
    import uvloop

    return uvloop.run(main)
