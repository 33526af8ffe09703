"""The door of the VoIP.ms interface, over real HTTP: who may ask, how often, and what every request gets."""

from __future__ import annotations

import gzip
from typing import Any, cast

import pytest

from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey, Snapshot
from controller.service.build_voipms import VoipmsParts, voipms_routes
from tests.support.voipms import KEY, PASSWORD, PLAIN, USER, read, serving, with_access

LOGIN = {"api_username": USER, "api_password": PASSWORD}


def parts(*keys: LicenseKey) -> VoipmsParts:
    directory = CurrentDirectory(Snapshot(license_keys={key.name: key for key in keys or (KEY, PLAIN)}))
    nothing = cast("Any", None)
    return VoipmsParts(nothing, directory, nothing, nothing, nothing, nothing, nothing, nothing)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, "missing_method"),
        ({"method": ""}, "missing_method"),
        ({"method": "getNothing", **LOGIN}, "invalid_method"),
        ({"method": "getIP"}, "missing_credentials"),
        ({"method": "getIP", "api_username": USER}, "missing_credentials"),
        ({"method": "getIP", "api_username": USER, "api_password": "wrong"}, "invalid_credentials"),
        ({"method": "getIP", "api_username": "nobody", "api_password": PASSWORD}, "invalid_credentials"),
        ({"method": "getLanguages", **LOGIN, "language": "de"}, "invalid_language"),
    ],
)
async def test_every_mistake_is_answered_with_200_a_status_and_a_message(query: dict[str, str], status: str) -> None:
    async with serving(voipms_routes(parts())) as client:
        assert (await client.get(**query))["status"] == status


async def test_get_form_multipart_and_a_mix_of_query_and_form_are_the_same() -> None:
    async with serving(voipms_routes(parts())) as client:
        expected = {"status": "success", "ip": "127.0.0.1"}
        assert await client.get(method="getIP", **LOGIN, content_type="json", format="json") == expected
        assert await client.call("getIP") == expected
        async with client.session.post(client.url, data={"method": "GETIP", **LOGIN}) as answer:
            assert await read(answer) == expected
        async with client.session.post(client.url, params=LOGIN, data={"method": "getIP"}) as answer:
            assert await read(answer) == expected
        async with client.session.post(client.url, json={"method": "getIP", **LOGIN}) as answer:
            assert await read(answer) == expected
        for spelt in ("/API/V1/REST.PHP", "//api/v1/rest.php", "/api/v1/rest.php/"):
            spelt_url = client.url.replace("/api/v1/rest.php", spelt)
            async with client.session.get(spelt_url, params={"method": "getIP", **LOGIN}) as answer:
                assert await read(answer) == expected
        packed = gzip.compress(b"method=getIP")
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded", "Host": "www.x"}
        async with client.session.post(client.url, params=LOGIN, data=packed, headers=headers) as answer:
            assert await read(answer) == expected


async def test_a_key_without_a_login_of_its_own_uses_its_name_and_itself() -> None:
    async with serving(voipms_routes(parts())) as client:
        for name in ("plain", "PLAIN", "plain@acme.example"):
            answer = await client.get(method="getIP", api_username=name, api_password=PLAIN.key.upper())
            assert answer["status"] == "success"
        # A key with a user name has no other one.
        for name in ("acme", "it", "acme@x"):
            answer = await client.get(method="getIP", api_username=name, api_password=PASSWORD)
            assert answer["status"] == "invalid_credentials"


async def test_an_account_is_used_from_its_addresses_only_but_every_address_learns_its_own() -> None:
    async with serving(voipms_routes(parts(with_access(addresses=("203.0.113.0/24",))))) as client:
        assert await client.status("getLanguages") == "ip_not_enabled"
        assert await client.status("getIP") == "success"
    async with serving(voipms_routes(parts(with_access(addresses=("203.0.113.1", "127.0.0.*"))))) as client:
        assert await client.status("getLanguages") == "success"


async def test_an_account_that_is_switched_off_or_too_fast_is_refused() -> None:
    async with serving(voipms_routes(parts(with_access(enabled=False)))) as client:
        assert await client.status("getIP") == "api_not_enabled"
    async with serving(voipms_routes(parts(with_access(requests_per_minute=2)))) as client:
        found = [await client.status("getIP") for _ in range(3)]
        assert found == ["success", "success", "api_limit_exceeded"]


async def test_one_who_guesses_is_refused_and_the_customer_is_not() -> None:
    async with serving(voipms_routes(parts())) as client:
        found = {await client.status("getIP", api_password=f"guess {n}") for n in range(20)}
        assert found == {"invalid_credentials"}
        assert await client.status("getIP") == "success"


async def test_a_list_has_its_key_and_texts() -> None:
    async with serving(voipms_routes(parts())) as client:
        assert await client.call("getLanguages", language="en") == {
            "status": "success",
            "languages": [{"value": "en", "description": "English"}],
        }


async def test_a_page_of_php_does_not_ask_for_the_verb_and_only_what_reads_no_parameters_is_refused() -> None:
    query = {"method": "getIP", **LOGIN}
    async with serving(voipms_routes(parts())) as client:
        for verb in ("PATCH", "PUT", "DELETE"):
            async with client.session.request(verb, client.url, params=query) as answer:
                assert (await read(answer))["status"] == "success"
            async with client.session.request(verb, client.url, data=query) as answer:
                assert (await read(answer))["status"] == "success"
        async with client.session.options(client.url) as answer:
            assert answer.status == 405
