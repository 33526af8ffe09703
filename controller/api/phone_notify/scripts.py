"""The operations of scripts and of variables of the licence key."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.phone_notify.requests import ListScripts, OneScript, OneVariable, SaveScript, SaveVariable
from controller.directory.saved_scripts import KeyVariables, SavedScripts


class ScriptOperations:
    """Keeps what a customer's programs want kept."""

    def __init__(self, scripts: SavedScripts, variables: KeyVariables) -> None:
        self._scripts = scripts
        self._variables = variables

    @operation("ScriptList")
    async def names(self, request: ListScripts, caller: Caller) -> tuple[str, ...] | None:
        """The names of all scripts. There are no global scripts here."""
        key = caller.customer(request.license_key)
        return tuple(await self._scripts.names(key.name)) if key else ()

    @operation("ScriptSave")
    async def save(self, request: SaveScript, caller: Caller) -> bool:
        """Keep a script under a name of at most 50 characters; one that had the name is replaced."""
        key = caller.customer(request.license_key)
        return key is not None and await self._scripts.save(key.name, request.name or "", request.text or "")

    @operation("ScriptLoad")
    async def load(self, request: OneScript, caller: Caller) -> str | None:
        """The script of a name."""
        key = caller.customer(request.license_key)
        return await self._scripts.load(key.name, request.name or "") if key else None

    @operation("ScriptDelete")
    async def delete(self, request: OneScript, caller: Caller) -> bool:
        """Delete a script; whether there was one."""
        key = caller.customer(request.license_key)
        return key is not None and await self._scripts.delete(key.name, request.name or "")

    @operation("LicenseKeyVariableLoad")
    async def load_variable(self, request: OneVariable, caller: Caller) -> str | None:
        """The value of a variable of the licence key."""
        key = caller.customer(request.license_key)
        return await self._variables.load(key.name, request.name or "") if key else None

    @operation("LicenseKeyVariableSave")
    async def save_variable(self, request: SaveVariable, caller: Caller) -> bool:
        """Keep a value under a name of at most 50 characters; an empty one deletes the variable."""
        key = caller.customer(request.license_key)
        return key is not None and await self._variables.save(key.name, request.name or "", request.value or "")
