"""Hostile requests at every door of customers' interfaces; `make fuzz` sends a hundred thousand."""

from __future__ import annotations

import itertools
from pathlib import Path

from controller.api.auth import Guesses
from tests.fuzz.campaign import campaign, requests
from tests.fuzz.doors import KEYS, interfaces
from tests.support.sms_notify import sms_notify

REQUESTS = 1500
SEED = 20261127


async def test_no_hostile_request_gets_an_error_of_ringposts_own(postgres: str, tmp_path: Path) -> None:
    free = Guesses(clock=itertools.count(0.0, 3600.0).__next__)
    async with sms_notify(postgres, sending=False, guesses=free, media=tmp_path) as running:
        outcome = await campaign(running.url, requests(interfaces(), KEYS, REQUESTS, SEED))
    assert outcome.failures == []
    assert sum(outcome.statuses.values()) == REQUESTS
    # The campaign reaches operations as well as refusals.
    assert min(outcome.statuses[200], outcome.statuses[400], outcome.statuses[500]) > REQUESTS // 50
