"""An interface in the way of WCF, over real HTTP: REST in XML and JSON, SOAP, addressing, WSDL, help, errors."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.wsa import WsAddressingPlugin

from tests.support.schemas import schema_of
from tests.support.toy_interface import KEY, Toy, asmx, serving, wcf

NS = "http://toy.example"
ENVELOPE11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE12 = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
XSD = "http://www.w3.org/2001/XMLSchema"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
ARRAYS = f"{SERIALIZATION}Arrays"
VALUE = {"Text": " x ", "Number": 3, "Points": {"Point": [{"X": 1}]}, "Colour": "Green", "Data": b"d"}
SOAP12 = {"Content-Type": "application/soap+xml"}
JSON = {"Accept": "application/json"}


@pytest.fixture
async def toy() -> Toy:
    return Toy()


@pytest.fixture
async def url(toy: Toy) -> AsyncIterator[str]:
    async with serving(wcf(toy), asmx(toy)) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def text_of(http: aiohttp.ClientSession, method: str, address: str, status: int = 200, **more: Any) -> str:
    if isinstance(more.get("data"), str):
        more["data"] = io.BytesIO(more["data"].encode())
    async with http.request(method, address, **more) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


def envelope(body: str, namespace: str = ENVELOPE11, header: str = "") -> str:
    return f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>{body}</s:Body></s:Envelope>'


async def test_rest_answers_xml_unless_json_is_asked_for(url: str, http: aiohttp.ClientSession) -> None:
    add = f"{url}/toy.svc/Add?First=1&Second=2"
    assert await text_of(http, "GET", add) == f'<int xmlns="{SERIALIZATION}">3</int>'
    assert await text_of(http, "GET", add, headers=JSON) == "3"
    assert await text_of(http, "GET", add, headers={"Content-Type": "application/json"}) == "3"
    assert "<int" in await text_of(http, "GET", add, headers={"Accept": "application/json;q=0.5, text/xml"})
    assert "<int" in await text_of(http, "GET", add, headers={"Accept": "*/*"})


async def test_rest_paths_are_taken_in_any_case_and_below_the_secure_path(
    url: str, http: aiohttp.ClientSession
) -> None:
    for path in ("/TOY.svc/ADD?first=1&SECOND=2", "/toy.svc/securerest/Add?&First=1&Second=2&LicenseKey=x"):
        assert ">3<" in await text_of(http, "GET", url + path)


async def test_a_body_is_taken_in_xml_json_and_as_a_form(url: str, http: aiohttp.ClientSession, toy: Toy) -> None:
    join = f"{url}/toy.svc/Join"
    answer = f'<ArrayOfstring xmlns="{ARRAYS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><string>a</string>'
    arrays = f'<ArrayOfstring xmlns="{ARRAYS}"><string>a</string></ArrayOfstring>'
    for body in (arrays, "<Join><Words><string>a</string></Words></Join>"):
        assert (await text_of(http, "POST", join, data=body, headers={"Content-Type": "text/xml"})).startswith(answer)
    for value in (["a"], "a", {"Words": ["a"]}, {"Words": "a", "Other": 1}):
        assert await text_of(http, "POST", join, json=value) == '["a"]'
    assert (await text_of(http, "POST", join, data={"words": "a"})).startswith(answer)
    assert toy.seen == [("a",)] * 7


async def test_a_structure_is_taken_bare_and_wrapped(url: str, http: aiohttp.ClientSession, toy: Toy) -> None:
    echo = f"{url}/toy.svc/Echo"
    wrapped = "<E><Value><Text>t</Text><Number>1</Number></Value></E>"
    for body in (
        "<Everything><Text>t</Text><Number>1</Number></Everything>",
        wrapped,
    ):
        await text_of(http, "POST", echo, data=body)
    for value in ({"Text": "t", "Number": 1}, {"Value": {"Text": "t", "Number": "1"}}):
        await text_of(http, "POST", echo, json=value)
    assert len(toy.seen) == 4
    assert len(set(map(repr, toy.seen))) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/Add?First=x", None, 400, "Cannot convert x to System.Int32. Parameter name: First."),
        ("POST", "/Echo", "<a", 400, "The XML is not well-formed"),
        ("POST", "/Echo", "<!DOCTYPE a><a/>", 400, "document type"),
        ("POST", "/Echo", '{"Text":', 400, "The JSON is not well-formed"),
        ("POST", "/Echo", "[1]", 400, "Cannot convert"),
        ("POST", "/Echo", "x" * 1_100_000, 413, "larger than 1048576 bytes"),
        ("GET", "/Echo", None, 405, "Echo takes POST."),
        ("POST", "/Add", "", 405, "Add takes GET."),
        ("GET", "/Soap", None, 405, "A SOAP endpoint takes POST."),
        ("GET", "/Subtract", None, 404, "There is no operation at this address."),
        ("GET", "/Add/more", None, 404, "There is no operation at this address."),
        ("GET", "/help/operations/Subtract", None, 404, "There is no help page at this address."),
        ("GET", "?wsdl=wsdl7", None, 404, "no such part"),
        ("GET", "/Break", None, 500, "The server has an internal error."),
    ],
)
async def test_an_error_has_its_status_and_a_page_or_a_json_text_with_the_reason(
    url: str, http: aiohttp.ClientSession, method: str, path: str, body: str | None, status: int, reason: str
) -> None:
    address = f"{url}/toy.svc{path}"
    page = await text_of(http, method, address, status, data=body)
    assert reason in page
    assert page.startswith("<!DOCTYPE html>")
    assert "secret" not in page
    assert reason in json.loads(await text_of(http, method, address, status, data=body, headers=JSON))


async def test_soap_1_1_is_answered_as_basichttpbinding_does(url: str, http: aiohttp.ClientSession) -> None:
    body = envelope(f'<Add xmlns="{NS}"><First>1</First><Second>2</Second></Add>')
    headers = {"Content-Type": "text/xml", "SOAPAction": f'"{NS}/Itoy/Add"'}
    for path in ("Soap", "SecureSoap", "soap"):
        assert await text_of(http, "POST", f"{url}/toy.svc/{path}", data=body, headers=headers) == (
            f'<s:Envelope xmlns:s="{ENVELOPE11}"><s:Body><AddResponse xmlns="{NS}"><AddResult>3</AddResult>'
            "</AddResponse></s:Body></s:Envelope>"
        )


async def test_soap_1_2_answers_addressing_with_addressing(url: str, http: aiohttp.ClientSession) -> None:
    header = (
        f'<s:Header xmlns:a="{WSA}"><a:Action s:mustUnderstand="1">{NS}/Itoy/Echo</a:Action>'
        '<a:MessageID>urn:uuid:1</a:MessageID><a:To s:mustUnderstand="1">x</a:To></s:Header>'
    )
    body = envelope(f'<Echo xmlns="{NS}"><Value><Points><P/></Points></Value></Echo>', ENVELOPE12, header)
    answer = await text_of(
        http, "POST", f"{url}/toy.svc/WS", data=body, headers={"Content-Type": "application/soap+xml"}
    )
    assert answer.startswith(
        f'<s:Envelope xmlns:s="{ENVELOPE12}" xmlns:a="{WSA}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{NS}/Itoy/EchoResponse</a:Action><a:RelatesTo>urn:uuid:1</a:RelatesTo>'
        f'</s:Header><s:Body><EchoResponse xmlns="{NS}"><EchoResult '
    )
    assert '<b:Points xmlns:c="http://other.example"><c:Point><c:Label i:nil="true"/>' in answer


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<Subtract/>", "ActionNotSupported"),
        ("<Add><First>x</First></Add>", "DeserializationFailed"),
        ("<Break/>", "InternalServiceFault"),
        ("<Add", "DeserializationFailed"),
    ],
)
async def test_a_fault_names_what_went_wrong(url: str, http: aiohttp.ClientSession, body: str, code: str) -> None:
    plain = await text_of(http, "POST", f"{url}/toy.svc/Soap", 500, data=envelope(body))
    assert f":{code}</faultcode>" in plain
    newer = await text_of(http, "POST", f"{url}/toy.svc/WS", 500, data=envelope(body, ENVELOPE12), headers=SOAP12)
    assert f":{code}</s:Value></s:Subcode>" in newer


def call_with_zeep(address: str) -> list[Any]:
    """Every operation over every binding, by a client that knows only the WSDL."""
    client = zeep.Client(address)
    addressed = zeep.Client(address, plugins=[WsAddressingPlugin()])
    answers = []
    for each, port in (
        (client, "toyBasicHttpBinding"),
        (client, "toyBasicHttpsBinding"),
        (client, "toyWsHttpBinding"),
        (addressed, "toyWsHttpBinding"),
    ):
        service = each.bind("toy", port)
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
    return answers


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl", "WSDL"])
async def test_zeep_calls_every_operation_from_the_wsdl(url: str, query: str) -> None:
    answers = await asyncio.to_thread(call_with_zeep, f"{url}/toy.svc?{query}")
    assert answers[0] == [
        3,
        "Hello Ann of toy",
        None,
        ["a", "b"],
        ["one", None],
        None,
        [" x ", 3, 1, "Green", b"d", None],
    ]
    assert answers == [answers[0]] * 4


async def test_answers_validate_against_the_schemas(url: str, http: aiohttp.ClientSession) -> None:
    schema = schema_of(await text_of(http, "GET", f"{url}/toy.svc?singleWsdl"))
    for path in ("Add?First=1", "Pairs", "Greet?Name=x&LicenseKey=y", f"Greet?Name=x&LicenseKey={KEY}"):
        schema.assertValid(etree.fromstring(await text_of(http, "GET", f"{url}/toy.svc/{path}")))
    lists = "<Names><s>a</s></Names><Points><P/></Points><Point/>"
    full = f"<E><Text>t</Text>{lists}<Colour>Green</Colour><Data>YQ==</Data></E>"
    for body in ("<E><Names/></E>", full):
        schema.assertValid(etree.fromstring(await text_of(http, "POST", f"{url}/toy.svc/Echo", data=body)))
        soap = await text_of(http, "POST", f"{url}/toy.svc/Soap", data=envelope(f"<Echo><Value>{body}</Value></Echo>"))
        schema.assertValid(etree.fromstring(soap).find(f"{{{ENVELOPE11}}}Body")[0])


async def test_every_part_of_the_description_is_reached_from_the_first(url: str, http: aiohttp.ClientSession) -> None:
    todo, seen = [f"{url}/toy.svc?wsdl"], set()
    while todo:
        address = todo.pop()
        seen.add(address.partition("?")[2])
        document = etree.fromstring((await text_of(http, "GET", address)).encode())
        found = [each.get("location") or each.get("schemaLocation") for each in document.iter("{*}import")]
        todo += [each for each in found if each and each.partition("?")[2] not in seen]
    assert seen == {"wsdl", "wsdl=wsdl0", "xsd=xsd0", "xsd=xsd1", "xsd=xsd2", "xsd=xsd3", "xsd=xsd4"}


async def test_help_pages_show_the_shapes(url: str, http: aiohttp.ClientSession) -> None:
    assert 'href="/toy.svc/help/operations/Echo"' in await text_of(http, "GET", f"{url}/toy.svc/help")
    page = await text_of(http, "GET", f"{url}/toy.svc/Help/Operations/echo")
    assert "&lt;Text&gt;String content&lt;/Text&gt;" in page
    assert r"&quot;Moment&quot;: &quot;\/Date(928149600000-0000)\/&quot;" in page
    assert "Add?First={FIRST}&amp;Second={SECOND}" in await text_of(http, "GET", f"{url}/toy.svc/help/operations/Add")
    assert "?singleWsdl" in await text_of(http, "GET", f"{url}/toy.svc")


async def test_a_large_request_and_its_answer_are_taken(url: str, http: aiohttp.ClientSession) -> None:
    words = [f"word {number}" for number in range(20_000)]
    assert json.loads(await text_of(http, "POST", f"{url}/toy.svc/Join", json=words)) == words
