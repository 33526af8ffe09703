"""Grants: what the YAML leaves out about numbers and what calls to them come to, laid over what it states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from controller.directory.did_settings import UNSET, DidSettings
from controller.directory.entries import EntriesByKind
from controller.directory.granted_menus import KeyMenus, menus_of
from controller.directory.granted_phones import with_granted_phones
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.ivr.places import NumberRouting
from controller.script.parser import parse
from controller.script.program import Program


@dataclass(frozen=True, slots=True)
class DidGrant:
    """license_key, sms_key: who has the number's calls and texts, None for whom the YAML says. script_key: whose the
    script is. settings_key: whose the settings are."""

    license_key: str | None = None
    sms_key: str | None = None
    script_key: str | None = None
    script: str | None = None
    settings_key: str | None = None
    settings: DidSettings = UNSET


def with_keys(stated: Snapshot, keys: Mapping[str, LicenseKey]) -> Snapshot:
    """The snapshot with these licence keys of the store too, but for those whose name the YAML has taken meanwhile.

    The same holds for who is the demo key.
    """
    taken = {*stated.license_keys, *(key.shown_name for key in stated.license_keys.values())}
    demo = stated.demo_key is not None
    own = {
        name: replace(key, demo=False) if key.demo and demo else key for name, key in keys.items() if name not in taken
    }
    return replace(stated, license_keys={**stated.license_keys, **own}) if own else stated


def with_grants(stated: Snapshot, grants: Mapping[str, DidGrant], entries: EntriesByKind | None = None) -> Snapshot:
    """The snapshot that counts: what the YAML states stays, what is granted fills what it leaves out.

    entries: what customers made for their calls to come to.
    """
    granted = {number: _granted(did, grants[number], stated) for number, did in stated.dids.items() if number in grants}
    routed = {number: did for number, did in granted.items() if _is_routed(did)}
    menus: dict[str, KeyMenus] = {}
    programs: dict[tuple[str, NumberRouting | None], Program | None] = {}
    for number, did in routed.items():
        assert did.voice is not None
        name = did.voice.name
        if name not in menus:
            menus[name] = menus_of(entries or {}, name, did.voice.time_zone)
        routing = menus[name].routing_of(number, did.settings)
        if (name, routing) not in programs:
            programs[name, routing] = menus[name].program(routing) if routing else None
        granted[number] = replace(did, program=programs[name, routing], script_source=None)
    phones = with_granted_phones(stated, entries or {})
    if not granted and len(phones) == len(stated.phones):
        return stated
    return replace(stated, dids={**stated.dids, **granted}, phones=phones)


def _is_routed(did: Did) -> bool:
    """Whether the routing counts that a customer set: the YAML names nothing that answers the number's calls."""
    return bool(did.voice and did.settings.routing and did.script_file is None and did.ivr is None)


def _granted(did: Did, grant: DidGrant, stated: Snapshot) -> Did:
    if did.voice is None and did.sms is None:
        voice, sms = (stated.license_key(name or "") for name in (grant.license_key, grant.sms_key))
        did = replace(did, voice=voice, sms=sms if sms and "sms" in sms.products else None, granted=bool(voice or sms))
    if grant.settings_key in {each.name for each in (did.voice, did.sms) if each}:
        did = replace(did, settings=grant.settings)
    if did.voice is None or grant.script is None or grant.script_key != did.voice.name or did.program is not None:
        return did
    return replace(did, script_source=grant.script, program=_program(grant.script))


@lru_cache(maxsize=1000)
def _program(source: str) -> Program:
    return parse(source)
