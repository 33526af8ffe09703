"""`ringpost check`: a configuration or a single script is looked at, its mistakes told, and its bounds proven."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

from controller.commands.simulation import sound_lengths
from controller.config.load import check_configuration, read_settings_alone
from controller.config.weaknesses import weaknesses
from controller.config_file import report
from controller.config_file.document import Document, read_document, read_file
from controller.config_file.nodes import Position
from controller.directory.loader import Inventory, take_inventory
from controller.directory.script_cache import as_mistakes
from controller.directory.script_examination import examine
from controller.directory.snapshot import Snapshot
from controller.errors import AudioInvalid, ConfigurationError, InvalidConfiguration, Mistake
from controller.script.analysis.bounds import Bounds, Lengths, bounds
from controller.script.analysis.checker import NOWHERE
from controller.speech.audio import playable_seconds
from controller.speech.heard_text import spoken
from controller.speech.house_sounds import HOUSE_SECONDS

_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: the mistakes, warnings included, and what is proven, by what it is proven of."""

    mistakes: tuple[Mistake, ...]
    bounds: Mapping[str, Bounds] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether there is an error among the mistakes."""
        return report.has_errors(self.mistakes)

    def for_people(self) -> str:
        """A line for each mistake, their number, and a line for each of the bounds."""
        width = max(map(len, self.bounds), default=0)
        lines = [f"{name:<{width}}  {_told(proven)}" for name, proven in self.bounds.items()]
        return "\n".join([report.for_people(self.mistakes), *lines])

    def for_programs(self) -> str:
        """A JSON object: `mistakes`, an array, and `bounds`, an object; what is not proven is null."""
        proven = {name: _as_json(each) for name, each in self.bounds.items()}
        mistakes = [asdict(mistake) for mistake in self.mistakes]
        return json.dumps({"mistakes": mistakes, "bounds": proven}, ensure_ascii=False, indent=2)


def is_script(path: Path) -> bool:
    """Whether a path is that of a single script: any file that is no YAML."""
    return path.suffix.lower() not in _YAML and (path.is_file() or (bool(path.suffix) and not path.exists()))


def check_whole(path: Path, *, with_bounds: bool = False) -> Findings:
    """Check a configuration: a YAML file or a folder of them. `with_bounds`: of what each number does with calls."""
    checked = check_configuration(path)
    snapshot = checked.snapshot
    if snapshot is None:
        return Findings(checked.mistakes)
    mistakes = tuple(sorted({*checked.mistakes, *_unplayable(snapshot)}))
    return Findings(mistakes, dict(_bounds_of_numbers(snapshot)) if with_bounds else {})


def weak_settings(path: Path, *, as_json: bool = False) -> str:
    """What is weak in a configuration, a line each; or as JSON. InvalidConfiguration for one with errors."""
    checked = check_configuration(path)
    settings = read_settings_alone(path)
    if checked.snapshot is None:
        raise InvalidConfiguration(checked.mistakes)
    found = weaknesses(settings, checked.snapshot)
    if as_json:
        return json.dumps([asdict(weak) for weak in found], ensure_ascii=False, indent=2)
    return "\n".join([*map(str, found), "docs/security.md says what else there is to do."])


def check_script(path: Path, config: Path, key: str | None = None) -> Findings:
    """Check a single script as it would be for a configuration, if there is one, and prove its bounds.

    key: the licence key, by its name, whose sounds the script may play; without one it is that whose numbers run the
    script, and if there is none, sounds are not checked. ConfigurationError when the configuration does not have `key`.
    """
    context, inventory, snapshot = NOWHERE, Inventory({}), None
    if config.exists():
        checked, inventory = check_configuration(config), take_inventory(read_document(config))
        context, snapshot = checked.context, checked.snapshot
    if key is not None and key not in inventory.sounds:
        raise ConfigurationError(f"there is no licence key “{key}” in {config}")
    document = Document(path)
    source = read_file(document, Position(str(path), 0, 0), path)
    if source is None:
        return Findings(tuple(document.mistakes))
    lengths = _lengths()
    if owner := key or _owner(inventory, path):
        sounds = inventory.sounds[owner]
        context = replace(context, sounds=inventory.playable(owner), sound_unplayable=_unplayable_by_id(sounds))
        lengths = _lengths(sounds)
        if snapshot is not None:
            open_to = snapshot.destinations(snapshot.stored_name(owner))
            context = replace(context, number_refused=open_to.refusal, open_transfers=open_to.open_transfers)
    examined = examine(source, context)
    mistakes = tuple(as_mistakes(path, examined.diagnostics))
    if not examined.accepted:
        return Findings(mistakes)
    ways = {"incoming": True, "outgoing": False}
    proven = {way: bounds(examined.program, incoming=incoming, lengths=lengths) for way, incoming in ways.items()}
    return Findings(mistakes, proven)


def _owner(inventory: Inventory, script: Path) -> str | None:
    """The key whose numbers run the script of this file, if it is one."""
    whole = script.resolve()
    owners = {key for file, key in inventory.played if file.resolve() == whole}
    return owners.pop() if len(owners) == 1 else None


def _lengths(sounds: Mapping[str, Path] | None = None) -> Lengths:
    """How long things last, reckoned as the simulator does. A sound that no call can play takes no time."""
    known = Lengths(text=lambda text: spoken(text).seconds, house=HOUSE_SECONDS)
    if sounds is None:
        return known
    seconds = sound_lengths(sounds)
    return replace(known, sound=lambda sound_id: (seconds(sound_id) or 0.0) if sound_id in sounds else None)


def _unplayable_by_id(sounds: Mapping[str, Path]) -> Callable[[str], str]:
    """Why a sound of a key cannot be played, by its id; empty when it can, or when it is none of these."""

    @cache
    def reason(sound_id: str) -> str:
        return _why_unplayable(sounds[sound_id]) if sound_id in sounds else ""

    return reason


def _bounds_of_numbers(snapshot: Snapshot) -> Iterator[tuple[str, Bounds]]:
    for did in snapshot.dids.values():
        if did.voice and did.program:
            lengths = _lengths(snapshot.sounds[did.voice.name])
            yield did.number, bounds(did.program, lengths=lengths)


def _unplayable(snapshot: Snapshot) -> Iterator[Mistake]:
    """Sounds that no call can play. They are left out of the calls, so they refuse no configuration."""
    for path in {path for sounds in snapshot.sounds.values() for path in sounds.values()}:
        if reason := _why_unplayable(path):
            yield Mistake(str(path), 0, 0, f"this sound cannot be played: {reason}", "warning")


def _why_unplayable(path: Path) -> str:
    """Why no call can play a sound's file; empty when calls can."""
    try:
        playable_seconds(path)
    except AudioInvalid as error:
        return str(error).rstrip(".")
    return ""


def _told(proven: Bounds) -> str:
    most = "not provable" if proven.most_texts is None else f"{proven.most_texts}"
    return f"shortest {_time(proven.shortest)}, longest {_time(proven.longest)}, most texts {most}"


def _time(seconds: float | None) -> str:
    return "not provable" if seconds is None else f"{seconds:.1f} s"


def _as_json(proven: Bounds) -> dict[str, float | int | None]:
    return {
        "shortest_seconds": proven.shortest,
        "longest_seconds": proven.longest,
        "most_texts": proven.most_texts,
    }
