"""The commands `ringpost call`, `calls …` and `conferences …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.moments import read_later, read_moment
from controller.commands.running_command import DEFAULT_CONFIG, AnsweredBy, Config, reported, run_async
from controller.terminal import output

calls = typer.Typer(no_args_is_help=True, help="Look at calls: which there were, and what happened on one. End one.")
conferences = typer.Typer(no_args_is_help=True, help="End conferences.")

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
    from controller.calls.store.call_lookup import CallFilter
    from controller.commands.call_views import list_calls

    wanted = CallFilter(
        number=number,
        license_key=key,
        since=read_moment(since) if since else None,
        open_only=in_progress,
        limit=limit,
    )
    run_async(list_calls(config, wanted, output(), as_json=as_json))


@calls.command()
@reported
def show(
    queue_id: Annotated[int, typer.Argument(metavar="QUEUEID", help="As `ringpost calls list` shows it.", min=0)],
    as_json: AsJson = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """One call with its trace: everything that happened, with the seconds since the answer."""
    from controller.commands.call_views import show_call

    if queue_id >= 2**63 or not run_async(show_call(config, queue_id, output(), as_json=as_json)):
        typer.echo("There is no call of this QueueID.", err=True)
        raise typer.Exit(1)


@calls.command()
@reported
def cancel(
    queue_id: Annotated[int, typer.Argument(metavar="QUEUEID", help="As `ringpost call` told it.", min=0)],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take back an outgoing call that waits to be dialled. Its final post-back says so (22)."""
    from controller.commands.placing import cancel_call

    run_async(cancel_call(config, queue_id))
    typer.echo("cancelled")


@calls.command()
@reported
def end(
    queue_id: Annotated[int, typer.Argument(metavar="QUEUEID", help="As `ringpost calls list` shows it.", min=0)],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End a call in progress, whichever controller has it: both sides are hung up, and what was recorded is kept."""
    from controller.commands.placing import end_call

    typer.echo(run_async(end_call(config, queue_id)))


@calls.command()
@reported
def transfer(
    queue_id: Annotated[int, typer.Argument(metavar="QUEUEID", help="As `ringpost calls list` shows it.", min=0)],
    to: Annotated[str, typer.Argument(metavar="TO", help="A phone number, or sip:NAME of a phone of yours.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Transfer a call in progress, whichever controller has it. Its script goes on if nobody is reached."""
    from controller.commands.placing import transfer_call

    typer.echo(run_async(transfer_call(config, queue_id, to)))


@conferences.command("end")
@reported
def end_room(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The licence key, by its name.")],
    conference: Annotated[str, typer.Argument(metavar="CONFERENCE", help="The conference: the ConfKey of its calls.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End a conference. The calls in it are not hung up: their scripts go on with the next command."""
    from controller.commands.placing import end_conference

    typer.echo(run_async(end_conference(config, key, conference)))


@reported
def call(
    number: Annotated[str, typer.Argument(help="Whom to call, such as 12015550120.")],
    text: Annotated[str, typer.Option("--say", metavar="TEXT", help="What is said: text, or a short script.")] = "",
    script: Annotated[Path | None, typer.Option(metavar="FILE", help="The call script to run instead.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="NAME", help="For this licence key; needed if there are several.")
    ] = None,
    caller_id: Annotated[str, typer.Option(metavar="NUMBER", help="The number shown; without it, none is.")] = "",
    caller_name: Annotated[str, typer.Option(metavar="NAME", help="The name shown.")] = "",
    transfer_to: Annotated[str, typer.Option(metavar="NUMBER", help="Where pressing 0 leads.")] = "",
    voice: Annotated[int, typer.Option(min=0, max=9999, help="The voice id: `ringpost voices` lists them.")] = 0,
    rate: Annotated[int, typer.Option(min=0, max=20, help="How fast it speaks: 10 is normal, 20 twice.")] = 10,
    volume: Annotated[int, typer.Option(min=0, max=100, help="How loud it speaks.")] = 100,
    tries: Annotated[int, typer.Option(min=1, max=3, help="At most so many tries.")] = 1,
    next_try: Annotated[int, typer.Option(min=1, max=604_800, metavar="SECONDS", help="From one to the next.")] = 60,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Not before: 2026-11-23T17:00 (UTC), or in 10m, 2h.")
    ] = None,
    max_seconds: Annotated[int, typer.Option(min=0, max=86_400, help="Longest call; 0: an hour.")] = 0,
    reference: Annotated[str, typer.Option(metavar="TEXT", help="Your own reference.")] = "",
    answered_by: Annotated[
        AnsweredBy | None, typer.Option(help="A test phone at the demo's trunk takes the call.", show_default=False)
    ] = None,
    press: Annotated[
        list[str] | None, typer.Option("--press", "-p", metavar="DIGITS@SECONDS", help="It presses digits: 1@3.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Show what happens, until the end.")] = True,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Have the running system call somebody and run a script, and show what happens. Exit status 1 if unanswered."""
    from controller.calls.model.order import Order
    from controller.commands.placing import WantedCall, place_call
    from controller.commands.trial import KeyPress

    order = Order(
        number=number,
        script=text,
        caller_id=caller_id,
        caller_id_name=caller_name,
        transfer_number=transfer_to,
        voice=voice,
        speech_rate=rate,
        speech_volume=volume,
        tries=tries,
        next_try_seconds=next_try,
        at=read_later(at) if at else None,
        max_call_seconds=max_seconds,
        reference_id=reference,
    )
    presses = tuple(map(KeyPress.parse, press or ()))
    wanted = WantedCall(order, script_file=script, key=key, answered_by=answered_by, presses=presses)
    if not run_async(place_call(config, wanted, output(), follow=follow)):
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(call)
    app.add_typer(calls, name="calls")
    app.add_typer(conferences, name="conferences")
