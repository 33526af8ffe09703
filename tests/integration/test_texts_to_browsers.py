"""Which way a text goes, where a browser is a telephone."""

from __future__ import annotations

from controller.asterisk.ari.client import AriClient
from controller.asterisk.browser_phones import BrowserPhone, BrowserPhones
from controller.directory.snapshot import Did, LicenseKey, Snapshot, Trunk
from controller.texts.text_routes import TextRoutes
from tests.support.fake_ari import FakeAri

ACME = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", products=frozenset({"sms"}))
RIVAL = LicenseKey("rival", "7f6c1a52-0000-4000-8000-000000000002", products=frozenset({"sms"}))
SHOWN = "+12015550101"
OURS, THEIRS = Did("+12015550102", sms=ACME), Did("+12015550188", sms=RIVAL)
SNAPSHOT = Snapshot(
    license_keys={"acme": ACME, "rival": RIVAL},
    dids={SHOWN: Did(SHOWN, sms=ACME), OURS.number: OURS, THEIRS.number: THEIRS},
    trunks={"carrier": Trunk("carrier", "127.0.0.2")},
)


def test_without_a_browser_a_text_goes_through_the_trunk() -> None:
    assert TextRoutes(SNAPSHOT).route_to(SHOWN, OURS) == "trunk:carrier"


async def test_a_text_of_the_key_to_the_number_that_its_browser_shows_comes_to_the_browser() -> None:
    phone = BrowserPhone("browser-0123456789abcdef", "secret", SHOWN, "acme")
    async with FakeAri() as fake, fake.connected() as ari:
        await _routes_of(ari, phone)


async def _routes_of(ari: AriClient, phone: BrowserPhone) -> None:
    browsers = BrowserPhones(ari, "")
    routes = TextRoutes(SNAPSHOT, browsers)
    async with browsers.connected(phone):
        route = routes.route_to(SHOWN, OURS)
        assert route == f"phone:{phone.name}"
        assert (routes.exists(route), routes.target(route, SHOWN)) == (True, f"pjsip:{phone.name}")
        assert routes.route_to(SHOWN, THEIRS) == "trunk:carrier"
        assert routes.route_to("+12015550177", OURS) == "trunk:carrier"
    assert not routes.exists(route)
    assert routes.route_to(SHOWN, OURS) == "trunk:carrier"
