"""IVRs and sequences out of the YAML, and whether what they lead to exists for every number that uses them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry, Position
from controller.config_file.validation import alternatives, locate, locate_key, read_entries
from controller.directory.declarations import MENU_NAME, IvrEntry, SequenceEntry, StepEntry
from controller.directory.destinations import Destinations
from controller.directory.script_cache import ScriptCache
from controller.directory.snapshot import Did, LicenseKey
from controller.ivr.loops import doubtful_loops, menus_of
from controller.ivr.menu_announcements import ANNOUNCEMENTS
from controller.ivr.model import (
    Choice,
    Destination,
    DestinationKind,
    DtmfStep,
    Ivr,
    RecordingStep,
    Sequence,
    Step,
    TextStep,
)
from controller.ivr.places import KINDS, Place
from controller.script.analysis.checker import NOWHERE, Context
from controller.script.program import Program

PlaceInFile = tuple[Destination, Position]


@dataclass(slots=True)
class Menus:
    """All IVRs and sequences of a document. `names_*` hold also those that have mistakes and so no value."""

    document: Document
    cache: ScriptCache
    phones: Collection[str]
    context: Context = NOWHERE
    ivrs: dict[str, Ivr] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    ivr_names: set[str] = field(default_factory=set)
    sequence_names: set[str] = field(default_factory=set)
    places: dict[Destination, Place] = field(default_factory=dict)
    _entries: dict[tuple[DestinationKind, str], MappingEntry] = field(default_factory=dict)
    _used: dict[str, list[tuple[DestinationKind, str]]] = field(default_factory=dict)

    def read(self) -> None:
        """Read both sections and note what is wrong in them, whoever uses them."""
        ivrs = read_entries(self.document, "ivrs", IvrEntry)
        sequences = read_entries(self.document, "sequences", SequenceEntry)
        self.ivr_names, self.sequence_names = set(ivrs), set(sequences)
        for entry, _ in (*ivrs.values(), *sequences.values()):
            if MENU_NAME.fullmatch(entry.key) is None:
                expected = "1 to 100 characters, no white space around them"
                self.document.report(entry.position, "this name cannot be used", expected=expected)
        for name, (entry, declared) in ivrs.items():
            self._entries[DestinationKind.IVR, name] = entry
            if declared is not None:
                self._add_ivr(name, entry, declared)
        for name, (entry, sequence) in sequences.items():
            self._entries[DestinationKind.SEQUENCE, name] = entry
            if sequence is not None:
                steps = [self._step(entry, index, step) for index, step in enumerate(sequence.steps)]
                self.sequences[name] = Sequence(name, tuple(step for step in steps if step), sequence.then)

    def note_use(self, dids: Mapping[str, Did]) -> None:
        """Note whose numbers lead where, before anything is checked for the keys."""
        for key, ivr_names in _ivrs_by_key(dids).items():
            self._used[key] = reachable(self.ivrs, ivr_names)
            for kind, name in self._used[key]:
                script = self.cache.scripts.get(name) if kind is DestinationKind.SCRIPT else None
                if script is not None:
                    self.cache.run_for(script, key)

    def check_use(
        self,
        dids: Mapping[str, Did],
        sounds: Mapping[str, Mapping[str, Path]],
        destinations: Mapping[str, Destinations],
    ) -> None:
        """Note what is missing for the keys whose numbers lead to an IVR, and the menus that no number leads to."""
        for key, places in self._used.items():
            for kind, name in places:
                self._check_for_key(kind, name, key, sounds.get(key, {}), dids)
                self._check_calls(kind, name, key, destinations[key])
        used = {place for places in self._used.values() for place in places}
        for (kind, name), entry in self._entries.items():
            # After an error, what leads there may be just what could not be read.
            if (kind, name) not in used and not self.document.has_errors:
                self.document.warn(entry.position, f'no number leads to {kind} "{name}"')

    def check_loops(self, programs: Iterable[Program]) -> None:
        """Note the doubtful loops in the compiled IVRs of numbers, where the IVR that begins one is declared."""
        seen: set[str] = set()
        for program in programs:
            names = menus_of(program)
            # What is reached from an IVR that an earlier program holds, that program holds as well.
            if names[0] not in seen:
                seen.update(names)
                for doubt in doubtful_loops(program):
                    self.document.warn(self._entries[DestinationKind.IVR, doubt.ivr].position, doubt.message)

    def _check_voices(self, ivr: Ivr, entry: MappingEntry) -> None:
        context, voice = self.context, ANNOUNCEMENTS[ivr.language].voice
        reason = None if context.voice_missing is None else context.voice_missing(voice)
        if reason:
            message = f'what is spoken in "{ivr.language}" is spoken by the default voice: {reason}'
            self.document.warn(locate(entry, ("language",)), message)
        if ivr.text is not None and context.unheard_voices is not None:
            for message in context.unheard_voices(ivr.text):
                self.document.warn(locate(entry, ("text",)), message.rstrip("."))

    def _add_ivr(self, name: str, entry: MappingEntry, declared: IvrEntry) -> None:
        if (declared.recording is None) == (declared.text is None):
            self.document.report(
                entry.position, "what callers hear is not clear", expected="exactly one of `recording` and `text`"
            )
        ivr = Ivr(
            name=name,
            recording=declared.recording,
            text=declared.text,
            choices=tuple(Choice(digits, destination) for digits, destination in declared.choices.items()),
            timeout=declared.timeout,
            digit_timeout=declared.digit_timeout,
            repeat=declared.repeat,
            no_input=declared.no_input,
            wrong_choice=declared.wrong_choice,
            language=declared.language,
        )
        self.ivrs[name] = ivr
        self._check_voices(ivr, entry)
        for short, longer in ivr.prefixes().items():
            begun = f'"{longer[0]}"' if len(longer) == 1 else f'"{longer[0]}" and {len(longer) - 1} other choices'
            self.document.warn(
                locate_key(entry, ("choices", short)),
                f'"{short}" begins {begun} as well, so it acts only after {ivr.digit_timeout:g} s',
            )
        for destination, position in _places(ivr, entry):
            self._check_destination(destination, position)

    def _check_destination(self, destination: Destination, position: Position) -> None:
        known: Collection[str]
        match destination.kind:
            case DestinationKind.SEQUENCE:
                known = self.sequence_names
            case DestinationKind.IVR:
                known = self.ivr_names
            case DestinationKind.PHONE:
                known = self.phones
            case DestinationKind.SCRIPT:
                self.cache.take(destination.target, position)
                return
            case kind if kind in KINDS and kind is not DestinationKind.DID and not destination.is_number:
                known = [place.target for place in self.places if place.kind is kind]
            case _:
                return
        if destination.target not in known:
            self.document.report(
                position, f"{destination} is not declared", expected=alternatives(destination.target, known)
            )

    def _step(self, entry: MappingEntry, index: int, step: StepEntry) -> Step | None:
        path = ("steps", index)
        kinds = [name for name in ("dtmf", "recording", "sms") if getattr(step, name) is not None]
        if len(kinds) != 1:
            self.document.report(
                locate(entry, path), "a step does one thing", expected="exactly one of `dtmf`, `recording` and `sms`"
            )
        for name in ("tone_ms", "gap_ms"):
            if name in step.model_fields_set and step.dtmf is None:
                self.document.report(locate_key(entry, (*path, name)), f'"{name}" belongs to a step with `dtmf`')
        if step.dtmf is not None:
            return DtmfStep(step.dtmf, step.tone_ms, step.gap_ms)
        if step.recording is not None:
            return RecordingStep(step.recording)
        if step.sms is not None:
            return TextStep(step.sms.sender, step.sms.recipient, step.sms.text)
        return None

    def _check_for_key(
        self, kind: DestinationKind, name: str, key: str, sounds: Mapping[str, Path], dids: Mapping[str, Did]
    ) -> None:
        entry = self._entries.get((kind, name))
        if kind is DestinationKind.SCRIPT:
            script = self.cache.scripts.get(name)
            if script is not None:
                self.cache.check_sounds(script, key, sounds)
        elif kind is DestinationKind.IVR and entry is not None and name in self.ivrs:
            ivr = self.ivrs[name]
            wanted = [(ivr.recording, locate(entry, ("recording",)))] if ivr.recording else []
            wanted += [(end.target, at) for end, at in _places(ivr, entry) if end.kind is DestinationKind.RECORDING]
            for sound_id, position in wanted:
                self._check_sound(sound_id, position, key, sounds)
        elif kind is DestinationKind.SEQUENCE and entry is not None and name in self.sequences:
            for index, step in enumerate(self.sequences[name].steps):
                if isinstance(step, RecordingStep):
                    self._check_sound(step.sound_id, locate(entry, ("steps", index, "recording")), key, sounds)
                elif isinstance(step, TextStep):
                    self._check_sender(step.sender, locate(entry, ("steps", index, "sms", "from")), key, dids)

    def _check_calls(self, kind: DestinationKind, name: str, key: str, destinations: Destinations) -> None:
        """What calls of a key may not dial from here: the numbers of `fwd:`, and the transfers of scripts."""
        entry = self._entries.get((kind, name))
        if kind is DestinationKind.SCRIPT and (script := self.cache.scripts.get(name)):
            self.cache.check_transfers(script, key, destinations)
        elif kind is DestinationKind.IVR and entry is not None and name in self.ivrs:
            for end, position in _places(self.ivrs[name], entry):
                refusal = destinations.refusal(end.target) if end.kind is DestinationKind.FORWARD else None
                if refusal:
                    self.document.report(position, f'calls of licence key "{key}" are not forwarded there: {refusal}')

    def _check_sound(self, sound_id: str, position: Position, key: str, sounds: Mapping[str, Path]) -> None:
        known = {*sounds, *self.cache.recorded_for(key)}
        if sound_id not in known:
            self.document.report(
                position, f'licence key "{key}" has no sound "{sound_id}"', expected=alternatives(sound_id, known)
            )

    def _check_sender(self, sender: str, position: Position, key: str, dids: Mapping[str, Did]) -> None:
        did = dids.get(sender)
        if did is None or did.sms is None or did.sms.name != key:
            self.document.report(
                position, f'licence key "{key}" cannot send texts from here', expected=f"a DID with `sms: {key}`"
            )


def reachable(ivrs: Mapping[str, Ivr], names: Collection[str]) -> list[tuple[DestinationKind, str]]:
    """Every IVR, sequence and script that callers can come to from some IVRs, these included."""
    found: dict[tuple[DestinationKind, str], None] = {}
    waiting = [(DestinationKind.IVR, name) for name in names]
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        found[place] = None
        ivr = ivrs.get(place[1]) if place[0] is DestinationKind.IVR else None
        if ivr is not None:
            followed = (DestinationKind.IVR, DestinationKind.SEQUENCE, DestinationKind.SCRIPT)
            waiting += [(end.kind, end.target) for end in ivr.destinations if end.kind in followed]
    return list(found)


def _places(ivr: Ivr, entry: MappingEntry) -> Iterator[PlaceInFile]:
    """The destinations of an IVR that the YAML writes, each with its place."""
    for choice in ivr.choices:
        yield choice.destination, locate(entry, ("choices", choice.digits))
    yield ivr.no_input, locate(entry, ("no_input",))
    yield ivr.wrong_choice, locate(entry, ("wrong_choice",))


def _ivrs_by_key(dids: Mapping[str, Did]) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for did in dids.values():
        key: LicenseKey | None = did.voice
        if did.ivr is not None and key is not None:
            used.setdefault(key.name, set()).add(did.ivr.name)
    return used
