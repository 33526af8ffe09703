"""The commands `ringpost keys …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

keys = typer.Typer(
    no_args_is_help=True,
    help="Licence keys: those of the configuration shown, others made and revoked while the service runs.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name, for the command line, the console and the logs.")]


@keys.command()
@reported
def create(
    name: Name,
    products: Annotated[
        list[str] | None, typer.Option("--product", help="phone, sms or dialer. Repeatable. [default: phone, sms]")
    ] = None,
    destinations: Annotated[
        list[str] | None,
        typer.Option("--destination", metavar="CA|+1876", help="What it may call: a country or prefix. Repeatable."),
    ] = None,
    caller_ids: Annotated[
        list[str] | None,
        typer.Option("--caller-id", metavar="NUMBER", help="A number verified to be the customer's. Repeatable."),
    ] = None,
    numbers: Annotated[
        list[str] | None, typer.Option("--did", metavar="NUMBER", help="Give it a number in stock. Repeatable.")
    ] = None,
    max_calls: Annotated[int | None, typer.Option(metavar="N", help="The most calls at one time.")] = None,
    calls_per_minute: Annotated[int | None, typer.Option(metavar="N", help="How fast its calls are placed.")] = None,
    calls_per_day: Annotated[int | None, typer.Option(metavar="N", help="Calls that it may order in 24 hours.")] = None,
    texts_per_day: Annotated[int | None, typer.Option(metavar="N", help="Texts that it may order in 24 hours.")] = None,
    minutes_per_day: Annotated[int | None, typer.Option(metavar="N", help="Minutes of calls in 24 hours.")] = None,
    money_per_day: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What its use may cost in a day: 250 or 99.50.")
    ] = None,
    money_per_month: Annotated[str | None, typer.Option(metavar="AMOUNT", help="And in a month.")] = None,
    calling_hours: Annotated[
        str | None,
        typer.Option(metavar="08:00-21:00", help="When its calls may ring, by the clock of who is called."),
    ] = None,
    status_post_url: Annotated[str | None, typer.Option(metavar="URL", help="Where its results are posted.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Let programs of Phone Notify! send 0 instead of this key.")
    ] = False,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="For you.")] = None,
    settings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML with any settings of a licence key (docs/configuration.md)."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="GUID|-", help="A key that the customer has already; -: from standard input."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a licence key that counts at once, on every controller. Prints the key, which is shown this once only.

    Whatever is left out is as in the configuration's tables. A name that the configuration declares is refused: what it
    states, it owns.
    """
    from controller.commands.key_views import WantedKey, create_key, hours_of

    options = {
        "products": products,
        "destinations": destinations,
        "caller_ids": caller_ids,
        "max_calls": max_calls,
        "calls_per_minute": calls_per_minute,
        "status_post_url": status_post_url,
        "demo": demo or None,
        "description": description,
        "limits": {
            "calls_per_day": calls_per_day,
            "texts_per_day": texts_per_day,
            "minutes_per_day": minutes_per_day,
            "money_per_day": money_per_day,
            "money_per_month": money_per_month,
        },
        "calling_hours": hours_of(calling_hours),
    }
    wanted = WantedKey(name, options, settings, tuple(numbers or ()), key or "")
    run_async(create_key(config, wanted, output(), output(stderr=True), as_json=as_json))


@keys.command("list")
@reported
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show all licence keys: where they come from, their products, numbers and state. No key itself is shown."""
    from controller.commands.key_views import show_keys

    run_async(show_keys(config, output(), as_json=as_json))


@keys.command()
@reported
def revoke(
    name: Name,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Put its numbers back into the stock; otherwise nobody gets them.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End the use of a licence key at once. Calls in progress end normally; queued calls are refused with code 14.

    There is no way back, and its name is not used again. A key of the configuration is removed there.
    """
    from controller.commands.key_views import revoke_key

    returned = run_async(revoke_key(config, name, give_back=give_back))
    typer.echo(f"revoked; numbers in stock again: {', '.join(returned)}" if returned else "revoked")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(keys, name="keys")
