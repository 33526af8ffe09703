"""What a script wants played becomes media that Asterisk can fetch, of the licence key's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from controller.calls.call_prompts import CallPrompts, PromptSources
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.errors import SpeechError, StoreUnreachable
from controller.script.effects import Prompt, Silence, Sound, SpecialSound, Speech, Tone
from controller.script.parser import parse
from controller.speech.library import SoundLibrary
from controller.speech.prompts import Medium, Prompts
from controller.speech.quota import SpeechQuota

FILE = Path("/etc/ringpost/sounds/hello.wav")
MADE = "sound:http://127.0.0.1:1/media/{}.wav"


@dataclass
class Rendering:
    """Prompts of which each medium's hash says what it is; what was made is in memory from then on."""

    made: list[str] = field(default_factory=list)

    def _medium(self, name: str) -> Medium:
        self.made.append(name)
        return Medium(name, 2.0)

    def _cached(self, name: str) -> Medium | None:
        return Medium(name, 2.0) if name in self.made else None

    def cached_speech(self, text: str, voice: int, rate: int, volume: int) -> Medium | None:
        return self._cached(f"{text}-{voice}-{rate}-{volume}")

    async def speech(
        self, text: str, voice: int, rate: int, volume: int, _made: object, *, urgent: bool = False, **_how: object
    ) -> Medium:
        return self._medium(f"{text}-{voice}-{rate}-{volume}")

    def has_wide(self, medium: Medium) -> bool:
        return medium.content_hash.startswith("wide")

    def cached_sound(self, path: Path) -> Medium | None:
        return self._cached(path.stem)

    async def sound(self, path: Path) -> Medium:
        return self._medium(path.stem)

    async def silence(self, seconds: float) -> Medium:
        return self._medium(f"silence-{seconds:g}")

    async def house_sound(self, name: str) -> Medium:
        return self._medium(f"house-{name}")

    async def beep(self) -> Medium:
        return self._medium("beep")


@dataclass
class Shelf:
    """Stored sounds; `away`: there is no database."""

    stored: dict[tuple[str, str], Medium] = field(default_factory=dict)
    away: bool = False

    def cached(self, license_key: str, sound_id: str) -> Medium | None:
        return self.stored.get((license_key, sound_id))

    async def find(self, license_key: str, sound_id: str) -> Medium | None:
        if self.away:
            raise StoreUnreachable("there is no connection")
        return self.stored.get((license_key, sound_id))


@dataclass
class Given:
    rendering: Rendering = field(default_factory=Rendering)
    shelf: Shelf = field(default_factory=Shelf)
    quota: SpeechQuota = field(default_factory=SpeechQuota)

    def __post_init__(self) -> None:
        self.shelf.stored["acme", "stored"] = Medium("of-acme", 3.0)

    @property
    def prompts(self) -> CallPrompts:
        directory = CurrentDirectory(Snapshot(sounds={"acme": {"hello": FILE}}))
        sources = PromptSources(
            cast("Prompts", self.rendering),
            directory,
            cast("SoundLibrary", self.shelf),
            "http://127.0.0.1:1",
            self.quota,
        )
        return CallPrompts(sources, "acme")


@pytest.mark.parametrize(
    ("prompt", "medium", "seconds"),
    [
        (Speech("Hi", 3), "Hi-3-10-100", 2.0),
        (Sound("hello"), "hello", 2.0),
        (Sound("stored"), "of-acme", 3.0),
        (Silence(1.5), "silence-1.5", 2.0),
        (SpecialSound("dingdong"), "house-dingdong", 2.0),
        (Tone(), "beep", 2.0),
    ],
)
async def test_each_prompt_is_a_medium_under_the_controllers_address(
    prompt: Prompt, medium: str, seconds: float
) -> None:
    assert await Given().prompts.make(prompt) == (MADE.format(medium), seconds)


async def test_what_was_made_once_needs_no_work_any_more() -> None:
    given = Given()
    for prompt in (Speech("Hi"), Sound("hello")):
        assert given.prompts.ready(prompt) is None
        made = await given.prompts.make(prompt)
        assert given.prompts.ready(prompt) == made
    assert given.prompts.ready(Sound("stored")) == (MADE.format("of-acme"), 3.0)
    assert given.prompts.ready(Sound("nowhere")) is None
    assert given.prompts.ready(Silence(1)) is None


async def test_speech_is_as_fast_and_as_loud_as_was_asked_for() -> None:
    given = Given()
    fast = given.prompts.spoken(5, 40)
    assert await fast.make(Speech("Hi")) == (MADE.format("Hi-0-5-40"), 2.0)
    assert given.prompts.ready(Speech("Hi")) is None


async def test_all_that_a_script_says_is_made_before_the_call_and_once() -> None:
    given = Given()
    for _ in range(2):
        await given.prompts.prepare(parse("One. ~^hello~ Two. ~^hello~ One."), 0)
    assert sorted(given.rendering.made) == ["One.-0-10-100", "Two.-0-10-100"]


async def test_a_sound_that_is_not_there_or_cannot_be_looked_up_is_an_error_with_its_name() -> None:
    given = Given()
    with pytest.raises(SpeechError, match="there is no sound “nowhere”"):
        await given.prompts.make(Sound("nowhere"))
    given.shelf.away = True
    with pytest.raises(SpeechError, match="“stored” could not be looked up: there is no connection"):
        await given.prompts.make(Sound("stored"))


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ("~^hello~ ~^stored~", None),
        ("~^hello~ ~^nowhere~", "nowhere"),
        (r"~\RecordAndSaveAs(mine|60|3)~ ~^mine~", None),
    ],
)
async def test_a_sound_that_a_script_plays_is_there_or_recorded_by_itself(script: str, missing: str | None) -> None:
    assert await Given().prompts.missing_sound(parse(script)) == missing


def test_a_file_of_the_configuration_is_not_recorded_over() -> None:
    prompts = Given().prompts
    assert "“hello” is a file of the configuration" in prompts.why_not_recordable("hello")
    assert prompts.why_not_recordable("stored") == ""


async def test_a_key_that_had_its_share_of_the_hour_has_nothing_more_spoken() -> None:
    given = Given(quota=SpeechQuota(megabytes=0))
    with pytest.raises(SpeechError, match="within an hour"):
        await given.prompts.make(Speech("Hi"))
    assert given.rendering.made == []


async def test_a_call_that_carries_sixteen_kilohertz_gets_them_where_they_are() -> None:
    prompts = Given().prompts
    prompts.carried(wide=True)
    assert (await prompts.make(Speech("wide"))) == (MADE.format("wide-0-10-100").replace(".wav", ".wav16"), 2.0)
    assert (await prompts.make(Speech("Hi"))) == (MADE.format("Hi-0-10-100"), 2.0)
    prompts.carried(wide=False)
    assert (await prompts.make(Speech("wide"))) == (MADE.format("wide-0-10-100"), 2.0)
