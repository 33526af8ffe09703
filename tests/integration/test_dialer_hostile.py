"""Hostile requests at the doors of the Dialer: each is answered in the interface's own way."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api.auth import Guesses
from tests.fuzz.campaign import campaign
from tests.fuzz.doors import dialer_requests
from tests.support.dialer import SEND, STATUS, Dialer, dialer, request
from tests.support.examples import examples
from tests.support.sql import sql

REQUESTS = 600
SEED = 20261127

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("user", "pass", "service", "reference", "target", "options", "token", "dialer")


@pytest.fixture(scope="module")
async def room(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dialer]:
    free = Guesses(clock=itertools.count(0.0, 3600.0).__next__)
    async with dialer(fresh_database, tmp_path_factory.mktemp("dialer"), guesses=free) as running:
        yield running


async def test_no_hostile_request_gets_an_error_of_ringposts_own(room: Dialer) -> None:
    outcome = await campaign(room.url, dialer_requests(REQUESTS, SEED))
    assert outcome.failures == []
    assert sum(outcome.statuses.values()) == REQUESTS
    assert min(outcome.statuses[200], outcome.statuses[400], outcome.statuses[401]) > REQUESTS // 50
    calls, tokens = [
        (await sql(room.room.database, f"SELECT count(*) AS n FROM {table}"))[0]["n"]
        for table in ("calls", "dialer_messages")
    ]
    assert calls == tokens > 0


@settings(max_examples=examples(60))
@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON, st.sampled_from([SEND, STATUS]))
async def test_any_json_is_answered_in_the_interfaces_own_way(room: Dialer, body: Any, path: str) -> None:
    changed = request(**body) if path == SEND and isinstance(body, dict) and body.keys() <= set(KEYS) else body
    answer = await room.post(path, changed)
    if answer.http_status == 200:
        assert answer.json["result"]["action"] in ("PASS", "FAIL", "PENDING")
    else:
        assert answer.error[0] in (400, 401)
