"""An interface in the way of ASP.NET, over real HTTP: GET, form POST, SOAP 1.1 and 1.2, WSDL, help, errors."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault

from tests.support.toy_interface import KEY, NS, Toy, asmx, serving

PATH = "/Toy/Toy.asmx"
ENVELOPE11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE12 = "http://www.w3.org/2003/05/soap-envelope"
# What is no text has to be there: ASP.NET's schema makes value types required.
VALUE = {
    "Text": " x ",
    "Flag": True,
    "Number": 3,
    "Small": 1,
    "Large": 2,
    "Byte": 3,
    "Ratio": 0.5,
    "Price": "1.5",
    "Moment": datetime(2026, 1, 2, tzinfo=UTC),
    "Data": b"d",
    "Colour": "Green",
    "Points": {"Point": [{"X": 1}]},
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XML = {"Content-Type": "text/xml; charset=utf-8"}


@pytest.fixture
async def toy() -> Toy:
    return Toy()


@pytest.fixture
async def url(toy: Toy) -> AsyncIterator[str]:
    async with serving(asmx(toy)) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def envelope(body: str, namespace: str = ENVELOPE11, header: str = "") -> str:
    return f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>{body}</s:Body></s:Envelope>'


async def test_get_answers_a_document(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}/Add?First=1&Second=2") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert await answer.text() == (f'<?xml version="1.0" encoding="utf-8"?>\r\n<int xmlns="{NS}">3</int>')


async def test_a_list_of_structures_is_a_document_with_its_namespaces(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}/Pairs") as answer:
        assert await answer.text() == (
            '<?xml version="1.0" encoding="utf-8"?>\r\n'
            '<ArrayOfPair xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="{NS}">\r\n'
            "  <Pair>\r\n    <First>1</First>\r\n    <Second>one</Second>\r\n  </Pair>\r\n"
            "  <Pair>\r\n    <First>2</First>\r\n  </Pair>\r\n"
            "</ArrayOfPair>"
        )


async def test_path_and_parameters_are_taken_in_any_case_by_get_and_by_form(
    url: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{url}/toy/TOY.ASMX/add?FIRST=1&second=2&LicenseKey=unknown") as answer:
        got = await answer.text()
    async with http.post(f"{url}{PATH}/Add", data={"first": "1", "Second": "2"}) as answer:
        assert await answer.text() == got


async def test_a_null_text_is_nil(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}/Greet?Name=x&LicenseKey=wrong") as answer:
        assert 'xsi:nil="true"' in await answer.text()


async def test_an_operation_without_a_result_answers_nothing(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}/Nothing") as answer:
        assert (answer.status, await answer.text()) == (200, "")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/Add", "Missing parameter: First."),
        ("/Add?First=x", "Cannot convert x to System.Int32. Parameter name: First."),
        ("/Subtract", "Subtract Web Service method name is not valid."),
        ("/Break", "The server could not process the request because of an internal error."),
    ],
)
async def test_an_error_of_get_is_a_text_with_the_reason(
    url: str, http: aiohttp.ClientSession, path: str, message: str
) -> None:
    async with http.get(f"{url}{PATH}{path}") as answer:
        assert (answer.status, (await answer.text()).strip()) == (500, message)
        assert answer.content_type == "text/plain"


async def test_a_body_above_the_limit_is_refused_also_when_it_is_packed(url: str, http: aiohttp.ClientSession) -> None:
    body = b"First=1&Second=" + b"0" * 2_000_000
    for data, headers in ((body, FORM), (gzip.compress(body), FORM | {"Content-Encoding": "gzip"})):
        async with http.post(f"{url}{PATH}/Add", data=io.BytesIO(data), headers=headers) as answer:
            assert answer.status == 500
            assert "larger than 1048576 bytes" in await answer.text()


async def test_soap_is_answered_in_its_version(url: str, http: aiohttp.ClientSession) -> None:
    body = f'<Add xmlns="{NS}"><First>1</First><Second>2</Second></Add>'
    async with http.post(f"{url}{PATH}", data=envelope(body), headers=XML | {"SOAPAction": f'"{NS}Add"'}) as answer:
        assert await answer.text() == (
            f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE11}" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
            f'<soap:Body><AddResponse xmlns="{NS}"><AddResult>3</AddResult></AddResponse></soap:Body></soap:Envelope>'
        )
    headers = {"Content-Type": "application/soap+xml", "SOAPAction": f"{NS}Add"}
    async with http.post(f"{url}{PATH}", data=envelope(body, ENVELOPE12), headers=headers) as answer:
        assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
        assert "<AddResult>3</AddResult>" in await answer.text()


async def test_without_an_action_the_body_names_the_operation(url: str, http: aiohttp.ClientSession) -> None:
    body = f'<x:Greet xmlns:x="{NS}"><x:LicenseKey>{KEY}</x:LicenseKey><x:Name>\n Ann </x:Name></x:Greet>'
    async with http.post(f"{url}{PATH}", data=envelope(body), headers=XML | {"SOAPAction": '""'}) as answer:
        assert "<GreetResult>Hello \n Ann  of toy</GreetResult>" in await answer.text()


@pytest.mark.parametrize(
    ("body", "action", "code", "reason"),
    [
        (
            envelope("<Add/>"),
            "urn:other",
            "Client",
            "HTTP Header SOAPAction: urn:other.",
        ),
        (envelope("<Subtract/>"), "", "Client", "Subtract"),
        (envelope(""), "", "Client", "neither an action nor an element"),
        (envelope("<Add><First>x</First></Add>"), "", "Client", "Cannot convert x to System.Int32"),
        ("<a/>", "", "VersionMismatch", "SOAP 1.1 and SOAP 1.2"),
        ("not xml", "", "Client", "not well-formed"),
        ("<!DOCTYPE a><a/>", "", "Client", "document type"),
        (
            envelope("<Add/>", header=f'<s:Header xmlns:s="{ENVELOPE11}"><Security s:mustUnderstand="1"/></s:Header>'),
            "",
            "MustUnderstand",
            "Security",
        ),
        (envelope("<Break/>"), "", "Server", "internal error"),
    ],
)
async def test_a_fault_of_soap_1_1_has_the_code_and_the_reason(
    url: str, http: aiohttp.ClientSession, body: str, action: str, code: str, reason: str
) -> None:
    async with http.post(f"{url}{PATH}", data=body, headers=XML | {"SOAPAction": action}) as answer:
        document = etree.fromstring(await answer.read())
        assert answer.status == 500
    assert document.findtext(".//faultcode") == f"soap:{code}"
    assert reason in document.findtext(".//faultstring")
    assert b"secret" not in etree.tostring(document)


async def test_a_fault_of_soap_1_2_of_the_sender_is_a_400(url: str, http: aiohttp.ClientSession) -> None:
    body = envelope("<Subtract/>", ENVELOPE12)
    async with http.post(f"{url}{PATH}", data=body, headers={"Content-Type": "application/soap+xml"}) as answer:
        document = etree.fromstring(await answer.read())
        assert answer.status == 400
    assert document.findtext(f".//{{{ENVELOPE12}}}Value") == "soap:Sender"


def call_with_zeep(url: str) -> list[Any]:
    """Every operation over every binding, by a client that knows only the WSDL."""
    client = zeep.Client(f"{url}{PATH}?WSDL")
    answers: list[Any] = []
    for port in ("ToySoap", "ToySoap12"):
        service = client.bind("Toy", port)
        echo = service.Echo(VALUE)
        answers.append(
            [
                service.Add(1, 2),
                service.Greet("Ann", KEY),
                service.Greet("Ann", "wrong"),
                service.Join({"string": ["a", "b"]}),
                [pair.Second for pair in service.Pairs()],
                service.Nothing(),
                [echo.Text, echo.Number, echo.Points.Point[0].X, echo.Colour, echo.Data, echo.LeftOut],
            ]
        )
        with pytest.raises(Fault):
            service.Break()
    return answers + [client.bind("Toy", port).Add("1", "2") for port in ("ToyHttpGet", "ToyHttpPost")]


async def test_zeep_calls_every_operation_from_the_wsdl(url: str) -> None:
    soap11, soap12, get, post = await asyncio.to_thread(call_with_zeep, url)
    assert soap11 == soap12
    assert soap11[:3] == [3, "Hello Ann of toy", None]
    assert soap11[3:6] == [["a", "b"], ["one", None], None]
    assert soap11[6] == [" x ", 3, 1, "Green", b"d", None]
    assert (get, post) == (3, 3)


async def test_the_wsdl_has_the_address_that_was_asked_for(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}?wsdl", headers={"Host": "toy.example:81"}) as answer:
        assert 'location="http://toy.example:81/Toy/Toy.asmx"' in await answer.text()
    async with http.get(f"{url}{PATH}?wsdl", headers={"X-Forwarded-Host": "evil.example"}) as answer:
        assert "evil" not in await answer.text()


async def test_answers_validate_against_the_schema_of_the_wsdl(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}?wsdl") as answer:
        wsdl = etree.fromstring(await answer.read())
    schema = etree.XMLSchema(wsdl.find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    for path in ("Add?First=1&Second=2", "Pairs", "Greet?Name=x&LicenseKey=y", f"Greet?Name=x&LicenseKey={KEY}"):
        async with http.get(f"{url}{PATH}/{path}") as answer:
            schema.assertValid(etree.fromstring(await answer.read()))
    for body in ("<Pairs/>", "<Greet/>", "<Nothing/>", "<Echo><Value><Names/></Value></Echo>"):
        async with http.post(f"{url}{PATH}", data=envelope(body), headers=XML) as answer:
            schema.assertValid(etree.fromstring(await answer.read()).find(f"{{{ENVELOPE11}}}Body")[0])


async def test_the_help_page_lists_the_operations_and_each_has_a_form(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}{PATH}") as answer:
        page = await answer.text()
    assert 'href="/Toy/Toy.asmx?op=Greet"' in page
    async with http.get(f"{url}{PATH}?op=greet") as answer:
        page = await answer.text()
    assert '<form action="/Toy/Toy.asmx/Greet" method="POST">' in page
    assert 'name="LicenseKey"' in page
    assert "&lt;GreetResult&gt;string&lt;/GreetResult&gt;" in page
    async with http.get(f"{url}{PATH}?op=Echo") as answer:
        assert "&lt;Colour&gt;Red or Green or Blue&lt;/Colour&gt;" in await answer.text()


async def test_another_method_is_refused(url: str, http: aiohttp.ClientSession) -> None:
    async with http.put(f"{url}{PATH}/Add") as answer:
        assert answer.status == 405
