"""Where a licence key may call: closed unless opened, and what is dear only by its own name."""

from __future__ import annotations

import phonenumbers
import pytest

from controller.directory.current import CurrentDirectory
from controller.directory.destinations import Destinations, countries_of
from controller.directory.routes import Routes
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.errors import PhoneNumberInvalid
from controller.numbers import parse_number, try_number
from controller.script.analysis.checker import Context, check
from controller.script.parser import parse
from tests.support.number_ranges import numbers_of

EVERYWHERE = Destinations(frozenset(phonenumbers.SUPPORTED_REGIONS), ("+",))
HOME = Destinations()

# By which toll fraud was done with the digits of callers: islands of +1, satellites, networks of no country, personal
# numbers, services, emergency and premium numbers, also those that have ten digits with their country code.
KNOWN_WAYS = (
    "18765550100",
    "18095550100",
    "12845550100",
    "+881612345678",
    "+88213123456",
    "+883510001234567",
    "+447012345678",
    "+14115550100",
    "+49112",
    "+91112",
    "+45 90 12 34 56",
    "+47 829 12 345",
    "+32 902 12 345",
    "+372 900 1234",
)


def snapshot(countries: frozenset[str] | None = None) -> Snapshot:
    key = LicenseKey("acme", "6f6fd3e4-0d0f-4a5e-9d0c-000000000001", frozenset({"phone"}), countries=countries)
    return Snapshot(
        license_keys={"acme": key},
        dids={"+12015550101": Did("+12015550101", voice=key)},
        phones={"alice": Phone("alice", "secret-1", "+18765550199")},
        trunks={"carrier": Trunk("carrier", "192.0.2.1")},
    )


@pytest.mark.parametrize("kind", ["premium_rate", "shared_cost", "personal_number"])
def test_every_premium_shared_cost_and_personal_range_is_refused_where_every_country_is_open(
    kind: str,
) -> None:
    # There are over 100,000 personal numbers in +1 alone; some of them are enough.
    numbers = set(numbers_of(kind)) if kind != "personal_number" else set(list(numbers_of(kind))[::150])
    assert len(numbers) > 400
    called = [number for number in numbers if (parsed := try_number(number)) and not EVERYWHERE.refusal(parsed)]
    assert called == []


def test_no_premium_range_gets_past_the_routes_to_a_trunk_or_past_the_checker_of_scripts() -> None:
    everywhere = frozenset(phonenumbers.SUPPORTED_REGIONS)
    routes = Routes(CurrentDirectory(snapshot(countries=everywhere)))
    context = Context(number_refused=routes.destinations("acme").refusal)
    for number in set(numbers_of("premium_rate")):
        with pytest.raises(PhoneNumberInvalid):
            routes.endpoint_for(number, "acme")
        found = check(parse(f"~\\TransferTo({number})~"), context)
        assert [each.severity for each in found] == ["error"], number


@pytest.mark.parametrize("number", KNOWN_WAYS)
def test_the_known_ways_of_toll_fraud_are_closed(number: str) -> None:
    routes = Routes(CurrentDirectory(snapshot()))
    with pytest.raises(PhoneNumberInvalid):
        routes.endpoint_for(number, "acme")
    found = check(parse(f"~\\TransferTo({number})~"), Context(number_refused=routes.destinations("acme").refusal))
    assert "error" in {each.severity for each in found}


def test_the_us_and_canada_are_open_to_a_key_with_north_american_numbers_or_none() -> None:
    assert countries_of(["+12015550101"]) == countries_of([]) == {"US", "CA"}
    assert countries_of(["+442079460958"]) == {"GB"}
    assert countries_of(["+442079460958", "+18005551212"]) == {"GB", "US", "CA"}
    assert HOME.refusal("+14165550101") is None
    assert HOME.refusal("+12995550100") is None
    assert "GB" in (HOME.refusal("+442079460958") or "")


def test_a_country_opens_its_ordinary_numbers_and_a_prefix_what_it_names() -> None:
    british = Destinations(frozenset({"GB"}))
    assert british.refusal("+442079460958") is None
    assert british.refusal("+447012345678")
    assert Destinations(frozenset(), ("+4470",)).refusal("+447012345678") is None
    assert Destinations(frozenset(), ("+44",)).refusal("+447012345678")
    assert Destinations(frozenset(), ("+44",)).refusal("+442079460958") is None
    assert Destinations(frozenset({"JM"})).refusal("+18765550100") is None
    assert Destinations(frozenset(), ("+1876",)).refusal("+18765550100") is None
    assert Destinations(frozenset(), ("+1",)).refusal("+18765550100")
    assert Destinations(frozenset(), ("+1201",)).refusal("+12019761234")
    assert Destinations(frozenset(), ("+1201976",)).refusal("+12019761234") is None
    assert Destinations(frozenset(), ("+881",)).refusal("+881612345678") is None


def test_emergency_numbers_and_short_codes_cannot_be_opened() -> None:
    opened = Destinations(frozenset(phonenumbers.SUPPORTED_REGIONS), ("+49112", "+1911", "+1201911"))
    for number in ("911", "112", "+49112", "+19115551234", "+12019111234"):
        assert opened.refusal(number)


def test_our_own_numbers_are_always_open() -> None:
    routes = Routes(CurrentDirectory(snapshot()))
    assert routes.endpoint_for("+18765550199", "acme") == "PJSIP/alice"
    assert routes.endpoint_for("sip:alice", "acme") == "PJSIP/alice"


def test_a_key_that_is_not_there_any_more_calls_nobody() -> None:
    with pytest.raises(PhoneNumberInvalid):
        Routes(CurrentDirectory(snapshot())).endpoint_for("+12015550199", "gone")


def test_a_number_with_a_plus_is_never_ten_digits_of_north_america() -> None:
    assert parse_number("+45 90 12 34 56") == "+4590123456"
    assert EVERYWHERE.refusal("+4590123456")
