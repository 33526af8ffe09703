"""A pipe or a device where a file should be: refused, not waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from controller.config_file.document import read_document
from controller.errors import AudioInvalid
from controller.speech.audio import read_audio_file


def test_a_pipe_is_no_configuration_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ringpost.yaml")
    document = read_document(tmp_path / "ringpost.yaml")
    assert [mistake.message for mistake in document.mistakes] == ["ringpost.yaml is not a file"]


def test_a_pipe_is_no_sound(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sound.wav")
    with pytest.raises(AudioInvalid, match="is not a file"):
        read_audio_file(tmp_path / "sound.wav")
