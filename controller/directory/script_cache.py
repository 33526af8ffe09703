"""The call scripts that the administrator's files hold: read, compiled and checked once each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from controller.config_file.document import Document, read_file
from controller.config_file.nodes import Position
from controller.config_file.validation import alternatives
from controller.directory.destinations import Destinations
from controller.directory.script_examination import examine
from controller.directory.snapshot import LicenseKey, ScriptFile
from controller.errors import Mistake
from controller.script.analysis.checker import NOWHERE, Context
from controller.script.analysis.transfers import transfer_doubts
from controller.script.commands.call_control import DebugEmail, ErrorEmail
from controller.script.commands.command import Speaking, dynamic
from controller.script.commands.kinds import EMAIL
from controller.script.diagnostics import Diagnostic


class ScriptCache:
    """Scripts by the path that the YAML writes, relative to the folder of the YAML.

    context: what they are checked against, whoever runs them; their sounds are those of a key (`check_sounds`).
    """

    def __init__(self, document: Document, context: Context = NOWHERE) -> None:
        self._document = document
        # What a call may dial is a matter of the key that runs the script: see `check_transfers`.
        self._context = replace(context, number_refused=None, open_transfers=True)
        self._scripts: dict[str, ScriptFile | None] = {}
        self._recorded: dict[str, set[str]] = {}

    @property
    def scripts(self) -> dict[str, ScriptFile]:
        """All that could be read."""
        return {name: script for name, script in self._scripts.items() if script is not None}

    def take(self, name: str, position: Position) -> ScriptFile | None:
        """The script of a file that is named at `position`; its mistakes are noted at their own line and column.

        None when the file cannot be read.
        """
        if name not in self._scripts:
            self._scripts[name] = self._read(name, position)
        return self._scripts[name]

    def _read(self, name: str, position: Position) -> ScriptFile | None:
        file = Path(position.file).parent / Path(name).expanduser()
        source = read_file(self._document, position, file)
        if source is None:
            return None
        examined = examine(source, self._context)
        self._document.note(as_mistakes(file, examined.diagnostics))
        return ScriptFile(file, source, examined.program)

    def run_for(self, script: ScriptFile, key: str) -> None:
        """Note that calls of a licence key run a script: what it records is a sound of the key from then on."""
        self._recorded.setdefault(key, set()).update(script.program.recorded_sounds())

    def recorded_for(self, key: str) -> Collection[str]:
        """The sounds that scripts of a key record under an id written out: they come during a call."""
        return self._recorded.get(key, frozenset())

    def check_transfers(self, script: ScriptFile, key: str, destinations: Destinations) -> None:
        """Note every transfer that calls of a key may not make, where the script asks for it."""
        doubts = transfer_doubts(script.program, destinations.refusal, open_transfers=destinations.open_transfers)
        for each in as_mistakes(script.file, doubts):
            message = f'for licence key "{key}": {each.message}'
            self._document.note([replace(each, message=message)])

    def check_mail(self, script: ScriptFile, key: LicenseKey) -> None:
        """Note every mail that the key does not permit, where the script asks for it."""
        for step in script.program.steps:
            command = step.command
            if not isinstance(command, (DebugEmail, ErrorEmail)) or dynamic(command.address):
                continue
            if EMAIL.read(command.address) is not None and not key.may_mail(command.address):
                position = Position(str(script.file), step.line, step.column)
                message = f'for licence key "{key.shown_name}": no mail is sent to {command.address}'
                self._document.warn(position, f"{message}, which the key does not name under `mail_to`")

    def check_sounds(self, script: ScriptFile, key: str, sounds: Collection[str]) -> None:
        """Note every sound that the script plays and the key neither has nor records, where it is played."""
        known = {*sounds, *self.recorded_for(key)}
        for step in script.program.steps:
            if isinstance(step.command, Speaking):
                position = Position(str(script.file), step.line, step.column)
                for sound_id in step.command.sounds():
                    if sound_id not in known:
                        expected = alternatives(sound_id, known)
                        message = f'licence key "{key}" has no sound "{sound_id}"'
                        self._document.report(position, message, expected=expected)


def as_mistakes(file: Path, diagnostics: Iterable[Diagnostic]) -> list[Mistake]:
    """What was found in a script, as the administrator's other mistakes are told."""
    return [
        Mistake(str(file), each.line, each.column, each.message.rstrip("."), each.severity, code=each.code)
        for each in diagnostics
    ]
