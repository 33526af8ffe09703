"""What programs in other languages send over the wire, and what their typed readers take from the answers."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from lxml import etree

from tests.support.phone_notify import TWO_SECONDS
from tests.support.voipms import PASSWORD, USER
from tests.support.voipms_room import CONTACT, DID, STOCK, VoipmsRoom, days, voipms_room

LOGIN = {"api_username": USER, "api_password": PASSWORD}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

TEXT, NUMBER, DATE, MOMENT = "text", "number", "date", "moment"
GO_DID = {
    **dict.fromkeys(
        ("did", "routing", "pop", "dialtime", "cnam", "sms_enabled", "webhook_enabled", "record_calls"), TEXT
    ),
    **dict.fromkeys(("sms_available", "mms_available"), NUMBER),
    "next_billing": DATE,
    "order_date": MOMENT,
}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media") as running:
        yield running


def typed(row: Mapping[str, Any], kinds: Mapping[str, str]) -> bool:
    """Whether a typed reader takes a row: it takes no other type, and no date that is none."""
    for name, kind in kinds.items():
        value = row[name]
        if not isinstance(value, int if kind == NUMBER else str) or isinstance(value, bool):
            return False
        if kind in (DATE, MOMENT):
            datetime.strptime(str(value), "%Y-%m-%d" if kind == DATE else "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    return True


async def asked(
    room: VoipmsRoom, verb: str, query: str = "", body: bytes | None = None, content_type: str | None = None
) -> dict[str, Any]:
    """The answer to a request as it stands on the wire."""
    headers = {"Content-Type": content_type} if content_type else {}
    url = f"{room.client.url}?{query}" if query else room.client.url
    skipped = () if content_type else ("Content-Type",)
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, url, data=body, headers=headers, skip_auto_headers=skipped) as answer,
    ):
        assert answer.status == 200
        document: dict[str, Any] = json.loads(await answer.text())
        return document


def parts(boundary: str, *fields: tuple[str, str], kind: str = "", end: str = "\r\n") -> bytes:
    """A multipart form. kind: the headers that a part has besides its name."""
    body = "".join(
        f'--{boundary}\r\n{kind}Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    )
    return f"{body}--{boundary}--{end}".encode()


async def test_go_reads_every_number_into_its_types_and_sends_patch(room: VoipmsRoom) -> None:
    await room.client.call("setDIDInfo", did=DID, routing="none:", pop=1, dialtime=60, cnam=0, billing_type=1)
    # An empty filter stands in the query, and GET has a Content-Type.
    query = urlencode({**LOGIN, "method": "getDIDsInfo", "client": "", "did": ""})
    listed = await asked(room, "GET", query, content_type="application/json")
    assert len(listed["dids"]) == 3
    assert all(typed(row, GO_DID) for row in listed["dids"])
    changed = await asked(room, "PATCH", urlencode({**LOGIN, "method": "setDIDPOP", "did": DID, "pop": 1}))
    assert changed == {"status": "success"}
    servers = await asked(room, "GET", urlencode({**LOGIN, "method": "getServersInfo", "server_pop": ""}))
    assert typed(servers["servers"][0], dict.fromkeys(("server_hostname", "server_pop", "server_recommended"), TEXT))
    boundary = "d4a1f09c8b7e6a5f"
    fields = [*LOGIN.items(), ("method", "sendSMS"), ("did", DID), ("dst", CONTACT), ("message", "hi")]
    kind = f"multipart/form-data; boundary={boundary}"
    sent = await asked(room, "POST", "", parts(boundary, *fields), kind)
    assert typed(sent, {"status": TEXT, "sms": NUMBER})


async def test_terraform_reads_changes_and_reads_again_without_a_difference(room: VoipmsRoom) -> None:
    """It sends back the whole record that it read, empty values and those it does not know included."""

    async def call(method: str, **values: str) -> dict[str, Any]:
        return await asked(room, "GET", urlencode({**LOGIN, "method": method, **values}))

    async def number() -> dict[str, Any]:
        rows = {row["did"]: row for row in (await call("getDIDsInfo"))["dids"]}
        found: dict[str, Any] = rows[DID]
        return found

    await call("setSMS", did=DID, enable="1")
    before = await number()
    info = {name: str(value) for name, value in before.items()} | {
        "voicemail": "0",
        "note": "Home line",
        "transcription_redaction": "no",
        "transcription_summary": "no",
    }
    assert await call("setDIDInfo", **info) == {"status": "success"}
    switches = {
        "did": DID,
        "enable": before["sms_enabled"],
        "email_enabled": before["sms_email_enabled"],
        "email_address": before["sms_email"],
        "sms_forward_enable": before["sms_forward_enabled"],
        "sms_forward": before["sms_forward"],
        "url_callback_enable": before["sms_url_callback_enabled"],
        "url_callback": before["sms_url_callback"],
        "url_callback_retry": before["sms_url_callback_retry"],
        "sms_sipaccount": before["sms_sipaccount"],
        "sms_sipaccount_enabled": before["sms_sipaccount_enabled"],
        "webhook": before["webhook"],
        "webhook_enabled": before["webhook_enabled"],
    }
    assert await call("setSMS", **switches) == {"status": "success"}
    assert await number() == {**before, "note": "Home line"}
    # Whatever begins with no_ is an empty list to it, and an answer that is none is a mistake.
    for method in ("getForwardings", "getVoicemails", "getRingGroups", "getTimeConditions", "getPhonebookGroups"):
        assert (await call(method))["status"].startswith("no_"), method
    forwarding = {"phone_number": CONTACT, "callerid_override": "-1", "dtmf_digits": "", "pause": "0"}
    assert (await call("setForwarding", **forwarding, diversion_header="0", description="me"))["status"] == "success"


async def test_python_puts_a_list_of_steps_into_the_query_as_it_writes_it(room: VoipmsRoom) -> None:
    steps = [{"type": "dtmf", "codes": "12#"}, {"type": "sms", "from": DID, "to": CONTACT, "msg": "it's open"}]
    values = {**LOGIN, "method": "setSequences", "sequence": "", "name": "gate", "steps": str(steps)}
    made = await asked(room, "GET", urlencode(values))
    assert typed(made, {"status": TEXT, "sequence": NUMBER})
    found = await asked(room, "GET", urlencode({**LOGIN, "method": "getSequences", "sequences": made["sequence"]}))
    assert found["sequences"][0]["steps"] == steps
    # What is given as a keyword and is none becomes a word, as urllib writes it.
    query = urlencode({**LOGIN, "method": "getSubAccounts", "content_type": "json"})
    assert (await asked(room, "GET", query))["accounts"][0]["account"] == "alice"


async def test_kotlin_and_java_send_forms_and_take_nothing_but_texts(room: VoipmsRoom) -> None:
    boundary = "b0f2c6be-6f0c-4d0b-a7b0-0d6e0f0f7f11"
    kind = f"multipart/form-data; boundary={boundary}"
    length = "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n"
    fields = [*LOGIN.items(), ("method", "sendSMS"), ("did", DID), ("dst", CONTACT), ("message", "Grüße & more")]
    sent = await asked(room, "POST", "", parts(boundary, *fields, kind=length), kind)
    assert typed(sent, {"sms": NUMBER})
    assert sent["sms"] > 0
    wanted = {"did": DID, "limit": "1000000", "timezone": "-5", "all_messages": "1", **days()}
    fields = [*LOGIN.items(), ("method", "getSMS"), *wanted.items()]
    (row,) = (await asked(room, "POST", "", parts(boundary, *fields, kind=length), kind))["sms"]
    assert typed(row, dict.fromkeys(("id", "date", "type", "did", "contact", "message"), TEXT))
    assert row["message"] == "Grüße & more"
    older = "&".join(f"{name}={quote(value, safe='')}" for name, value in LOGIN.items())
    dids = (await asked(room, "GET", f"{older}&method=getDIDsInfo"))["dids"]
    assert {row["sms_enabled"] for row in dids} == {"0", "1"}


async def test_javascript_sends_forms_queries_and_bare_media(room: VoipmsRoom) -> None:
    values = {**LOGIN, "method": "sendSMS", "did": DID, "dst": CONTACT, "message": "hi", "content_type": "json"}
    kind = "application/x-www-form-urlencoded"
    for content_type in (kind, f"{kind};charset=UTF-8"):
        assert (await asked(room, "POST", "", urlencode(values).encode(), content_type))["status"] == "success"
    media = base64.b64encode(PNG).decode()
    fields = [*LOGIN.items(), ("method", "sendMMS"), ("did", DID), ("dst", CONTACT), ("message", ""), ("media1", media)]
    boundary = "--------------------------614783051397205163"
    body = parts(boundary, *fields, end="\r\n\r\n")
    sent = await asked(room, "POST", "", body, f"multipart/form-data; boundary={boundary}")
    assert typed(sent, {"mms": NUMBER})
    day = {"from": f"{days()['from']} 00:00:00", "to": days()["to"]}
    (row,) = (await asked(room, "GET", urlencode({**LOGIN, "method": "getMMS", **day, "did": DID})))["sms"]
    assert row["id"].isdigit()
    assert isinstance(row["media"], list)
    # Node's URL writes a blank as a plus sign.
    stitched = urlencode(
        {**LOGIN, "method": "getSMS", "contact": CONTACT, "type": "1", "limit": "3", "from": day["from"]}
    )
    assert (await asked(room, "GET", stitched))["status"] in ("success", "no_sms")


async def test_home_assistant_sends_parts_that_have_types_and_no_names_of_files(room: VoipmsRoom) -> None:
    media = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    fields = {**LOGIN, "did": DID, "dst": CONTACT, "message": "Look", "method": "sendMMS", "media1": media}
    with aiohttp.MultipartWriter("form-data") as form:
        for name, value in fields.items():
            form.append(value).set_content_disposition("form-data", name=name)
    async with room.client.session.post(room.client.url, data=form) as answer:
        assert json.loads(await answer.text())["status"] == "success"
    asks = {"date_from": days()["from"], "date_to": days()["to"][:10], "timezone": 0}
    query = {**LOGIN, "method": "getCDR", "content_type": "json", **asks, **dict.fromkeys(("answered", "noanswer"), 1)}
    assert (await asked(room, "GET", urlencode(query)))["status"] == "no_cdr"


async def test_php_posts_an_array_and_builds_queries_of_flags(room: VoipmsRoom) -> None:
    boundary = "------------------------8b3f2c1d0e9a7f65"
    fields = [*LOGIN.items(), ("method", "getBalance")]
    kind = f"multipart/form-data; boundary={boundary}"
    answer = await asked(room, "POST", "", parts(boundary, *fields), kind)
    assert typed(answer["balance"], {"current_balance": TEXT})
    # http_build_query writes true as 1 and false as 0.
    flags = {"answered": 1, "noanswer": 0, "busy": 1, "failed": 0}
    span = {"date_from": "2026-11-01", "date_to": "2026-11-27", "timezone": "-5", "calltype": "all"}
    query = urlencode({**LOGIN, "method": "getCDR", **span, **flags, "callbilling": "all", "account": "all"})
    assert (await asked(room, "GET", query))["status"] == "no_cdr"
    recording = base64.b64encode(TWO_SECONDS).decode()
    fields = [*LOGIN.items(), ("method", "setRecording"), ("name", "menu"), ("file", recording)]
    made = await asked(room, "POST", "", parts(boundary, *fields), kind)
    assert typed(made, {"recording": NUMBER})


SOAP_LITE = (
    '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:ns1="urn://voip.ms" xmlns:ns2="http://xml.apache.org/xml-soap" '
    'xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><soap:Body><ns1:{method}>'
    '<param0 xsi:type="ns2:Map">{items}</param0></ns1:{method}></soap:Body></soap:Envelope>'
)


SAVON = (
    '<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:wsdl="https://voip.ms/api/wsdl" '
    'xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><wsdl:{method}><params>{members}</params>'
    "</wsdl:{method}></env:Body></env:Envelope>"
)


async def test_ruby_asks_over_soap_by_names_of_its_own(room: VoipmsRoom) -> None:
    server = room.client.url.replace("rest.php", "server.php")
    headers = {"Content-Type": "application/soap+xml;charset=UTF-8", "SOAPAction": "getDidsUsa"}
    asked_for = {
        "getDidsUsa": {"state": "NJ", "ratecenter": ""},
        "getBalance": {"advanced": "false"},
        "getStates": {},
        "orderDid": {
            "did": STOCK[2:],
            "pop": "8",
            "routing": "none:",
            "cnam": "0",
            "billing_type": "1",
            "test": "true",
        },
    }
    for method, values in asked_for.items():
        fields = {**LOGIN, **values, **({"dialtime": "60"} if method == "orderDid" else {})}
        members = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        body = SAVON.format(method=method, members=members)
        async with room.client.session.post(server, data=body, headers=headers) as answer:
            root = etree.fromstring(await answer.read())
        (response,) = root[0]
        assert etree.QName(response).localname == f"{method}Response"
        items = {item[0].text: item[1] for item in response[0]}
        assert items["status"].text == "success", (method, etree.tostring(root))


async def test_perl_and_php_5_send_maps_over_soap(room: VoipmsRoom) -> None:
    values = {"did": DID, **LOGIN}
    items = "".join(
        f'<item><key xsi:type="xsd:string">{name}</key><value xsi:type="xsd:string">{value}</value></item>'
        for name, value in values.items()
    )
    server = room.client.url.replace("rest.php", "server.php")
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn://voip.ms#getDIDsInfo"'}
    body = SOAP_LITE.format(method="getDIDsInfo", items=items)
    async with room.client.session.post(server, data=body, headers=headers) as answer:
        assert answer.status == 200
        root = etree.fromstring(await answer.read())
    texts = [node.text for node in root.iter() if node.text]
    assert "success" in texts
    assert DID in texts
