"""From the YAML to a snapshot: everything is read, every mistake is found, and only a faultless whole is handed out."""

from __future__ import annotations

import secrets as randomness
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from controller.config_file.document import Document, read_document
from controller.config_file.nodes import MappingEntry
from controller.config_file.validation import (
    alternatives,
    child,
    locate,
    locate_key,
    read_entries,
    refuse_unknown_sections,
)
from controller.directory.claims import Claims
from controller.directory.declarations import NAME, DidEntry
from controller.directory.dialer_checks import DialerChecks
from controller.directory.key_names import KeyNames
from controller.directory.license_key_declarations import LicenseKeyEntry
from controller.directory.menus import Menus
from controller.directory.script_cache import ScriptCache
from controller.directory.secrets import SecretSource
from controller.directory.sip_entries import SipEntries
from controller.directory.snapshot import (
    DEMO_KEY,
    Did,
    LicenseKey,
    Phone,
    Product,
    ScriptFile,
    Snapshot,
    destinations_by_key,
    numbers_inside,
)
from controller.directory.sounds import read_sounds
from controller.errors import DestinationInvalid, Mistake
from controller.ivr.compiled import compile_ivr
from controller.ivr.model import Destination, DestinationKind
from controller.numbers import try_number
from controller.script.analysis.checker import NOWHERE, Context
from controller.script.parser import parse
from controller.script.program import Program

SECTIONS = ("license_keys", "dids", "ivrs", "sequences", "phones", "trunks")


class _Unsaved:
    """Values that nobody is told: for checking a configuration without starting anything."""

    def get_or_make(self, name: str, make: Callable[[], str]) -> str:  # noqa: ARG002 — the protocol's parameter
        return make()


def load(path: Path, *, secrets: SecretSource | None = None, other_sections: Collection[str] = ()) -> Snapshot:
    """The snapshot of a YAML file or of a folder of them.

    `secrets` makes the licence keys and passwords that are left out; without it they are different ones each time.
    `other_sections` are those that the service itself reads. Raises InvalidConfiguration with every mistake.
    """
    document = read_document(path)
    snapshot = build(document, secrets=secrets, other_sections=other_sections)
    document.require()
    assert snapshot is not None
    return snapshot


def check(path: Path, *, other_sections: Collection[str] = ()) -> list[Mistake]:
    """Every mistake and warning in a YAML file or a folder of them, in the order of files and lines. Writes nothing."""
    document = read_document(path)
    build(document, other_sections=other_sections)
    return document.mistakes


