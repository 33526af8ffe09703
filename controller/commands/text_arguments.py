"""The commands `ringpost texts …` and `ringpost optouts …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from controller.commands.moments import read_later, read_moment
from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async

texts = typer.Typer(no_args_is_help=True, help="Look at texts, and send one.")
opt_outs = typer.Typer(no_args_is_help=True, help="Who gets no more texts of a licence key.")

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Key = Annotated[str | None, typer.Option("--key", metavar="NAME", help="Of this licence key, by its name.")]
NeededKey = Annotated[
    str | None, typer.Option("--key", metavar="NAME", help="The licence key; needed if there are several.")
]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="A phone number, such as 12015550120.")]


@texts.command("list")
@reported
def list_some(
    number: Annotated[str | None, typer.Option(help="The conversation with this phone number.")] = None,
    key: Key = None,
    did: Annotated[str | None, typer.Option(metavar="NUMBER", help="From or to this number of ours.")] = None,
    state: Annotated[str | None, typer.Option(help="In this state: queued, held, accepted, received …")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Since then: 2026-11-23T17:00, or 2h, 3d ago.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """The newest texts that fit: from whom to whom, and what became of them."""
    from controller.commands.text_views import list_texts

    moment = read_moment(since) if since else None
    run_async(list_texts(config, number, key, did, state, moment, limit, Console(), as_json=as_json))


@texts.command()
@reported
def show(
    text_id: Annotated[str, typer.Argument(metavar="ID", help="As `ringpost texts list` shows it.")],
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """One text with everything that is known of it, and the replies to it."""
    from controller.commands.text_views import show_text

    if not run_async(show_text(config, text_id, Console(), as_json=as_json)):
        typer.echo("There is no text of this id.", err=True)
        raise typer.Exit(1)


@texts.command()
@reported
def send(
    number: Number,
    body: Annotated[str, typer.Argument(metavar="TEXT", help="What is sent.")],
    key: NeededKey = None,
    sender: Annotated[
        str, typer.Option("--from", metavar="NUMBER", help="The DID; without it, the key's next one.")
    ] = "",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Not before: 2026-11-23T17:00 (UTC), or in 10m, 2h.")
    ] = None,
    reference: Annotated[str, typer.Option(metavar="TEXT", help="Your own reference.")] = "",
    transactional: Annotated[bool, typer.Option("--transactional", help="Quiet hours do not hold it.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Queue a text; the running system sends it. Exit status 1 if it is refused."""
    from controller.commands.text_views import send_text

    moment = read_later(at) if at else None
    typer.echo(run_async(send_text(config, number, body, key, sender, moment, reference, transactional=transactional)))


@texts.command()
@reported
def cancel(
    text_id: Annotated[str, typer.Argument(metavar="ID", help="As `ringpost texts list` shows it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take back a text that waits to be sent."""
    from controller.commands.text_views import cancel_text

    if not run_async(cancel_text(config, text_id)):
        typer.echo("No text of this id waits.", err=True)
        raise typer.Exit(1)
    typer.echo("cancelled")


@opt_outs.command("list")
@reported
def list_opt_outs(
    key: Key = None,
    number: Annotated[str | None, typer.Option(metavar="NUMBER", help="Only this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Who has opted out of which key's texts: since when, to which DID, with what words."""
    from controller.commands.opt_out_views import show_opt_outs

    run_async(show_opt_outs(config, key, number, limit, Console(), as_json=as_json))


@opt_outs.command("add")
@reported
def add(number: Number, key: NeededKey = None, config: Config = DEFAULT_CONFIG) -> None:
    """Block a number, as STOP from it does. It is sent no confirmation."""
    from controller.commands.opt_out_views import block

    typer.echo("blocked" if run_async(block(config, number, key)) else "was blocked already")


@opt_outs.command("remove")
@reported
def remove(number: Number, key: NeededKey = None, config: Config = DEFAULT_CONFIG) -> None:
    """Open a number again, as RESUME from it does: only if its owner asked for that."""
    from controller.commands.opt_out_views import open_again

    typer.echo("open again" if run_async(open_again(config, number, key)) else "was not blocked")


@opt_outs.command("import")
@reported
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV with the columns license_key and number, or with --key, number.")],
    key: Key = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Block every number of a CSV file. Exit status 1 if a line of it is wrong; the others count."""
    from controller.commands.opt_out_views import import_csv

    imported = run_async(import_csv(config, file, key))
    typer.echo(f"{imported.new} new, {imported.known} known before")
    for line in imported.mistakes:
        typer.echo(f"{file}: {line}", err=True)
    if imported.mistakes:
        raise typer.Exit(1)


@opt_outs.command("export")
@reported
def export_file(
    file: Annotated[Path, typer.Argument(help="Where the CSV is written.")],
    key: Key = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write every opt-out into a CSV file, which `import` reads."""
    from controller.commands.opt_out_views import export_csv

    typer.echo(f"{run_async(export_csv(config, file, key))} written")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(texts, name="texts")
    app.add_typer(opt_outs, name="optouts")
