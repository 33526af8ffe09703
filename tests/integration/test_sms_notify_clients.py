"""SMS Notify! by clients that know nothing but the WSDL, of two stacks, and by plain HTTP: all get the same answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import zeep
from lxml import etree
from zeep.helpers import serialize_object
from zeep.wsa import WsAddressingPlugin

from controller.api.bindings.types import json_date, parse_json_date
from controller.api.sms_notify.sms_models import SmsError
from controller.programs import ProgramTree
from tests.support.php import call_with_php
from tests.support.schemas import schema_of
from tests.support.sms_notify import ENVELOPE11, KEY, NO_GUID, RECIPIENT, RIVAL, UNKNOWN, SmsNotify, sms_notify

NS = "http://sms2.cdyne.com"
ENVELOPE12 = "http://www.w3.org/2003/05/soap-envelope"
XML = {"Content-Type": "text/xml"}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
SMS_PORTS = ("sms2SOAPbasicHttpBinding", "sms2SOAPbasicHttpsBinding", "sms2wsHttpBinding")
MESSAGING_PORTS = (
    "mms2SOAPbasicHttpBinding",
    "mms2SOAPbasicHttpsBinding",
    "mms2wsHttpBinding",
    "mms2wsHttpBindingSecure",
)


@pytest.fixture
async def sms(postgres: str) -> AsyncIterator[SmsNotify]:
    """With a text sent and a reply to it; nothing else leaves."""
    async with sms_notify(postgres) as running:
        yield running


def advanced(**more: Any) -> dict[str, Any]:
    request = {"Message": "m", "PhoneNumbers": {"string": [RECIPIENT, "bad"]}, "ReferenceID": "ref"}
    return {"AdvancedRequest": {"LicenseKey": KEY, "SMSRequests": {"SMSRequest": [request]}} | more}


def sms_calls(message_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of sms.svc, in an order in which each has something to answer."""
    simple = {"PhoneNumber": RECIPIENT, "Message": "m", "LicenseKey": KEY}
    return [
        ("SimpleSMSsend", simple),
        ("SimpleSMSsend", simple | {"LicenseKey": UNKNOWN}),
        ("SimpleSMSsendWithPostback", simple | {"StatusPostBackURL": "http://customer.example/"}),
        ("AdvancedSMSsend", advanced()),
        ("GetMessageStatus", {"MessageID": message_id}),
        ("GetMessageStatusByReferenceID", {"ReferenceID": "none", "LicenseKey": KEY}),
        ("GetUnreadIncomingMessages", {"LicenseKey": RIVAL}),
        ("CancelMessage", {"MessageID": message_id}),
    ]


