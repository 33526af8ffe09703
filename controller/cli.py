"""The command line: `ringpost`. Thin: each command calls the room that does the work."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib.metadata import version
from itertools import islice
from math import inf
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from controller.commands import backup_arguments as backup_commands
from controller.commands import billing_arguments as billing_commands
from controller.commands import call_arguments as call_commands
from controller.commands import console_arguments as console_commands
from controller.commands import key_arguments as key_commands
from controller.commands import line_type_arguments as line_type_commands
from controller.commands import postback_arguments as postback_commands
from controller.commands import sound_arguments as sound_commands
from controller.commands import text_arguments as text_commands
from controller.commands import tools_arguments as tools_commands
from controller.commands import usage_arguments as usage_commands
from controller.commands import voice_arguments as voice_commands
from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async, show_mistakes
from controller.errors import InvalidConfiguration
from controller.script.simulation.callee import AnsweredBy, TransferResult
from controller.terminal import output

app = typer.Typer(
    name="ringpost",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ringpost {version('ringpost')}")
        raise typer.Exit


@app.callback()
def ringpost(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Answers and places phone calls on Asterisk, and posts every result to the customer's URL."""


class SimulateCommand(TyperCommand):
    """The command whose option `--fetch URL BODY` takes two words, which typer's repeatable options cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        joined: list[str] = []
        words = iter(args)
        for word in words:
            joined.append(word)
            if word == "--fetch":
                joined += ["\n".join(islice(words, 2))]
        return super().parse_args(ctx, joined)


@app.command()
@reported
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start everything on this machine: PostgreSQL, Asterisk and the service; Ctrl-C stops it all."""
    from controller.running.supervisor import run as run_until_stopped

    run_async(run_until_stopped(config))


@app.command()
@reported
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Run the service alone, with the PostgreSQL and the Asterisk that the configuration names."""
    from controller import logs
    from controller.config.load import read_configuration
    from controller.service.run import serve as serve_until_stopped

    configuration = read_configuration(config)
    logs.configure(configuration.settings.log.level, configuration.settings.log.format, for_good=True)
    run_async(serve_until_stopped(configuration))


@app.command()
@reported
def check(
    path: Annotated[
        Path, typer.Argument(envvar="RINGPOST_CONFIG", help="The admin YAML, a folder of them, or a call script.")
    ] = DEFAULT_CONFIG,
    key: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a script: the licence key whose sounds it may play.")
    ] = None,
    bounds: Annotated[
        bool, typer.Option("--bounds", help="Of a configuration: how long calls to each number can last.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    security: Annotated[
        bool, typer.Option("--security", help="Of a configuration: what in it is weak, and what to set instead.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Check the configuration, or one script: every mistake with file, line and column. Exit status 1 if any.

    Of a script it tells what is proven of every call that runs it: the shortest and the longest time, the most texts.
    """
    from controller.commands.checking import check_script, check_whole, is_script, weak_settings

    if security:
        typer.echo(weak_settings(path, as_json=as_json))
        return
    findings = check_script(path, config, key) if is_script(path) else check_whole(path, with_bounds=bounds)
    typer.echo(findings.for_programs() if as_json else findings.for_people())
    if findings.refused:
        raise typer.Exit(1)


@app.command()
@reported
def reload(config: Config = DEFAULT_CONFIG) -> None:
    """Have the running service take over the changed configuration: all of it or, with mistakes, nothing."""
    from controller.commands.running_system import reload_running

    for change in run_async(reload_running(config)):
        typer.echo(change)


@app.command()
@reported
def prepare(config: Config = DEFAULT_CONFIG) -> None:
    """Write what an Asterisk that runs elsewhere starts from, where `asterisk: {files: …}` says; compose.yaml does."""
    from controller.commands.running_system import prepare_files

    for written in run_async(prepare_files(config)):
        typer.echo(written)


@app.command()
@reported
def summary(config: Config = DEFAULT_CONFIG) -> None:
    """Show what can be called, and how a softphone logs in."""
    from controller.config.load import read_configuration
    from controller.running.summary import print_numbers

    print_numbers(read_configuration(config), output())


