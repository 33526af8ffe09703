"""The versions of a script: what is different between one and the next, and back to an older one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import web

from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Door, Visit, see_other
from controller.directory.saved_scripts import SavedScripts
from controller.directory.script_versions import Kind, ScriptVersion, ScriptVersions, differences


class ScriptHistory:
    """The page of a script's versions. A script is named by `name`, or by the number that it answers, `did`."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._dids = parts.dids
        self._saved = SavedScripts(parts.database)
        self._versions = ScriptVersions(parts.database)

    def doors(self) -> list[Door]:
        """The doors of this page."""
        return [
            Door("GET", "/scripts/versions", self._show),
            Door("POST", "/scripts/versions", self._go_back),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, visit.query("name"), visit.query("did"), visit.query("version"))

    async def _page(
        self, visit: Visit, name: str, did: str, chosen: str, *, status: int = 200, **said: str
    ) -> web.StreamResponse:
        versions = await self._of(visit, name, did)
        shown = next((index for index, each in enumerate(versions) if str(each.id) == chosen), 0)
        older = versions[shown + 1].source if shown + 1 < len(versions) else ""
        values = {
            "key": visit.key,
            "name": name,
            "did": did,
            "versions": versions,
            "shown": versions[shown],
            "is_newest": shown == 0,
            "is_first": shown == len(versions) - 1,
            "lines": await asyncio.to_thread(differences, older, versions[shown].source),
            **said,
        }
        return visit.page("script_versions.html.j2", values, status=status)

    async def _go_back(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        name, did, wanted = form.get("name"), form.get("did"), form.get("version")
        versions = await self._of(visit, name, did)
        version = next((each for each in versions if str(each.id) == wanted), None)
        if version is None:
            raise web.HTTPNotFound(text=mark("This version is not kept any more."))
        await visit.changes(
            "go back to an older script", name or did, before=versions[0].source, after=version.source, key=key.name
        )
        if name:
            await self._saved.save(key.name, name, version.source, by=visit.who.name)
        elif refusal := await self._dids.set_script(did, key.name, version.source, by=visit.who.name):
            said = visit.say("%(did)s cannot be given this script: %(refusal)s.", did=did, refusal=refusal)
            return await self._page(visit, name, did, wanted, status=422, said=said)
        of = {"name": name} if name else {"did": did}
        asked = urlencode({"key": key.shown_name, **of} if visit.who.is_operator else of)
        return see_other(f"/scripts/versions?{asked}")

    async def _of(self, visit: Visit, name: str, did: str) -> Sequence[ScriptVersion]:
        """HTTPNotFound for a script that was never kept."""
        kind: Kind = "name" if name else "did"
        versions = await self._versions.every(visit.key.name, kind, name or did)
        if not versions:
            raise web.HTTPNotFound(text=mark("There is no such script."))
        return versions
