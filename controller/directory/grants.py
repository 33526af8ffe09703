"""Grants: what the YAML leaves out about numbers, laid over what it states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from controller.directory.snapshot import Did, Snapshot
from controller.script.parser import parse
from controller.script.program import Program


@dataclass(frozen=True, slots=True)
class DidGrant:
    """license_key: who has the number's calls, None for whom the YAML says. script_key: whose the script is."""

    license_key: str | None = None
    script_key: str | None = None
    script: str | None = None


def with_grants(stated: Snapshot, grants: Mapping[str, DidGrant]) -> Snapshot:
    """The snapshot that counts: what the YAML states stays, what is granted fills what it leaves out."""
    granted = {number: _granted(did, grants[number], stated) for number, did in stated.dids.items() if number in grants}
    return replace(stated, dids={**stated.dids, **granted}) if granted else stated


def _granted(did: Did, grant: DidGrant, stated: Snapshot) -> Did:
    owner = did.voice
    if owner is None and did.sms is None and grant.license_key is not None:
        owner = stated.license_key(grant.license_key)
    if owner is None:
        return did
    did = replace(did, voice=owner)
    if grant.script is None or grant.script_key != owner.name or did.program is not None:
        return did
    return replace(did, script_source=grant.script, program=_program(grant.script))


@lru_cache(maxsize=1000)
def _program(source: str) -> Program:
    return parse(source)
