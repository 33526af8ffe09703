"""Many prompts are rendered ahead, with their progress in the log; a second start renders none."""

from __future__ import annotations

from pathlib import Path

import structlog.testing

from controller.directory.snapshot import Snapshot
from controller.running.prompt_rendering import prepare_prompts
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from tests.support.calls import snapshot
from tests.support.synthesizers import ToneSynthesizer

PROMPTS = 300
A_SCRIPT = 10


def numbers() -> Snapshot:
    """Thirty numbers, each with a script of ten texts."""
    return snapshot(
        {
            f"+1201555{number:04}": " ".join(
                rf"Text {number} {text}. ~\WaitForDTMF({text + 1})~" for text in range(A_SCRIPT)
            )
            for number in range(PROMPTS // A_SCRIPT)
        }
    )


async def test_many_prompts_are_rendered_once_and_their_progress_is_told(tmp_path: Path) -> None:
    engine = ToneSynthesizer()
    with structlog.testing.capture_logs() as lines:
        assert await prepare_prompts(Prompts(tmp_path, Voices([engine])), numbers()) == 0
    assert len(engine.asked) == PROMPTS
    told = [line["rendered"] for line in lines if line["event"] == "prompts are being rendered"]
    assert told == [100, 200, 300]
    assert [line["rendered"] for line in lines if line["event"] == "prompts are ready"] == [PROMPTS]

    again = ToneSynthesizer()
    with structlog.testing.capture_logs() as lines:
        assert await prepare_prompts(Prompts(tmp_path, Voices([again])), numbers()) == 0
    assert again.asked == []
    (ready,) = [line for line in lines if line["event"] == "prompts are ready"]
    assert (ready["done"], ready["of"], ready["rendered"]) == (PROMPTS, PROMPTS, 0)
