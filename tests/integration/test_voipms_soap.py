"""The SOAP server of the VoIP.ms interface: its WSDL is read by zeep and by PHP, and answers are PHP's maps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from controller.programs import ProgramTree
from tests.support.php import call_with_php
from tests.support.voipms import PASSWORD, USER
from tests.support.voipms_room import DID, VoipmsRoom, voipms_room

LOGIN = {"api_username": USER, "api_password": PASSWORD}


@pytest.fixture
async def room(postgres: str, tmp_path: Path) -> AsyncIterator[VoipmsRoom]:
    async with voipms_room(postgres, tmp_path / "media", sending=False) as running:
        yield running


def server(room: VoipmsRoom) -> str:
    return room.client.url.replace("rest.php", "server.php")


async def test_php_reads_the_wsdl_and_gets_arrays(room: VoipmsRoom, php: ProgramTree) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("getIP", LOGIN),
        ("getDIDsInfo", {**LOGIN, "did": DID}),
        ("setDIDRouting", {**LOGIN, "did": DID, "routing": "sys:busy"}),
        ("getDIDsInfo", {**LOGIN, "client": "", "did": "x"}),
        ("getSMS", {**LOGIN, "from": "2026-01-01", "to": "2026-01-02"}),
    ]
    for wsdl in (f"{server(room)}?wsdl", server(room).replace(".php", ".wsdl")):
        ip, dids, routed, wrong, none = await call_with_php(php, wsdl, calls)
        assert ip == {"status": "success", "ip": "127.0.0.1"}
        assert (dids["dids"][0]["did"], dids["dids"][0]["sms_available"]) == (DID, 1)
        assert routed == {"status": "success"}
        assert wrong["status"] == "invalid_did"
        assert none["status"] == "no_sms"


async def test_zeep_reads_the_wsdl_and_the_answers(room: VoipmsRoom) -> None:
    client = await asyncio.to_thread(zeep.Client, f"{server(room)}?wsdl")
    answer = await asyncio.to_thread(client.service.getDIDsInfo, params={**LOGIN, "did": DID})
    values = {item.key: item.value for item in answer}
    assert values["status"] == "success"
    assert DID in str(values["dids"])


MAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="urn:VoIPmsService"><e:Body><n:getIP>'
    "<param0><item><key>api_username</key><value>{user}</value></item>"
    "<item><key>api_password</key><value>{password}</value></item></param0></n:getIP></e:Body></e:Envelope>"
)
APART = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><q:getIP xmlns:q="urn:VoIPmsService">'
    '<params href="#id1"/></q:getIP><q:getIPInput id="id1" xmlns:q="https://voip.ms/api/schema">'
    "<api_username>{user}</api_username><api_password>{password}</api_password></q:getIPInput></s:Body></s:Envelope>"
)


async def test_maps_and_structures_that_stand_apart_are_read_and_faults_are_faults(room: VoipmsRoom) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:VoIPmsService"'}
    for template in (MAP, APART):
        body = template.format(user=USER, password=PASSWORD)
        async with room.client.session.post(server(room), data=body, headers=headers) as answer:
            assert answer.status == 200
            root = etree.fromstring(await answer.read())
        (returned,) = root.iter("return")
        # .NET's clients take the second node of an answer, after its type, for the status.
        assert [node.text for node in returned[0]] == ["status", "success"]
        assert [node.text for node in returned[1]] == ["ip", "127.0.0.1"]
    for body, status in (("<nonsense", 500), ("<a/>", 500), (MAP.replace("getIP", "getNothing"), 200)):
        async with room.client.session.post(server(room), data=body, headers=headers) as answer:
            assert answer.status == status
            assert ("Fault" in await answer.text()) == (status == 500)