def build(
    document: Document,
    *,
    secrets: SecretSource | None = None,
    other_sections: Collection[str] = (),
    context: Context = NOWHERE,
    known_keys: Collection[str] = (),
) -> Snapshot | None:
    """The snapshot of a document that was read. Mistakes are noted in the document; None when one is an error.

    `context` is what scripts are checked against; the sounds of each key are found here. `known_keys`: names that
    licence keys have had; empty when nobody knows.
    """
    refuse_unknown_sections(document, {*SECTIONS, *other_sections})
    if not document.complete:
        return None
    return _Loader(document, secrets or _Unsaved(), context, known_keys).build()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The sounds of each key, by its name and their ids, and the files of scripts with the keys whose numbers run them.

    recorded: the ids of the sounds that come during calls, by the key's name. All this is there for a document with
    mistakes as well, as far as that could be read.
    """

    sounds: Mapping[str, Mapping[str, Path]]
    played: tuple[tuple[Path, str], ...] = ()
    recorded: Mapping[str, Collection[str]] = field(default_factory=dict)

    def playable(self, key: str) -> Collection[str]:
        """The sounds that scripts of a key may play."""
        return {*self.sounds[key], *self.recorded.get(key, ())}


def take_inventory(document: Document) -> Inventory:
    """What a document says of sounds and scripts. Mistakes are noted in the document."""
    loader = _Loader(document, _Unsaved(), NOWHERE)
    if document.complete:
        loader.build()
    return loader.inventory


class _Loader:
    """Reads one document. A value that the YAML leaves out stays empty until all is known to be right."""

    def __init__(
        self, document: Document, secrets: SecretSource, context: Context, known_keys: Collection[str] = ()
    ) -> None:
        self._document = document
        self._secrets = secrets
        self._names = KeyNames(document, secrets, known_keys)
        self._context = context
        self._cache = ScriptCache(document, context)
        self._sounds: dict[str, dict[str, Path]] = {}
        self._claims = Claims(document)
        self._sip = SipEntries(document, self._claims)
        self._played: list[tuple[ScriptFile, str]] = []
        self._dialer = DialerChecks(document)
        # Those with mistakes are in there as well: who names them made none.
        self._key_names: set[str] = set()

    @property
    def inventory(self) -> Inventory:
        played = tuple((script.file, key) for script, key in self._played)
        return Inventory(self._sounds, played, {key: self._cache.recorded_for(key) for key in self._sounds})

    def build(self) -> Snapshot | None:
        keys = self._license_keys()
        phones = self._sip.phones(self._key_names)
        trunks = self._sip.trunks()
        menus = Menus(self._document, self._cache, self._sip.phone_names, self._context)
        menus.read()
        dids = self._dids(keys, menus)
        menus.note_use(dids)
        self._dialer.check(keys, dids, phones)
        destinations = destinations_by_key(keys, dids, numbers_inside(dids, phones))
        for script, key in self._played:
            self._cache.check_sounds(script, key, self._sounds[key])
            self._cache.check_transfers(script, key, destinations[key])
            self._cache.check_mail(script, keys[key])
        menus.check_use(dids, self._sounds, destinations)
        if self._document.has_errors:
            return None
        # Only now, so that a configuration that is refused leaves nothing behind in the file of secrets.
        named = self._names.stored(keys)
        if named is None:
            return None
        keys = {name: self._complete_key(key) for name, key in named.items()}
        compiled = self._compiled_ivrs(dids, menus)
        menus.check_loops(compiled.values())
        return Snapshot(
            license_keys={key.name: key for key in keys.values()},
            dids={number: _complete_did(did, keys, compiled) for number, did in dids.items()},
            ivrs=menus.ivrs,
            sequences=menus.sequences,
            phones={name: self._complete_phone(phone, keys) for name, phone in phones.items()},
            trunks=trunks,
            scripts=self._cache.scripts,
            sounds={keys[name].name: paths for name, paths in self._sounds.items()},
            warnings=tuple(self._document.mistakes),
        )

    def _compiled_ivrs(self, dids: dict[str, Did], menus: Menus) -> dict[str, Program]:
        """The programs of the IVRs that numbers lead to, by name."""
        scripts = {name: script.source for name, script in self._cache.scripts.items()}
        names = dict.fromkeys(did.ivr.name for did in dids.values() if did.ivr)
        return {name: compile_ivr(name, menus.ivrs, menus.sequences, scripts) for name in names}

    def _complete_key(self, key: LicenseKey) -> LicenseKey:
        if key.key:
            return key
        return replace(key, key=self._secrets.get_or_make(f"license_key.{key.name}", lambda: str(uuid.uuid4())))

    def _complete_phone(self, phone: Phone, keys: dict[str, LicenseKey]) -> Phone:
        if phone.owner:
            phone = replace(phone, owner=keys[phone.owner].name)
        if phone.password:
            return phone
        made = self._secrets.get_or_make(f"phone.{phone.name}", lambda: randomness.token_urlsafe(12))
        return replace(phone, password=made)

    def _license_keys(self) -> dict[str, LicenseKey]:
        keys: dict[str, LicenseKey] = {}
        for name, (entry, declared) in read_entries(self._document, "license_keys", LicenseKeyEntry).items():
            self._key_names.add(name)
            self._claims.check_name(entry)
            if declared is None:
                continue
            self._names.declare(entry, declared.was)
            if declared.key:
                self._claims.claim(declared.key, locate(entry, ("key",)), "this licence key")
            if declared.demo:
                self._claims.claim(DEMO_KEY, locate(entry, ("demo",)), "the demo key 0")
            login = (declared.api.username or name).lower()
            self._claims.claim(login, locate(entry, ("voipms", "username")), "this user name")
            self._dialer.declare(name, entry, declared)
            keys[name] = declared.license_key(name)
            self._read_sounds(entry, declared.sounds)
        self._names.check(self._key_names)
        return keys

    def _read_sounds(self, entry: MappingEntry, folder: str | None) -> None:
        base = Path(entry.position.file).parent
        if folder is not None:
            self._sounds[entry.key] = read_sounds(self._document, base / folder, locate(entry, ("sounds",)))
        elif NAME.fullmatch(entry.key) and (base / "sounds" / entry.key).is_dir():
            self._sounds[entry.key] = read_sounds(self._document, base / "sounds" / entry.key, entry.position)
        else:
            self._sounds[entry.key] = {}

    def _dids(self, keys: dict[str, LicenseKey], menus: Menus) -> dict[str, Did]:
        dids: dict[str, Did] = {}
        for written, (entry, declared) in read_entries(self._document, "dids", DidEntry).items():
            number = try_number(written)
            if number is None:
                self._document.report(
                    entry.position, "not a valid phone number", expected='a number such as "+12015550101"'
                )
            free = number is not None and self._claims.claim(number, entry.position, "this number")
            if declared is not None:
                did = self._did(number or written, entry, declared, keys, menus)
                if free:
                    dids[did.number] = did
        return dids

    def _did(
        self, number: str, entry: MappingEntry, declared: DidEntry, keys: dict[str, LicenseKey], menus: Menus
    ) -> Did:
        voice = self._owner(entry, "voice", declared.voice, "phone", keys)
        sms = self._owner(entry, "sms", declared.sms, "sms", keys)
        for what in ("script", "ivr"):
            if child(entry, what) is not None and child(entry, "voice") is None:
                self._document.report(locate_key(entry, (what,)), f"{_A[what]} answers calls", expected="`voice: KEY`")
        if declared.script and declared.ivr:
            self._document.report(locate_key(entry, ("ivr",)), "a number has either a script or an IVR")
        self._refuse_sequence(entry, declared, menus)
        script = None
        if declared.script and not _is_sequence(declared.script):
            script = self._cache.take(declared.script, locate(entry, ("script",)))
        if script is not None and voice is not None:
            self._played.append((script, voice.name))
            self._cache.run_for(script, voice.name)
        ivr = menus.ivrs.get(declared.ivr or "")
        return Did(
            number=number,
            voice=voice,
            sms=sms,
            script_file=script.file if script else None,
            script_source=script.source if script else None,
            program=script.program if script else None,
            ivr=ivr,
            status_post_url=declared.status_post_url,
            announcement=self._announcement(entry, declared, voice or sms),
            sms_trunk=self._sms_trunk(entry, declared),
            texts_per_minute=declared.texts_per_minute,
            texts_per_day=declared.texts_per_day,
            description=declared.description,
        )

    def _sms_trunk(self, entry: MappingEntry, declared: DidEntry) -> str | None:
        name = declared.sms_trunk
        if name is not None and name not in self._sip.trunk_names:
            expected = alternatives(name, self._sip.trunk_names)
            self._document.report(locate(entry, ("sms_trunk",)), "there is no trunk of this name", expected=expected)
        return name

    def _owner(
        self, entry: MappingEntry, what: str, name: str | None, product: Product, keys: dict[str, LicenseKey]
    ) -> LicenseKey | None:
        if name is None:
            return None
        position = locate(entry, (what,))
        if name not in self._key_names:
            expected = alternatives(name, self._key_names)
            self._document.report(position, "there is no licence key of this name", expected=expected)
        key = keys.get(name)
        if key is not None and product not in key.products:
            self._document.report(
                position, f'licence key "{name}" does not have this product', expected=f"`{product}` in its `products`"
            )
        return key

    def _refuse_sequence(self, entry: MappingEntry, declared: DidEntry, menus: Menus) -> None:
        reason = "a sequence is reached only by a choice of an IVR, not by a number"
        expected = "an `ivr` with the sequence among its choices"
        if declared.sequence is not None:
            self._document.report(locate_key(entry, ("sequence",)), reason, expected=expected)
        if declared.script is not None and _is_sequence(declared.script):
            self._document.report(locate(entry, ("script",)), reason, expected=expected)
        if declared.ivr is None or declared.ivr in menus.ivr_names:
            return
        position = locate(entry, ("ivr",))
        if declared.ivr in menus.sequence_names or _is_sequence(declared.ivr):
            self._document.report(position, reason, expected=expected)
        else:
            expected = alternatives(declared.ivr, menus.ivr_names)
            self._document.report(position, "there is no IVR of this name", expected=expected)

    def _announcement(self, entry: MappingEntry, declared: DidEntry, owner: LicenseKey | None) -> Program | None:
        sound_id = declared.announcement
        if sound_id is None:
            return None
        position = locate(entry, ("announcement",))
        if declared.script or declared.ivr:
            self._document.warn(position, "a number with a script or an IVR never plays its announcement")
        if owner is None:
            self._document.report(position, "an announcement is a sound of a licence key", expected="`voice` or `sms`")
        elif sound_id not in self._sounds[owner.name]:
            expected = alternatives(sound_id, self._sounds[owner.name])
            self._document.report(position, f'licence key "{owner.name}" has no sound "{sound_id}"', expected=expected)
        return parse(f"~^{sound_id}~")


def _is_sequence(text: str) -> bool:
    """Whether a text is written as the destination of a sequence."""
    try:
        return Destination.parse(text).kind is DestinationKind.SEQUENCE
    except DestinationInvalid:
        return False


_A = {"script": "a script", "ivr": "an IVR"}


def _complete_did(did: Did, keys: dict[str, LicenseKey], ivrs: dict[str, Program]) -> Did:
    return replace(
        did,
        program=ivrs[did.ivr.name] if did.ivr else did.program,
        voice=keys[did.voice.name] if did.voice else None,
        sms=keys[did.sms.name] if did.sms else None,
    )
