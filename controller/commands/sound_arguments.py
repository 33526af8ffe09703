"""The commands `ringpost sounds …`: their arguments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.terminal import output

sounds = typer.Typer(no_args_is_help=True, help="The sounds of a licence key: messages, prompts, recordings.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="The licence key, by its name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the sound, such as test.message.")]


@sounds.command()
@reported
def add(
    key: Key,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WAV, MP3, AIFF, AIFC, GSM, u-law, FLAC or Ogg.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a sound, or replace one. What the file holds is judged by its content, whatever its name."""
    from controller.commands.sound_views import add_sound

    seconds = run_async(add_sound(config, key, name, file))
    typer.echo(f"{name.strip().lower()}: {seconds:.1f} s")


@sounds.command("list")
@reported
def list_all(
    key: Key,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """All sounds of a key: how long they are, and where they come from."""
    from controller.commands.sound_views import list_sounds

    run_async(list_sounds(config, key, output(), as_json=as_json))


@sounds.command()
@reported
def play(
    key: Key,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the WAV file is written.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write a sound into a WAV file, as it is heard on calls: 8 kHz, mono, 16 bit."""
    from controller.commands.sound_views import write_sound

    run_async(write_sound(config, key, name, file))


@sounds.command()
@reported
def remove(key: Key, name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Remove a sound. Exit status 1 if there is none, or if it is a file of the configuration."""
    from controller.commands.sound_views import remove_sound

    run_async(remove_sound(config, key, name))
    typer.echo("removed")


@sounds.command()
@reported
def draw(
    key: Key,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the PNG file is written.")],
    width: Annotated[int, typer.Option(min=10, max=10_000, help="Pixels.")] = 800,
    height: Annotated[int, typer.Option(min=10, max=2_000, help="Pixels.")] = 160,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Draw a sound as a waveform into a PNG file."""
    from controller.commands.sound_views import draw_sound

    run_async(draw_sound(config, key, name, file, width, height))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(sounds, name="sounds")
