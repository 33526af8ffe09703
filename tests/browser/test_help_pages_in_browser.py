"""The help pages of an .asmx interface, as somebody who tries an operation uses them in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

import pytest
from playwright.async_api import Browser, Page

from tests.support.browsing import page_of
from tests.support.outgoing import THEM
from tests.support.phone_notify import KEY, PhoneNotify, phone_notify


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PhoneNotify]:
    async with phone_notify(fresh_database, tmp_path_factory.mktemp("media")) as running:
        yield running


async def invoked(house: PhoneNotify, page: Page, operation: str, **fields: str) -> str:
    """The document that the form of an operation leads to: it is found from the list, and some fields are filled in."""
    await page.goto(house.url)
    await page.get_by_role("link", name=operation, exact=True).click()
    await page.wait_for_url(f"**?op={operation}")
    for name, value in fields.items():
        await page.get_by_label(name, exact=True).fill(value)
    async with page.expect_response(f"**/{operation}") as answered:
        await page.get_by_role("button", name="Invoke").click()
    answer = await answered.value
    assert (answer.status, answer.request.method) == (200, "POST"), await answer.text()
    return await answer.text()


async def got(house: PhoneNotify, page: Page, operation: str, fields: Mapping[str, str]) -> str:
    """The same by the address alone, as the page says under GET."""
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    answer = await page.goto(f"{house.url}/{operation}?{query}")
    assert answer is not None
    assert answer.status == 200
    return await answer.text()


async def test_every_kind_of_operation_is_tried_by_its_form(house: PhoneNotify, browser: Browser) -> None:
    async with page_of(browser, script=False) as page:
        # No parameters; plain ones; a number, a switch and an empty field; a structure; a list of structures.
        assert "<string" in await invoked(house, page, "GetVersion")
        call = {"PhoneNumberToDial": THEM, "TextToSay": "Hello & “bye” <1>", "LicenseKey": KEY}
        queued = await invoked(house, page, "NotifyPhoneBasic", **call)
        assert "<ResponseCode>0</ResponseCode>" in queued
        saved = {"ScriptName": "greeting", "ScriptText": "Good day.", "LicenseKey": KEY}
        assert ">true<" in await invoked(house, page, "ScriptSave", **saved)
        names = await invoked(house, page, "ScriptList", IncludeGlobalScripts="true", LicenseKey=KEY)
        assert re.findall("<string>(.*)</string>", names) == ["greeting"]
        later = {"TryCount": "2", "ReferenceID": "browser", "UTCScheduledDateTime": "2090-01-01T00:00:00"}
        for operation in ("NotifyPhoneAdvanced", "NotifyMultiplePhoneAdvanced"):
            answer = await invoked(house, page, operation, **call, **later)
            assert "<ResponseCode>0</ResponseCode>" in answer
        given = {"ReferenceID": "browser", "LicenseKey": KEY}
        assert ">2<" in await invoked(house, page, "CancelNotifyByReferenceID", **given)
        queue_id = re.findall("<QueueID>(.*)</QueueID>", queued)[0]
        status = await got(house, page, "GetQueueIDStatusWithAdvancedInfo", {"QueueID": queue_id, "LicenseKey": KEY})
        assert "<TextToSay>Hello &amp; “bye” &lt;1&gt;</TextToSay>" in status


async def test_each_operation_of_the_list_has_a_form(house: PhoneNotify, browser: Browser) -> None:
    async with page_of(browser, script=False) as page:
        await page.goto(house.url)
        pages = [await link.get_attribute("href") for link in await page.locator("td a").all()]
        assert len(pages) == 53
        for address in pages[::9]:
            await page.goto(f"{house.url.removesuffix('/NotifyWS/PhoneNotify.asmx')}{address}")
            assert await page.locator("form").count() == 1
            assert await page.get_by_role("button", name="Invoke").count() == 1
