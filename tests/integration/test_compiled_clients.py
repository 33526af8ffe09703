"""Programs that were compiled from the vendor's description: their requests as they are on the wire, and what their
serializers can read. .NET's has value types: an element of one that is nil, or missing where it must be, is an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from lxml import etree

from tests.support.sms_notify import ENVELOPE11, KEY, NO_GUID, RECIPIENT, SmsNotify, sms_notify

NS = "http://sms2.cdyne.com"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
UNSET = "0001-01-01T00:00:00"

# wsHttpBinding without security, as the client's app.config has it; Visual Studio wrote the proxy.
WS_REQUEST = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
<s:Header><a:Action s:mustUnderstand="1">{action}</a:Action>
<a:MessageID>urn:uuid:6a5f7f8e-0d7c-4a2b-9d8e-0b5d4a3c2b1a</a:MessageID>
<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>
<a:To s:mustUnderstand="1">http://messaging.cdyne.com/Messaging.svc/WS</a:To></s:Header><s:Body>{body}</s:Body></s:Envelope>"""
SEND_MESSAGE = f"""<SendMessage xmlns="{NS}"><Request xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<Attachments xmlns:b="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true"/><Body>hello</Body>
<Concatenate>false</Concatenate><From i:nil="true"/><IsUnicode>false</IsUnicode><LicenseKey>{KEY}</LicenseKey>
<PostbackUrl i:nil="true"/><ReferenceID i:nil="true"/><ScheduledDateTime>{UNSET}</ScheduledDateTime>
<Subject i:nil="true"/><To xmlns:b="http://schemas.microsoft.com/2003/10/Serialization/Arrays">
<b:string>{RECIPIENT}</b:string></To><UseMMS>false</UseMMS></Request></SendMessage>"""
READ_MESSAGES = f"""<ReadIncomingMessages xmlns="{NS}"><Criteria xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<EndDate>{UNSET}</EndDate><IncomingMessageID>{NO_GUID}</IncomingMessageID><LicenseKey>{KEY}</LicenseKey>
<OutgoingMessageID>{NO_GUID}</OutgoingMessageID><PageNumber>0</PageNumber><PageSize>0</PageSize>
<ReferenceID i:nil="true"/><StartDate>{UNSET}</StartDate><UnreadMessagesOnly>{{unread}}</UnreadMessagesOnly>
</Criteria></ReadIncomingMessages>"""
MEDIA_INFO = f"""<GetMediaInfo xmlns="{NS}"><criteria xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<EndDate>{UNSET}</EndDate><FileType i:nil="true"/><FilenamePattern i:nil="true"/>
<IncomingMessageId>{NO_GUID}</IncomingMessageId><LicenseKey>{KEY}</LicenseKey><MaximumFileSize>0</MaximumFileSize>
<MediaId>0</MediaId><MinimumFileSize>0</MinimumFileSize><OutgoingMessageId>{NO_GUID}</OutgoingMessageId>
<PageNumber>0</PageNumber><PageSize>0</PageSize><StartDate>{UNSET}</StartDate><Tags i:nil="true"/>
</criteria></GetMediaInfo>"""


@pytest.fixture
async def sms(postgres: str) -> AsyncIterator[SmsNotify]:
    async with sms_notify(postgres, sending=False) as running:
        yield running


async def call(sms: SmsNotify, operation: str, body: str) -> Any:
    """The answer of an operation of Messaging.svc over wsHttpBinding: its result element."""
    action = f"{NS}/IMessaging/{operation}"
    headers = {"Content-Type": "application/soap+xml; charset=utf-8", "Expect": "100-continue"}
    answer = etree.fromstring(
        (
            await sms.text("/Messaging.svc/WS", data=WS_REQUEST.format(action=action, body=body), headers=headers)
        ).encode()
    )
    assert answer.findtext("{*}Header/{*}Action") == f"{action}Response"
    assert answer.findtext("{*}Header/{*}RelatesTo") == "urn:uuid:6a5f7f8e-0d7c-4a2b-9d8e-0b5d4a3c2b1a"
    return answer.find("{*}Body")[0][0]


def members(element: Any) -> dict[str, str | None]:
    """The elements of a structure: None for one that is nil."""
    return {etree.QName(each).localname: None if each.get(NIL) == "true" else (each.text or "") for each in element}


async def test_a_message_that_dotnet_sends_is_answered_with_what_its_types_can_hold(sms: SmsNotify) -> None:
    [sent] = await call(sms, "SendMessage", SEND_MESSAGE)
    answer = members(sent)
    assert list(answer) == ["Attachments", "From", "MessageID", "MessageStatus", "SentTime", "To"]
    assert (answer["MessageStatus"], answer["SentTime"], answer["To"]) == ("Ready", UNSET, RECIPIENT)
    assert answer["MessageID"] not in (None, NO_GUID)
    assert answer["Attachments"] is None


@pytest.mark.parametrize("unread", ["false", "true"])
async def test_criteria_that_dotnet_leaves_at_their_defaults_choose_everything(sms: SmsNotify, unread: str) -> None:
    await sms.room.receive("nobody asked")
    [message] = await call(sms, "ReadIncomingMessages", READ_MESSAGES.format(unread=unread))
    answer = members(message)
    assert (answer["Payload"], answer["OutgoingMessageID"]) == ("nobody asked", NO_GUID)
    if unread == "true":
        assert len(await call(sms, "ReadIncomingMessages", READ_MESSAGES.format(unread=unread))) == 0