def messaging_calls(message_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of Messaging.svc that sms.svc has not."""
    number = {"LicenseKey": RIVAL, "PhoneNumber": "2015550103", "Country": "US"}
    keywords = {"KeywordRequest": {"LicenseKey": KEY, "SMSKeywords": {"KeywordRequestInfo": [{"Keyword": "pizza"}]}}}
    message = {"LicenseKey": KEY, "Body": "b", "To": {"string": [RECIPIENT]}, "UseMMS": False}
    return [
        ("GetMessageStatusWebPost", {"MessageID": message_id}),
        ("GetUnreadIncomingMessagesWebPost", {"LicenseKey": RIVAL}),
        ("CancelMessageWebPost", {"MessageID": message_id}),
        ("GetKeywords", {"LicenseKey": KEY}),
        ("GetKeywordsWebPost", {"LicenseKey": KEY}),
        ("AssignKeyword", keywords),
        ("RemoveKeyword", keywords),
        ("SetPostbackUrlForLicenseKey", {"LicenseKey": RIVAL, "PostbackType": "All", "Url": "http://c.example/"}),
        ("SetPostbackEnabledForLicenseKey", {"LicenseKey": RIVAL, "PostbackType": "All", "Enabled": True}),
        ("GetPostbackSettingsForLicenseKey", {"LicenseKey": RIVAL}),
        ("SetPostbackUrlForPhoneNumber", number | {"PostbackType": "IncomingMessage", "Url": "http://c.example/"}),
        ("SetPostbackEnabledForPhoneNumber", number | {"PostbackType": "IncomingMessage", "Enabled": False}),
        ("GetPostbackSettingsForPhoneNumber", number),
        (
            "CreateMediaFromContent",
            {"request": {"LicenseKey": KEY, "Base64EncodedContent": "YQ==", "Filename": "a.png"}},
        ),
        ("CreateMediaFromUrl", {"request": {"LicenseKey": KEY, "Url": "nonsense"}}),
        ("GetMedia", {"LicenseKey": KEY, "MediaId": 1}),
        ("GetMediaInfo", {"criteria": {"LicenseKey": RIVAL}}),
        ("RemoveMedia", {"LicenseKey": KEY, "MediaId": 1}),
        ("GetUnsubscribedNumbers", {"LicenseKey": KEY}),
        ("SendMessage", {"Request": message}),
        ("ReadMessageStatus", {"LicenseKey": KEY, "MessageId": message_id}),
        ("ReadIncomingMessages", {"Criteria": {"LicenseKey": KEY}}),
    ]


def version1_calls(text_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of SMS.asmx."""
    text = {"TextID": text_id, "LicenseKey": KEY}
    request = {
        "PhoneNumber": RECIPIENT,
        "Message": "m",
        "Licensekey": KEY,
        "ScheduledTime": "0001-01-01T00:00:00",
        "Response": 0,
    }
    return [
        ("SendSMSBasic", {"PhoneNumber": RECIPIENT, "Message": "m", "LicenseKey": KEY}),
        ("SendSMSAdvanced", {"Request": request}),
        ("GetSMSStatus", text),
        ("GetSMSResponse", text),
    ]


def normal(value: Any) -> Any:
    """A value without ids and times that differ between two sendings."""
    text = json.dumps(value, default=str)
    text = re.sub(r"(?!00000000-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r'(?!0001)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^"]*', "TIME", text)
    text = re.sub(r'("(From|AssignedDID)": )"1201555010\d"', r'\1"DID"', text)
    return json.loads(re.sub(r'("MediaId": )\d{5,}', r"\1 10000", text))


def by_zeep(wsdl: str, service: str, port: str, calls: list[tuple[str, dict[str, Any]]], *, addressed: bool) -> Any:
    client = zeep.Client(wsdl, plugins=[WsAddressingPlugin()] if addressed else [])
    operations = client.wsdl.services[service].ports[port].binding.all()
    assert {name for name, _ in calls} == set(operations), "not every operation is called"
    bound = client.bind(service, port)
    return [normal(serialize_object(bound[name](**parameters), dict)) for name, parameters in calls]


async def replied(sms: SmsNotify) -> str:
    """The id of a text that was sent and answered."""
    sent = await sms.send()
    await sms.until_state(sent["MessageID"], "accepted")
    [row] = await sms.room.rows("SELECT sender FROM texts")
    await sms.room.receive("a reply", did=row["sender"].removeprefix("+"))
    return str(sent["MessageID"])


async def test_zeep_gets_the_same_answers_over_every_binding_of_sms_svc(sms: SmsNotify) -> None:
    message_id = await replied(sms)
    calls = sms_calls(message_id)
    answers = [
        await asyncio.to_thread(
            by_zeep, f"{sms.url}/sms.svc?{query}", "sms", port, calls, addressed=port.endswith("wsHttpBinding")
        )
        for query in ("wsdl", "singleWsdl")
        for port in SMS_PORTS
    ]
    assert answers == [answers[0]] * 6
    simple, wrong, _, both, status, none, unread, cancelled = answers[0]
    assert (simple["SMSError"], simple["Queued"], wrong["SMSError"]) == ("NoError", True, "LicenseKeyInvalid")
    assert [each["SMSError"] for each in both] == ["NoError", "PhoneNumberInvalid"]
    assert [each["Message"] for each in status["SMSIncomingMessages"]["SMSIncomingMessage"]] == ["a reply"]
    assert ([each["SMSError"] for each in none], unread, cancelled) == (["NotFound"], None, False)


async def test_zeep_gets_the_same_answers_over_every_binding_of_messaging_svc(sms: SmsNotify) -> None:
    message_id = await replied(sms)
    calls = sms_calls(message_id) + messaging_calls(message_id)
    wsdl = f"{sms.url}/Messaging.svc?wsdl"
    answers = [
        await asyncio.to_thread(by_zeep, wsdl, "Messaging", port, calls, addressed="wsHttp" in port)
        for port in MESSAGING_PORTS
    ]
    for one in answers[1:]:
        for (name, _), first, other in zip(calls, answers[0], one, strict=True):
            assert other == first, name


async def test_zeep_gets_the_same_answers_over_both_bindings_of_sms_asmx(sms: SmsNotify) -> None:
    calls = version1_calls(await replied(sms))
    wsdl = f"{sms.url}/SmsWS/SMS.asmx?WSDL"
    first, second = [
        await asyncio.to_thread(by_zeep, wsdl, "SMS", port, calls, addressed=False) for port in ("SMSSoap", "SMSSoap12")
    ]
    assert first == second
    assert [each["StatusCode"] for each in first[:3]] == [1, 1, 6]
    assert [each["Message"] for each in first[3]] == ["a reply"]


async def test_php_reads_the_wsdl_and_gets_the_answers_that_zeep_gets(sms: SmsNotify, php: ProgramTree) -> None:
    message_id = await replied(sms)
    calls = sms_calls(message_id)
    [zeep_status] = await asyncio.to_thread(
        lambda: [zeep.Client(f"{sms.url}/sms.svc?wsdl").service.GetMessageStatus(message_id)]
    )
    for wsdl in ("/sms.svc?wsdl", "/sms.svc?singleWsdl"):
        answers = await call_with_php(php, sms.url + wsdl, calls)
        assert answers[0]["SimpleSMSsendResult"]["SMSError"] == "NoError"
        assert answers[1]["SimpleSMSsendResult"] == {
            "Cancelled": False,
            "MessageID": NO_GUID,
            "Queued": False,
            "SMSError": "LicenseKeyInvalid",
            "SMSIncomingMessages": None,
            "Sent": False,
            "SentDateTime": "0001-01-01T00:00:00",
        }
        both = answers[3]["AdvancedSMSsendResult"]["SMSResponse"]
        assert [each["SMSError"] for each in both] == ["NoError", "PhoneNumberInvalid"]
        status = answers[4]["GetMessageStatusResult"]
        assert status["SMSIncomingMessages"]["SMSIncomingMessage"]["Message"] == "a reply"
        assert status["SentDateTime"] == zeep_status.SentDateTime.isoformat()
    messaging = await call_with_php(php, f"{sms.url}/Messaging.svc?wsdl", messaging_calls(message_id))
    assert not [answer for answer in messaging if "fault" in answer]
    version1 = await call_with_php(
        php, f"{sms.url}/SmsWS/SMS.asmx?WSDL", [("GetSMSStatus", {"TextID": message_id, "LicenseKey": KEY})]
    )
    assert version1[0]["GetSMSStatusResult"]["StatusText"] == "Responded"


async def test_php_sends_the_plain_lists_of_the_vendors_sample(sms: SmsNotify, php: ProgramTree) -> None:
    """A list in PHP is an array without keys; PHP finds the element's name in the WSDL."""
    request = {"AssignedDID": "", "Message": "m", "PhoneNumbers": [RECIPIENT], "ReferenceID": "r"}
    wanted = {"AdvancedRequest": {"LicenseKey": KEY, "SMSRequests": [request]}}
    [answer] = await call_with_php(php, f"{sms.url}/sms.svc?wsdl", [("AdvancedSMSsend", wanted)])
    sent = answer["AdvancedSMSsendResult"]["SMSResponse"]
    assert (sent["SMSError"], sent["Queued"], sent["ReferenceID"]) == ("NoError", True, "r")


def tree(element: Any) -> Any:
    """An element's content, whatever its namespaces."""
    if element.get(NIL) == "true":
        return None
    children = [(etree.QName(child).localname, tree(child)) for child in element]
    return children or (element.text or "")


def tree_of_json(value: Any) -> Any:
    """The same of a JSON value."""
    if isinstance(value, dict):
        return [(name, _member(name, member)) for name, member in value.items()]
    if isinstance(value, list):
        return [
            ("SMSResponse" if "Queued" in item else "SMSIncomingMessage", tree_of_json(item)) for item in value
        ] or ""
    return value


def _member(name: str, value: Any) -> Any:
    if name == "SMSError":
        return SmsError(value).name
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith("/Date("):
        moment = parse_json_date(value)
        assert json_date(moment) == value
        return "0001-01-01T00:00:00" if moment is None else re.sub(r"(\.\d*?)0+$", r"\1", f"{moment:%Y-%m-%dT%H:%M:%S}")
    return tree_of_json(value)


@pytest.mark.parametrize("name", ["GetMessageStatus", "GetMessageStatusByReferenceID", "SimpleSMSsend"])
async def test_rest_in_xml_and_json_and_soap_in_both_versions_agree(sms: SmsNotify, name: str) -> None:
    request = {"LicenseKey": KEY, "SMSRequests": [{"Message": "q", "PhoneNumbers": [RECIPIENT], "ReferenceID": "r"}]}
    [sent] = await sms.post("/sms.svc/AdvancedSMSsend", request)
    await sms.until_state(sent["MessageID"], "accepted")
    [row] = await sms.room.rows("SELECT sender FROM texts")
    await sms.room.receive("<a>", did=row["sender"].removeprefix("+"))
    parameters = {
        "GetMessageStatus": {"MessageID": sent["MessageID"]},
        "GetMessageStatusByReferenceID": {"ReferenceID": "r", "LicenseKey": KEY},
        "SimpleSMSsend": {"PhoneNumber": "bad", "Message": "m", "LicenseKey": KEY},
    }[name]
    path = f"/sms.svc/{name}?" + "&".join(f"{key}={value}" for key, value in parameters.items())
    rest = tree(etree.fromstring(await sms.text(path)))
    assert tree_of_json(await sms.get(path)) == rest
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in parameters.items())
    for namespace, where, content_type in (
        (ENVELOPE11, "Soap", "text/xml"),
        (ENVELOPE12, "WS", "application/soap+xml"),
    ):
        envelope = (
            f'<s:Envelope xmlns:s="{namespace}"><s:Body><{name} xmlns="{NS}">{inside}</{name}></s:Body></s:Envelope>'
        )
        answer = await sms.text(f"/sms.svc/{where}", data=envelope, headers={"Content-Type": content_type})
        result = next(etree.fromstring(answer).iter(f"{{{NS}}}{name}Result"))
        assert tree(result) == rest


