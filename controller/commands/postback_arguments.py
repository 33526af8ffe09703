"""The commands `ringpost postbacks …` and `ringpost receive`: their arguments, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from controller.commands.moments import read_moment
from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

postbacks = typer.Typer(no_args_is_help=True, help="Look at post-backs, and have them delivered anew.")

Identifier = Annotated[str, typer.Argument(metavar="ID", help="As `ringpost postbacks list` shows it.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="Made since: 2026-11-23T17:00, or 2h, 3d ago.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Made before.")]
Key = Annotated[str | None, typer.Option("--key", metavar="NAME", help="Of this licence key, by its name.")]


@postbacks.command("list")
@reported
def list_some(
    call: Annotated[int | None, typer.Option(metavar="QUEUEID", help="Of this call.")] = None,
    text: Annotated[str | None, typer.Option(metavar="MESSAGEID", help="Of this text.")] = None,
    number: Annotated[str | None, typer.Option(help="With this phone number, or a part of it.")] = None,
    key: Key = None,
    state: Annotated[Literal["waiting", "failed", "delivered"] | None, typer.Option(help="In this state.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """The newest post-backs that fit, each with where it stands."""
    from controller.commands.postback_views import list_postbacks
    from controller.postbacks.lookup import Filters

    subject = f"call:{call}" if call is not None else f"text:{text}" if text is not None else None
    filters = Filters(
        subject=subject,
        license_key=key,
        digits=number,
        state=state,
        since=read_moment(since) if since else None,
        until=read_moment(until) if until else None,
        limit=limit,
    )
    run_async(list_postbacks(config, filters, output(), as_json=as_json))


@postbacks.command()
@reported
def show(identifier: Identifier, config: Config = DEFAULT_CONFIG) -> None:
    """One post-back: its form, and each attempt with its time, status, duration and reason."""
    from controller.commands.postback_views import read_id, show_postback

    if not run_async(show_postback(config, read_id(identifier), output())):
        typer.echo("There is no post-back of this id.", err=True)
        raise typer.Exit(1)


@postbacks.command()
@reported
def replay(
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="The one to deliver anew.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that were given up in a period instead.")] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="URL", help="Send it to this URL instead.")] = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Deliver one anew, or with --failed all that were given up since a time (and before another)."""
    from controller.commands.postback_views import read_id, replay_failed, replay_postback, replay_postback_to
    from controller.egress.urls import masked_url

    if failed == (identifier is not None) or (failed and since is None) or (failed and to is not None):
        typer.echo("Name either the ID of one (and --to URL, if you like), or --failed with --since TIME.", err=True)
        raise typer.Exit(2)
    if identifier is not None and to is not None:
        new = run_async(replay_postback_to(config, read_id(identifier), to))
        if new is None:
            typer.echo("There is no post-back of this id.", err=True)
            raise typer.Exit(1)
        typer.echo(f"It is sent to {masked_url(to)} as post-back {new}.")
        return
    if identifier is not None:
        if not run_async(replay_postback(config, read_id(identifier))):
            typer.echo("There is no post-back of this id.", err=True)
            raise typer.Exit(1)
        typer.echo("It is delivered anew.")
        return
    assert since is not None
    end = read_moment(until) if until else datetime.now(UTC)
    typer.echo(f"{run_async(replay_failed(config, read_moment(since), end, key))} are delivered anew.")


@postbacks.command()
@reported
def stats(config: Config = DEFAULT_CONFIG) -> None:
    """What waits, how long, for which hosts, and which URLs have been given up."""
    from controller.commands.postback_views import show_stats

    run_async(show_stats(config, output()))


@reported
def receive(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8090,
    host: Annotated[str, typer.Option(help="On which address.")] = "127.0.0.1",
    secret: Annotated[
        list[str] | None, typer.Option(envvar="RINGPOST_WEBHOOK_SECRET", help="Verify signatures: whsec_… Repeatable.")
    ] = None,
    status: Annotated[int, typer.Option(min=100, max=599, help="Answer with this status.")] = 200,
    delay: Annotated[float, typer.Option(min=0, max=600, help="Wait so many seconds before the answer.")] = 0.0,
    close: Annotated[bool, typer.Option("--close", help="Cut the connection instead of answering.")] = False,
    times: Annotated[int | None, typer.Option(min=1, help="Do that so many times, then answer 200.")] = None,
    retry_after: Annotated[int | None, typer.Option(min=0, help="Send Retry-After with so many seconds.")] = None,
    token: Annotated[
        str,
        typer.Option(
            envvar="RINGPOST_RECEIVER_TOKEN", help="What must be shown to read what arrived; else one is made."
        ),
    ] = "",
    of: Annotated[
        Path | None, typer.Option("--token-of", metavar="CONFIG", help="The token is this configuration's own.")
    ] = None,
) -> None:
    """A receiver for development: prints what arrives, verifies signatures, and fails as it is told to."""
    from controller.commands.postback_views import receiver_token, run_receiver
    from controller.postbacks.receiver import Behaviour

    behaviour = Behaviour(status=status, delay=delay, close=close, times=times, retry_after=retry_after)
    run_async(run_receiver(port, host, secret or [], behaviour, output(), receiver_token(token, of)))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(postbacks, name="postbacks")
    app.command()(receive)