async def test_media_criteria_at_their_defaults_choose_every_file(sms: SmsNotify) -> None:
    request = {"Base64EncodedContent": "YQ==", "Filename": "a.png", "LicenseKey": KEY}
    await sms.post("/Messaging.svc/CreateMediaFromContent", request)
    reply = await call(sms, "GetMediaInfo", MEDIA_INFO)
    [[medium]] = reply
    assert members(medium)["FileName"] == "a.png"


@pytest.mark.parametrize(
    ("path", "service", "ports"),
    [
        (
            "/sms.svc",
            "sms",
            {
                "sms2SOAPbasicHttpBinding": "/Soap",
                "sms2SOAPbasicHttpsBinding": "/SecureSoap",
                "sms2wsHttpBinding": "/WS",
            },
        ),
        (
            "/Messaging.svc",
            "Messaging",
            {
                "mms2SOAPbasicHttpBinding": "/Soap",
                "mms2SOAPbasicHttpsBinding": "/SecureSoap",
                "mms2wsHttpBinding": "/WS",
                "mms2wsHttpBindingSecure": "/WS",
            },
        ),
    ],
)
async def test_service_ports_and_bindings_are_found_by_their_qualified_names(
    sms: SmsNotify, path: str, service: str, ports: dict[str, str]
) -> None:
    """A stub of Java names `{http://sms2.cdyne.com}sms` and its port; everything is in the contract's namespace."""
    for query in ("wsdl", "singleWsdl"):
        root = etree.fromstring((await sms.text(f"{path}?{query}")).encode())
        assert root.get("targetNamespace") == NS
        found = root.find(f"{{{WSDL}}}service")
        assert found.get("name") == service
        assert {each.get("name"): each[0].get("location") for each in found} == {
            name: f"{sms.url}{path}{below}" for name, below in ports.items()
        }
        assert [each.get("name") for each in root.iter(f"{{{WSDL}}}binding")] == list(ports)
    empty = etree.fromstring((await sms.text(f"{path}?wsdl=wsdl0")).encode())
    assert empty.get("targetNamespace") == f"https://{'sms2' if service == 'sms' else 'messaging'}.cdyne.com"
    # Nothing in it, no import either: Axis 1.4 follows a circle of imports and defines everything twice.
    assert [each.tag for each in empty] == [f"{{{WSDL}}}types"]
    async with sms.http.get(f"{sms.url}{path}?wsdl=wsdl7") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/sms.svc", "/Messaging.svc", "/SmsWS/SMS.asmx"])
async def test_a_web_reference_finds_the_description_from_the_plain_address(sms: SmsNotify, path: str) -> None:
    page = await sms.text(path)
    assert f'<link rel="alternate" type="text/xml" href="{path}?disco">' in page
    document = etree.fromstring((await sms.text(f"{path}?disco")).encode())
    assert document.tag == "{http://schemas.xmlsoap.org/disco/}discovery"
    [reference] = document
    assert reference.tag == "{http://schemas.xmlsoap.org/disco/scl/}contractRef"
    assert reference.get("ref") == f"{sms.url}{path}?wsdl"
    etree.fromstring((await sms.text(reference.get("ref").removeprefix(sms.url))).encode())


@pytest.mark.parametrize(("response", "code"), [("false", "1"), ("true", "1"), ("0", "1"), ("1", "1")])
async def test_the_first_versions_response_is_a_word_or_a_number(sms: SmsNotify, response: str, code: str) -> None:
    """A client in Ruby says false, and its time with hundredths."""
    body = (
        f'<env:Envelope xmlns:env="{ENVELOPE11}"><env:Body><n1:SendSMSAdvanced xmlns:n1="http://ws.cdyne.com/SmsWS/">'
        f"<n1:Request><n1:PhoneNumber>{RECIPIENT}</n1:PhoneNumber><n1:Message>m</n1:Message>"
        f"<n1:Licensekey>{KEY}</n1:Licensekey><n1:ScheduledTime>2010-05-06T16:06:00.25Z</n1:ScheduledTime>"
        f"<n1:Response>{response}</n1:Response><n1:ResponsePostURL></n1:ResponsePostURL></n1:Request>"
        "</n1:SendSMSAdvanced></env:Body></env:Envelope>"
    )
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://ws.cdyne.com/SmsWS/SendSMSAdvanced"'}
    answer = etree.fromstring((await sms.text("/SmsWS/SMS.asmx", data=body, headers=headers)).encode())
    assert answer.findtext(".//{*}StatusCode") == code


@pytest.mark.parametrize(
    "path", ["//sms.svc/SimpleSMSsend", "/SMS.SVC//simplesmssend", "//sms.svc/SecureREST/SimpleSMSSend"]
)
async def test_a_base_url_that_ends_in_a_slash_works(sms: SmsNotify, path: str) -> None:
    query = f"?PhoneNumber={RECIPIENT}&Message=m&LicenseKey={KEY}"
    assert "<SMSError>NoError</SMSError>" in await sms.text(f"{path}{query}")
    old = await sms.text(f"//SmsWs/SMS.asmx/SendSMSBasic{query}")
    assert "<StatusCode>1</StatusCode>" in old