def paths(message_id: str) -> Iterator[str]:
    """Operations by REST that answer something of each type."""
    yield f"SimpleSMSsend?PhoneNumber={RECIPIENT}&Message=m&LicenseKey={KEY}"
    yield f"GetMessageStatus?MessageID={message_id}"
    yield f"GetMessageStatusByReferenceID?ReferenceID=r&LicenseKey={KEY}"
    yield f"GetUnreadIncomingMessages?LicenseKey={KEY}"
    yield f"CancelMessage?MessageID={message_id}"
    yield f"GetKeywords?LicenseKey={KEY}"
    yield f"GetPostbackSettingsForLicenseKey?LicenseKey={KEY}"
    yield f"SetPostbackEnabledForLicenseKey?LicenseKey={KEY}&PostbackType=All&Enabled=true"
    yield f"GetMedia?LicenseKey={KEY}&MediaId=1"
    yield f"GetUnsubscribedNumbers?LicenseKey={KEY}"
    yield f"ReadMessageStatus?LicenseKey={KEY}&MessageId={message_id}"


def _by_rest(sms_paths: Iterator[str], known: str) -> list[str]:
    return [path for path in sms_paths if path.partition("?")[0] in known]


@pytest.mark.parametrize(
    ("address", "whole", "service", "port"),
    [
        ("/sms.svc", "singleWsdl", "sms", SMS_PORTS[0]),
        ("/Messaging.svc", "singleWsdl", "Messaging", MESSAGING_PORTS[0]),
        ("/SmsWS/SMS.asmx", "WSDL", "SMS", "SMSSoap"),
    ],
)
async def test_the_answer_of_every_operation_is_valid_by_the_published_schema(
    sms: SmsNotify, address: str, whole: str, service: str, port: str
) -> None:
    message_id = await replied(sms)
    wsdl = await sms.text(f"{address}?{whole}")
    schema = schema_of(wsdl)
    calls = {
        "sms": lambda: sms_calls(message_id),
        "Messaging": lambda: sms_calls(message_id) + messaging_calls(message_id),
        "SMS": lambda: version1_calls(message_id),
    }[service]()
    client = await asyncio.to_thread(zeep.Client, f"{sms.url}{address}?{whole}")
    bound = client.bind(service, port)
    operations = client.wsdl.services[service].ports[port].binding.all()
    assert {name for name, _ in calls} == set(operations), "not every operation is called"
    for name, parameters in calls:
        request = etree.tostring(client.create_message(bound, name, **parameters))
        endpoint = f"{address}/Soap" if address.endswith(".svc") else address
        answer = etree.fromstring((await sms.text(endpoint, data=request, headers=XML)).encode())
        content = answer.find(f"{{{ENVELOPE11}}}Body")[0]
        assert schema.validate(content), (name, schema.error_log, etree.tostring(content))
    for path in _by_rest(paths(message_id), wsdl):
        if address.endswith(".svc"):
            schema.assertValid(etree.fromstring((await sms.text(f"{address}/{path}")).encode()))
