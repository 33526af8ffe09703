"""The telephone in the browser, over real HTTP: who gets an account, and whose SIP reaches Asterisk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from controller.asterisk.browser_phones import BrowserPhone, BrowserPhones, TooManyPhones
from tests.support.console import Browser, House, console_house
from tests.support.fake_ari import FakeAri
from tests.support.patience import LONGEST_WAIT

OURS, THEIRS = "+12015550101", "+12015550188"


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        yield made


async def account(browser: Browser, number: str = OURS) -> dict[str, str]:
    """What the page gets before it connects."""
    answer = await browser.post("/phone/account", number=number, key="acme")
    assert answer.status == 200, answer.text
    found: dict[str, str] = json.loads(answer.text)
    return found


def register(name: str) -> str:
    """A request of an account."""
    return f"REGISTER sip:x SIP/2.0\r\nFrom: <sip:{name}@x>;tag=1\r\nContent-Length: 0\r\n\r\n"


def socket(
    house: House, browser: Browser, query: Mapping[str, str], origin: str | None = None
) -> aiohttp.client._WSRequestContextManager:
    """Connect as the page does."""
    headers = {
        "Origin": house.url if origin is None else origin,
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
    }
    return house.http.ws_connect(f"{house.url}/console/phone/socket", params=query, headers=headers, protocols=("sip",))


async def test_the_page_offers_the_keys_own_numbers_and_may_use_the_microphone(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    page = await carl.get("/phone")
    assert OURS in page.text
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "microphone=()" in (await carl.get("/numbers")).headers["Permissions-Policy"]


async def test_calls_show_no_number_of_another_key(house: House) -> None:
    carl = await house.logged_in("carla", "acme")
    await carl.get("/phone")
    assert (await carl.post("/phone/account", number="+12015550199", key="acme")).status == 422
    assert (await carl.post("/phone/account", number=OURS, csrf="wrong")).status == 403


async def test_sip_of_the_account_goes_through_and_other_sip_ends_the_connection(house: House) -> None:
    dora = await house.logged_in("dora", "acme")
    await dora.get("/phone")
    mine = await account(dora)
    query = {"name": mine["name"], "number": OURS}
    async with socket(house, dora, query) as connected:
        await connected.send_str(register(mine["name"]))
        answer = await asyncio.wait_for(connected.receive_str(), LONGEST_WAIT)
        assert answer == register(mine["name"]).lower()
        other = await house.logged_in("other", "acme")
        assert (await other.get(f"/phone/call?name={mine['name']}")).status == 404
        await connected.send_str(register("alice"))
        assert (await asyncio.wait_for(connected.receive(), LONGEST_WAIT)).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize("origin", ["", "https://elsewhere.example", "null"])
async def test_pages_of_others_do_not_connect(house: House, origin: str) -> None:
    fred = await house.logged_in(f"fred of {origin or 'nowhere'}", "acme")
    await fred.get("/phone")
    mine = await account(fred)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with socket(house, fred, {"name": mine["name"], "number": OURS}, origin):
            pass
    assert refused.value.status == 403


async def test_nobody_connects_without_a_session_or_with_what_is_no_account(house: House) -> None:
    nobody = house.browser()
    for browser, name, status in ((nobody, "browser-0123456789abcdef", 200), (nobody, "alice", 200)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with socket(house, browser, {"name": name, "number": OURS}):
                pass
        assert refused.value.status == status  # the page to log in
    gina = await house.logged_in("gina", "acme")
    for query, status in (({"name": "alice", "number": OURS}, 400), ({"name": "browser-" + "0" * 16}, 422)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with socket(house, gina, query):
                pass
        assert refused.value.status == status


async def test_an_account_is_in_asterisk_as_long_as_its_browser_is_connected() -> None:
    phone = BrowserPhone("browser-0123456789abcdef", "secret", OURS, "acme")
    async with FakeAri() as fake, fake.connected() as ari:
        phones = BrowserPhones(ari, "")
        async with phones.connected(phone):
            made = await fake.asked("PUT", f"asterisk/config/dynamic/res_pjsip/endpoint/{phone.name}")
            fields = {each["attribute"]: each["value"] for each in made.body["fields"]}
            assert fields["webrtc"] == "yes"
            assert (fields["callerid"], fields["set_var"]) == (f"<{OURS}>", "RINGPOST_OWNER=YWNtZQ==")
            assert phones.showing(OURS, "acme") is phone
            assert phones.showing(OURS, "rival") is None
            with pytest.raises(TooManyPhones):
                async with phones.connected(phone):
                    pass
        assert phones.get(phone.name) is None
        for kind in ("endpoint", "aor", "auth"):
            await fake.asked("DELETE", f"asterisk/config/dynamic/res_pjsip/{kind}/{phone.name}")
