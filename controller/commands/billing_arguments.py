"""The commands `ringpost billing …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.moments import read_moment
from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.commands.usage_arguments import Since, Until
from controller.terminal import output

billing = typer.Typer(no_args_is_help=True, help="Invoices, exports, other prices tried on, corrections.")

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="The month, UTC.")]


@billing.command()
@reported
def invoice(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The licence key, by its name.")],
    month: Month,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page to print (HTML) instead of CSV.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What a licence key owes for a month, by product, direction and country: CSV, or a page to print."""
    from controller.commands.billing_views import print_invoice

    run_async(print_invoice(config, key, month, page))


@billing.command()
@reported
def export(
    month: Month,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where the CSV is written.")],
    key: Annotated[str | None, typer.Option("--key", metavar="NAME", help="Only of this licence key.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write every usage record of a month, with its rate and its price, into a CSV file."""
    from controller.commands.billing_views import export_month

    typer.echo(f"{run_async(export_month(config, month, to, key))} records written")


@billing.command()
@reported
def rerate(
    prices: Annotated[Path, typer.Option(metavar="FILE", help="A YAML with other `prices:`; only those are read.")],
    since: Since = None,
    until: Until = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What a period costs at other prices, each licence key beside what it costs now. Nothing is changed."""
    from controller.commands.billing_views import try_prices
    from controller.commands.usage_views import Period

    period = Period.of(read_moment(since) if since else None, read_moment(until) if until else None)
    run_async(try_prices(config, prices, period, output()))


@billing.command()
@reported
def correct(
    record_id: Annotated[str, typer.Argument(metavar="RECORD", help="As `ringpost billing export` names it.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    units: Annotated[
        int | None, typer.Option(min=0, help="The right number of units. Without it, the record is taken back.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take a usage record back, or state it anew. The record itself stays; further records correct it."""
    from controller.commands.billing_views import correct_record

    typer.echo(run_async(correct_record(config, record_id, units, note)))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(billing, name="billing")
