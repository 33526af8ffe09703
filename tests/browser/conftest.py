"""What the tests in a browser share: one Chromium for all of them, and the server of a customer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.chromium import browser_tools, chromium
from tests.support.house import Customer, customer

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A running browser."""
    async with chromium(browser_tools(PROJECT)) as started:
        yield started


@pytest.fixture(scope="module")
async def acme() -> AsyncIterator[Customer]:
    """A customer's server."""
    async with customer() as known:
        yield known
