"""Requests that make something of an id that we chose, asked again after a lost connection."""

from __future__ import annotations

import pytest

from controller.asterisk.ari.requests import made
from controller.errors import AsteriskRefused


async def _answer(status: int) -> None:
    if status != 200:
        raise AsteriskRefused("refused", status=status)


async def test_what_asterisk_has_already_is_told_and_any_other_refusal_is_one() -> None:
    assert await made(_answer(200))
    assert not await made(_answer(409))
    with pytest.raises(AsteriskRefused):
        await made(_answer(500))
