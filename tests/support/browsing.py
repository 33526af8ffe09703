"""A person at a browser: one page, and what the browser complains about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, expect

# A loaded machine renders slowly; nothing waits for long that has happened.
PATIENCE_MILLISECONDS = 30_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)


@asynccontextmanager
async def page_of(browser: Browser, *, script: bool = True, width: int = 1280) -> AsyncIterator[Page]:
    """A page of a browser that remembers nothing; what the browser complains about fails the test."""
    context = await browser.new_context(java_script_enabled=script, viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert complaints == []