@app.command()
@reported
def trunks(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show how the trunks of the running system stand: reachable or not, channels in use, pace, failures.

    State, failures and rests are as this controller finds them; channels are those of all controllers.
    """
    from controller.commands.trunk_views import show_trunks

    run_async(show_trunks(config, output(), as_json=as_json))


@app.command()
@reported
def say(
    text: Annotated[str, typer.Argument(help="What is to be said; speech control tags are heeded.")],
    voice: Annotated[int, typer.Option("--voice", help="A voice id of `ringpost voices`.")] = 0,
    target: Annotated[Path, typer.Option("--output", help="The WAV file to write.")] = Path("said.wav"),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Speak a text as a call would hear it, into a WAV file."""
    from controller.commands.saying import say_into

    run_async(say_into(config, text, voice, target, output()))


@app.command()
@reported
def migrate(
    config: Config = DEFAULT_CONFIG,
    check_only: Annotated[
        bool, typer.Option("--check", help="Only tell what is pending; exit status 1 if any.")
    ] = False,
) -> None:
    """Bring the database's schema up to date."""
    from controller.commands.running_system import apply_migrations, pending_migrations

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
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Send this text instead of calling.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Call a number of the running system, or send it a text, and show what happens: what was said, post-backs."""
    if text is not None:
        from controller.commands.text_trial import try_text

        if not run_async(try_text(config, number, caller, text)):
            raise typer.Exit(1)
        return
    from controller.commands.running_system import try_call

    if not run_async(try_call(config, number, caller, press or [], hang_up)):
        raise typer.Exit(1)


@app.command(cls=SimulateCommand)
@reported
def simulate(
    file: Annotated[Path | None, typer.Argument(help="A call script.", show_default=False)] = None,
    ivr: Annotated[str | None, typer.Option(metavar="NAME", help="An IVR of the configuration instead.")] = None,
    did: Annotated[str | None, typer.Option(metavar="NUMBER", help="A number of the configuration instead.")] = None,
    keys: Annotated[
        str, typer.Option(metavar="KEYS", help="An item for each wait for input, - for no input: 2,#,-,1234#")
    ] = "",
    press: Annotated[
        list[str] | None, typer.Option(metavar="SECONDS:DIGITS", help="Press keys at a time: 3.5:2. Repeatable.")
    ] = None,
    outgoing: Annotated[
        bool | None,
        typer.Option("--outgoing/--incoming", help="A call that was placed, or one that came in.", show_default=False),
    ] = None,
    answered_by: Annotated[
        AnsweredBy | None, typer.Option(help="Who answers the outgoing call.", show_default=False)
    ] = None,
    transfer: Annotated[TransferResult, typer.Option(help="How transfers end.")] = "answered",
    transfer_number: Annotated[str, typer.Option(metavar="NUMBER", help="Where 0 transfers an outgoing call.")] = "",
    fetch: Annotated[
        list[str] | None, typer.Option(metavar="URL BODY", help="What a URL answers; others answer 404. Repeatable.")
    ] = None,
    variables: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A variable. Repeatable.")
    ] = None,
    caller: Annotated[str, typer.Option(metavar="NUMBER", help="Who calls.")] = "",
    called: Annotated[str, typer.Option(metavar="NUMBER", help="Who is called.")] = "",
    hangup_at: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="When the other side hangs up.")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Your keyboard is the phone's keypad; h hangs up.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run a call script, an IVR or a number without a telephone. Exit status 2 if the script does not parse."""
    from controller.commands.simulation import Course, read_pages, read_variables, subject_of, tell

    course = Course(
        keys=keys,
        presses=tuple(press or ()),
        outgoing=(answered_by is not None or bool(transfer_number)) if outgoing is None else outgoing,
        answered_by=answered_by or "human",
        transfer=transfer,
        transfer_number=transfer_number,
        pages=read_pages(fetch or []),
        variables=read_variables(variables or []),
        caller=caller,
        called=called,
        hang_up_at=inf if hangup_at is None else hangup_at,
    )
    try:
        subject = subject_of(file, ivr, did, config)
    except InvalidConfiguration as error:
        show_mistakes(error)
        raise typer.Exit(2) from None
    if not tell(subject, course, interactive=interactive, as_json=as_json):
        raise typer.Exit(1)


@app.command("test")
@reported
def run_tests(
    folder: Annotated[Path, typer.Argument(help="Where the *.test.yaml are.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run the tests beside call scripts, and tell how much of each script they reach. Exit status 1 if one fails."""
    from controller.commands.script_tests import run_folder

    if not run_folder(folder, config, output()):
        raise typer.Exit(1)


backup_commands.add_to(app)
call_commands.add_to(app)
key_commands.add_to(app)
line_type_commands.add_to(app)
sound_commands.add_to(app)
postback_commands.add_to(app)
text_commands.add_to(app)
tools_commands.add_to(app)
usage_commands.add_to(app)
console_commands.add_to(app)
billing_commands.add_to(app)
voice_commands.add_to(app)


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> None:
    """The entry point of the command. Output that nobody reads any more, or that has no room, ends it quietly."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A locale that lacks a character of a caller's name is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    status: int | str | None = 0
    try:
        app()
    except SystemExit as ended:
        status = ended.code
    except BrokenPipeError:
        status = 0
    except OSError as error:
        # Commands tell of their own: what is left is what the parser prints, such as a help that has no room.
        if error.errno not in NO_ROOM:
            raise
        print(f"ringpost: the output: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        status = 1
    _flush_and_exit(status)


def _flush_and_exit(status: int | str | None) -> NoReturn:
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try once more at its end, and tell of it: the descriptor leads nowhere now.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            if not status:  # else the command has told of it
                print(f"ringpost: the output: {(error.strerror or str(error)).lower()}", file=sys.stderr)
            status = status or 1
    sys.exit(status)


if __name__ == "__main__":
    main()
