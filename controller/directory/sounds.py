"""A licence key's sounds: the audio files of a folder, each under its name in lower case and without the ending."""

from __future__ import annotations

from pathlib import Path

from controller.config_file.document import Document
from controller.config_file.nodes import Position
from controller.script.commands.kinds import sound_name

AUDIO_ENDINGS = frozenset(
    {".wav", ".mp3", ".aif", ".aiff", ".aifc", ".gsm", ".ulaw", ".ul", ".alaw", ".al", ".flac", ".ogg"}
)
_OTHERS_WELCOME = frozenset({".txt", ".md"})
MOST_SOUNDS = 10_000


def read_sounds(document: Document, folder: Path, position: Position) -> dict[str, Path]:
    """The sounds in a folder, by id. What is wrong with it is noted at `position`, where the YAML names it.

    Whether a file holds audio is found out when it is converted; here it only must not be empty.
    """
    sounds: dict[str, Path] = {}
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    except (OSError, ValueError):
        document.report(position, "this folder of sounds cannot be read", expected="a folder beside the YAML")
        return sounds
    if len(files) > MOST_SOUNDS:
        document.report(position, "there are too many files in this folder", expected=f"at most {MOST_SOUNDS}")
        return sounds
    for file in files:
        sound_id, ending = sound_name(file.stem), file.suffix.lower()
        whole = Position(str(file), 0, 0)
        try:
            size = file.stat().st_size if file.is_file() else 0
        except OSError:
            size = 0
        if not file.exists():
            document.report(whole, "this link leads nowhere")
            continue
        if ending not in AUDIO_ENDINGS:
            if ending not in _OTHERS_WELCOME:
                document.warn(whole, "no sound by its ending", expected=" ".join(sorted(AUDIO_ENDINGS)))
        elif size == 0:
            document.report(whole, "this sound is empty")
        elif sound_id in sounds:
            document.report(whole, f'"{sounds[sound_id].name}" is the sound "{sound_id}" already')
        else:
            sounds[sound_id] = file
    return sounds
