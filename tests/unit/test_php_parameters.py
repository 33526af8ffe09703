"""Requests to PHP pages, in the bytes that real clients write."""

from __future__ import annotations

import pytest

from controller.api.bindings.declaration import NoParameters
from controller.api.bindings.model import element, parameters, structure_of
from controller.api.bindings.php_form import php_parameters
from controller.api.bindings.php_values import read_parameters
from controller.api.bindings.refusal import Refused

FORM = "application/x-www-form-urlencoded"


@parameters
class Asked:
    did: str = element("did")
    timeout: int = element("timeout", default=5)
    message: str = element("message", default="")


def test_the_query_is_read() -> None:
    assert php_parameters("method=getIP&api_username=a%40b.c&message=1+2%2B3&format=json", "", b"") == {
        "method": "getIP",
        "api_username": "a@b.c",
        "message": "1 2+3",
        "format": "json",
    }


def test_parts_need_no_content_type_and_a_line_may_follow_the_last_boundary() -> None:
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="method"\r\n\r\nsendMMS\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="media1"\r\n\r\nAAEC\r\n'
        b"--XX--\r\n\r\n"
    )
    assert php_parameters("", "multipart/form-data; boundary=XX", body) == {"method": "sendMMS", "media1": "AAEC"}


def test_names_without_quotes_are_read_and_headers_are_taken_in_any_order() -> None:
    body = (
        b'--"b\r\nContent-Type: text/plain; charset=utf-8\r\n'
        b"Content-Disposition: form-data; name=method\r\n\r\ngetSMS\r\n"
        b'--"b\r\nContent-Length: 2\r\nContent-Transfer-Encoding: binary\r\n'
        b'Content-Disposition: form-data; name="message"; filename="x;name=y"\r\n\r\n\xc3\xa9\r\n--"b--'
    )
    # The header's boundary is another than the body's own.
    assert php_parameters("", 'multipart/form-data; boundary="zz"', body) == {"method": "getSMS", "message": "é"}


def test_a_body_that_lost_its_content_type_is_still_read() -> None:
    body = b'--B\nContent-Disposition: form-data; name="method"\n\ngetIP\n--B--\n'
    assert php_parameters("", "", body) == {"method": "getIP"}


def test_lines_within_a_part_stay_and_an_empty_part_is_empty() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="message"\r\n\r\none\r\n\r\ntwo\r\n\r\n'
        b'--B\r\nContent-Disposition: form-data; name="sequence"\r\n\r\n\r\n--B--\r\n'
    )
    assert php_parameters("", "multipart/form-data; boundary=B", body) == {
        "message": "one\r\n\r\ntwo\r\n",
        "sequence": "",
    }


def test_the_body_goes_before_the_query_and_the_last_of_a_name_wins() -> None:
    assert php_parameters("did=1&method=getIP", FORM, b"did=2&did=3&") == {"did": "3", "method": "getIP"}


def test_a_json_object_is_read_as_parameters() -> None:
    assert php_parameters("", "application/json", b'{"method":"getIP","limit":5,"all":true,"more":[1]}') == {
        "method": "getIP",
        "limit": "5",
        "all": "1",
    }


@pytest.mark.parametrize("body", [b"--", b"--\r\n--", b"--X", b"--X\r\n\r\n", b"\xff\xfe\x00", b"=&=&", b"--X\r\nname"])
@pytest.mark.parametrize("content_type", ["", "multipart/form-data", "multipart/form-data; boundary=", FORM])
def test_a_broken_body_has_no_parameters_but_is_no_crash(body: bytes, content_type: str) -> None:
    assert not any(php_parameters("", content_type, body).values())


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, "missing_did"), ({"did": " "}, "missing_did"), ({"did": "1", "timeout": "x"}, "invalid_timeout")],
)
def test_what_is_missing_or_wrong_has_the_status_of_its_name(given: dict[str, str], status: str) -> None:
    with pytest.raises(Refused) as refused:
        read_parameters(structure_of(Asked), given)
    assert refused.value.status == status


def test_names_count_in_any_case_and_unknown_ones_are_ignored() -> None:
    asked = read_parameters(structure_of(Asked), {"DID": "5551234567", "Timeout": " 7 ", "content_type": "json"})
    assert asked == Asked(did="5551234567", timeout=7)
    assert read_parameters(structure_of(NoParameters), {"x": "y"}) == NoParameters()
