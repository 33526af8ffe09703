"""Asterisk fetches media by their content's hash, may keep them for ever, and gets nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from controller.api.media import MediaHandler

NAME = "a" * 64
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    media = tmp_path / "media"
    (media / "index").mkdir(parents=True)
    (media / f"{NAME}.wav").write_bytes(b"RIFF-sound")
    (media / f"{NAME}.wav16").write_bytes(b"RIFF-wide-sound")
    (media / "index" / NAME).write_text("{}")
    (tmp_path / "secrets.json").write_text("{}")
    application = web.Application()
    application.add_routes(MediaHandler(media).routes())
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_a_medium_comes_whole_and_may_be_kept_for_ever(client: Client) -> None:
    async with client.get(f"/media/{NAME}.wav") as response:
        assert (response.status, await response.read()) == (200, b"RIFF-sound")
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["ETag"] == f'"{NAME}"'
        assert response.headers["Content-Length"] == "10"
        assert response.headers["Content-Type"] == "audio/wav"


async def test_the_same_at_sixteen_kilohertz_is_not_called_a_wav_of_eight(client: Client) -> None:
    async with client.get(f"/media/{NAME}.wav16") as response:
        assert (response.status, await response.read()) == (200, b"RIFF-wide-sound")
        # Asterisk would save audio/wav as .wav, which is a file of 8 kHz to it.
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["ETag"] != f'"{NAME}"'


async def test_head_tells_the_same_without_the_sound(client: Client) -> None:
    async with client.head(f"/media/{NAME}.wav") as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == "10"


@pytest.mark.parametrize("tag", [f'"{NAME}"', f'W/"{NAME}"', "*", f'"x", "{NAME}"'])
async def test_who_has_it_already_is_told_so(client: Client, tag: str) -> None:
    async with client.get(f"/media/{NAME}.wav", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{'b' * 64}.wav",
        f"/media/{NAME}",
        f"/media/{NAME.upper()}.wav",
        f"/media/index/{NAME}",
        f"/media/index%2F{NAME}",
        "/media/..%2Fsecrets.json",
        "/media/%2e%2e/secrets.json",
        f"/media/{NAME}.wav%00",
        "/media/",
    ],
)
async def test_nothing_else_is_served(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404
