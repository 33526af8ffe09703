"""Scripts over the JSON interface: kept by name, checked with what is proven of them, and simulated."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from controller.api.console.parts import ConsoleParts
from controller.api.console.script_desk import LONGEST, ScriptDesk
from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.directory.saved_scripts import LONGEST_NAME, SavedScripts
from controller.directory.script_versions import ScriptVersions
from controller.errors import RingpostError
from controller.script.simulation.callee import TransferResult

MOST_VARIABLES = 100
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Source = Annotated[str, Field(max_length=LONGEST)]


class OneScript(Asked):
    """A script by its name."""

    name: Name


class ScriptAsked(Asked):
    """A script as it shall be."""

    name: Name
    script: Source


class ScriptText(Asked):
    """A script that is looked at, and not kept."""

    script: Source


class SimulationAsked(Asked):
    """A call that comes in and presses keys. keys: as `ringpost simulate --keys` takes them, such as `1,2@5`."""

    script: Source
    keys: Annotated[str, Field(max_length=1000)] = ""
    variables: Annotated[dict[str, str], Field(max_length=MOST_VARIABLES)] = Field(default_factory=dict)
    transfer: Annotated[TransferResult, Field(description="How transfers end.")] = "answered"


class ScriptNames(Told):
    """The names of the scripts, sorted."""

    names: tuple[str, ...]


class Script(Told):
    """A script."""

    name: str
    script: str


class ScriptKept(Told):
    """The name of the script."""

    name: str


class Version(Told):
    """A script as it was from a moment on. saved_by: empty for a program of another interface."""

    version_id: int
    saved: datetime
    saved_by: str
    script: str


class Versions(Told):
    """The versions that are kept, the newest first."""

    versions: tuple[Version, ...]


class Mark(Told):
    """A mistake or a doubt; line and column count from 1. code: stable, for programs."""

    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str


class Checked(Told):
    """What is found in a script. Bounds are proven, in seconds; None where nothing is, or the script has errors."""

    accepted: bool
    marks: tuple[Mark, ...]
    shortest: float | None
    longest: float | None
    most_texts: int | None


class SimulatedLine(Told):
    """One thing that happens: seconds since the answer, the event, and what it is about."""

    seconds: float
    event: str
    about: str


class Simulated(Told):
    """A simulated call. regular: whether it came to an end of its own. cut: whether there were more lines."""

    lines: tuple[SimulatedLine, ...]
    regular: bool
    cut: bool


class ScriptOperations:
    """Operations on scripts."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._saved = SavedScripts(parts.database)
        self._versions = ScriptVersions(parts.database)
        self._desk = ScriptDesk(parts.directory, parts.context, parts.sounds.ids)

    @api_operation("GET", "/scripts", Scope.SCRIPTS_READ)
    async def list_scripts(self, asked: NothingAsked, bearer: TokenBearer) -> ScriptNames:  # noqa: ARG002
        """The names of the scripts of the key."""
        return ScriptNames(names=tuple(await self._saved.names(bearer.key.name)))

    @api_operation("GET", "/scripts/{name}", Scope.SCRIPTS_READ)
    async def show_script(self, asked: OneScript, bearer: TokenBearer) -> Script:
        """One script."""
        source = await self._saved.load(bearer.key.name, asked.name)
        if source is None:
            raise not_found("script")
        return Script(name=asked.name, script=source)

    @api_operation("GET", "/scripts/{name}/versions", Scope.SCRIPTS_READ)
    async def list_script_versions(self, asked: OneScript, bearer: TokenBearer) -> Versions:
        """What a script was before, the newest first."""
        found = await self._versions.every(bearer.key.name, "name", asked.name)
        if not found:
            raise not_found("script")
        told = (
            Version(version_id=each.id, saved=each.saved_at, saved_by=each.saved_by, script=each.source)
            for each in found
        )
        return Versions(versions=tuple(told))

    @api_operation("POST", "/scripts/{name}", Scope.SCRIPTS_WRITE, audited=True)
    async def save_script(self, asked: ScriptAsked, bearer: TokenBearer) -> ScriptKept:
        """Keep a script under a name; what had the name becomes an older version. Mistakes are kept, too."""
        by = f"token {bearer.name}"
        if not await self._saved.save(bearer.key.name, asked.name, asked.script, by=by):
            raise ApiRefused(422, "invalid", f"name: a name has 1 to {LONGEST_NAME} characters")
        return ScriptKept(name=asked.name.strip())

    @api_operation("POST", "/scripts/{name}/delete", Scope.SCRIPTS_WRITE, audited=True)
    async def delete_script(self, asked: OneScript, bearer: TokenBearer) -> ScriptKept:
        """Delete a script with its versions."""
        if not await self._saved.delete(bearer.key.name, asked.name):
            raise not_found("script")
        return ScriptKept(name=asked.name)

    @api_operation("POST", "/script-checks", Scope.SCRIPTS_READ)
    async def check_script(self, asked: ScriptText, bearer: TokenBearer) -> Checked:
        """Everything that is wrong or doubtful in a script, and what is proven of it."""
        findings = await self._desk.look(asked.script, bearer.key.name)
        proven = findings.proven
        return Checked(
            accepted=findings.examined.accepted,
            marks=tuple(Mark.model_validate(each, from_attributes=True) for each in findings.examined.diagnostics),
            shortest=proven.shortest if proven else None,
            longest=proven.longest if proven else None,
            most_texts=proven.most_texts if proven else None,
        )

    @api_operation("POST", "/script-simulations", Scope.SCRIPTS_READ)
    async def simulate_script(self, asked: SimulationAsked, bearer: TokenBearer) -> Simulated:  # noqa: ARG002
        """Run a script without a telephone, on a virtual clock."""
        try:
            transcript = await self._desk.simulate(asked.script, asked.keys, asked.variables, asked.transfer)
        except RingpostError as error:
            raise ApiRefused(422, "invalid", f"keys: {error}") from None
        lines = tuple(SimulatedLine(seconds=at, event=event, about=about) for at, event, about in transcript.lines)
        return Simulated(lines=lines, regular=transcript.regular, cut=transcript.cut)
