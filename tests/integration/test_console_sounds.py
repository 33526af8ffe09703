"""Recordings in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from controller.api.console.sounds import waveform
from controller.speech.pcm import wav_file
from tests.support.console import House, console_house
from tests.support.phone_notify import TWO_SECONDS, snapshot
from tests.support.sql import sql


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("media")
    (folder / "welcome.wav").write_bytes(TWO_SECONDS)
    directory = replace(snapshot(), sounds={"acme": {"welcome": folder / "welcome.wav"}})
    async with console_house(fresh_database, folder, directory) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people."""
    await sql(shared_house.database, "TRUNCATE console_people CASCADE")
    return shared_house


async def test_a_customer_uploads_hears_renames_and_removes_a_recording(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    answer = await carl.upload("/sounds", "Greeting.wav", TWO_SECONDS)
    assert (answer.status, "“Greeting” is kept." in answer.words) == (200, True)
    heard = await carl.get("/sounds/audio.wav?id=greeting")
    assert (heard.status, heard.headers["Content-Type"]) == (200, "audio/wav")
    part = await carl.get("/sounds/audio.wav?id=greeting", Range="bytes=0-99")
    assert (part.status, part.headers["Content-Range"].partition("/")[0]) == (206, "bytes 0-99")
    picture = await carl.get("/sounds/waveform.svg?id=greeting")
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert (await carl.post("/sounds/rename", id="greeting", new="hello")).status == 303
    assert (await carl.post("/sounds/rename", id="hello", new="welcome")).status == 409
    assert (await carl.post("/sounds/remove", id="hello")).status == 303
    assert (await carl.get("/sounds/audio.wav?id=hello")).status == 404


async def test_a_recording_is_made_by_a_call_to_ones_phone(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    page = await carl.get("/sounds")
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    taken = await carl.post("/sounds/call", id="Greeting", phone="2015550177", shown="")
    assert (taken.status, "2015550177 is being called." in taken.words) == (200, True)
    query = "SELECT source FROM programs JOIN calls ON program = content_hash WHERE their_number = '+12015550177'"
    (row,) = await sql(house.database, query)
    assert "RecordAndSaveAs(greeting|120|5)" in row["source"]
    for sound_id, phone in (("welcome", "2015550177"), ("a~b", "2015550177"), ("", "2015550177"), ("new", "123")):
        refused = await carl.post("/sounds/call", id=sound_id, phone=phone, shown="")
        assert refused.status == 422, sound_id


async def test_what_the_configuration_owns_is_heard_and_not_changed(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    assert "The configuration owns this recording." in (await carl.get("/sounds")).words
    assert (await carl.get("/sounds/audio.wav?id=welcome")).status == 200
    assert (await carl.post("/sounds/rename", id="welcome", new="x")).status == 409
    assert (await carl.post("/sounds/remove", id="welcome")).status == 409
    assert (await carl.upload("/sounds", "welcome.wav", TWO_SECONDS)).status == 422


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.wav", b"", "Choose a file."),
        ("a.wav", b"no audio at all", "audio"),
        ("a~b.wav", TWO_SECONDS, "A sound file id has"),
        (".wav", TWO_SECONDS, "A sound file id has"),
    ],
)
async def test_what_cannot_be_kept_is_told_with_the_reason(house: House, name: str, content: bytes, said: str) -> None:
    carl = await house.logged_in("carl", "acme")
    answer = await carl.upload("/sounds", name, content)
    assert (answer.status, said in answer.words) == (422, True), answer.words


async def test_an_upload_that_is_too_large_or_carries_no_token_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    carl = await house.logged_in("carl", "acme")
    monkeypatch.setattr("controller.api.console.sounds.LARGEST_UPLOAD", 100_000)
    assert (await carl.upload("/sounds", "a.wav", bytes(100_001))).status == 413
    carl.last_csrf = "x" * 64
    assert (await carl.upload("/sounds", "a.wav", TWO_SECONDS)).status == 403
    answer = await carl.get("/sounds")
    assert "a.wav" not in answer.words


async def test_another_customer_hears_and_changes_nothing_of_it(house: House) -> None:
    await house.sounds.put("acme", "secret", TWO_SECONDS)
    rival = await house.logged_in("rita", "rival")
    assert "secret" not in (await rival.get("/sounds?key=acme")).words
    for path in ("/sounds/audio.wav?key=acme&id=secret", "/sounds/waveform.svg?key=acme&id=secret"):
        assert (await rival.get(path)).status == 404
    assert (await rival.post("/sounds/remove", key="acme", id="secret")).status == 409
    assert (await rival.upload("/sounds", "own.wav", TWO_SECONDS, key="acme")).status == 200
    assert "own" not in await house.sounds.ids("acme")
    assert "secret" in await house.sounds.ids("acme")


def test_the_waveform_is_loud_where_the_sound_is() -> None:
    silence, tone = np.zeros(8000, dtype=np.int16), np.full(8000, 32_000, dtype=np.int16)
    picture = waveform(wav_file([silence, tone]))
    strokes = picture.split('d="')[1].split('"')[0].split("M")[1:]
    assert len(strokes) == 300
    assert strokes[0].endswith("50.0V50.5")
    assert strokes[-1].endswith("3.1V97.4")
    assert "svg" in waveform(b"nonsense")
