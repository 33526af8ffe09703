"""A softphone of the distribution (baresip) on a real Asterisk: UDP, TCP, TLS with SRTP; as phone and as carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from controller.asterisk.configuration import SipPhone, SipTrunk
from controller.programs import ProgramTree
from controller.running.certificates import CERTIFICATE, KEY, provide_certificate
from tests.support.asterisk import ANNOUNCEMENT, PROJECT, TRUNK_ADDRESS, RunningAsterisk, running_asterisk
from tests.support.baresip import Login, baresip, baresip_tools
from tests.support.ports import free_port, free_range
from tests.support.tones import heard_codes

PASSWORD = "a-password-of-twelve"
NUMBER = "12015550101"
CALLED = "+13125550123"
ENCRYPTED = "SRTP is Enabled"


@dataclass
class Switch:
    """An Asterisk that speaks TLS, without a controller: who gets through hears its announcement."""

    asterisk: RunningAsterisk
    tls_port: int
    certificate: Path
    carrier_ports: tuple[int, int]
    carrier_certificate: Path

    def phone(self, transport: str) -> Login:
        """A phone's account; over TLS with encrypted audio."""
        tls = transport == "tls"
        server = ("127.0.0.1", self.tls_port if tls else self.asterisk.sip_port)
        authority = self.certificate if tls else None
        return Login("secret" if tls else "plain", PASSWORD, server, transport, tls, authority=authority)

    async def call(self, endpoint: str) -> None:
        """Have Asterisk call somebody, and play the announcement to who answers."""
        wanted = {"endpoint": endpoint, "context": "ringpost-unavailable", "extension": "s"}
        async with (
            self.asterisk.ari() as http,
            http.post(f"{self.asterisk.ari_url}/ari/channels", params=wanted | {"priority": "1"}) as answer,
        ):
            assert answer.status == 200, await answer.text()


def _certificate(folder: Path, name: str) -> Path:
    folder.mkdir()
    provide_certificate(folder, certificate="", key="", name=name)
    whole = folder / "whole.pem"
    whole.write_text((folder / KEY).read_text() + (folder / CERTIFICATE).read_text())
    return whole


@pytest.fixture(scope="module")
def softphone() -> ProgramTree:
    return baresip_tools(PROJECT)


@pytest.fixture(scope="module")
async def switch(tools: ProgramTree, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Switch]:
    folder = tmp_path_factory.mktemp("tls")
    ours, carriers = _certificate(folder / "ours", "127.0.0.1"), _certificate(folder / "carrier", TRUNK_ADDRESS)
    tls_port = free_port("tcp")
    first = free_range(2, "udp", "tcp")
    second = free_range(2, "udp", "tcp")

    def trunk(name: str, port: int, source: str) -> SipTrunk:
        return SipTrunk(
            name, TRUNK_ADDRESS, port, transport="tls", media_encryption="srtp", sources=(source,), check_seconds=0
        )

    async with running_asterisk(
        tools,
        tls_port=tls_port,
        certificate=ours.parent / CERTIFICATE,
        certificate_key=ours.parent / KEY,
        certificate_authorities=carriers.parent / CERTIFICATE,
        phones=(SipPhone("plain", PASSWORD), SipPhone("secret", PASSWORD, media_encryption="srtp")),
        trunks=(trunk("known", first + 1, "192.0.2.1"), trunk("unknown", second + 1, "192.0.2.2")),
    ) as asterisk:
        yield Switch(asterisk, tls_port, ours.parent / CERTIFICATE, (first + 1, second + 1), carriers)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_phone_registers_calls_and_hears(switch: Switch, softphone: ProgramTree, transport: str) -> None:
    login = switch.phone(transport)
    async with baresip(softphone, login) as phone:
        await phone.command("dial", f"sip:{NUMBER}@127.0.0.1:{login.server[1]}")
        await phone.tells("Call established")
        await phone.tells("session closed")
    assert (ENCRYPTED in phone.said) is (transport == "tls")
    assert heard_codes(phone.heard) == [ANNOUNCEMENT]


async def test_a_phone_is_called_over_tls_with_encrypted_audio(switch: Switch, softphone: ProgramTree) -> None:
    async with baresip(softphone, replace(switch.phone("tls"), answers=True)) as phone:
        await switch.call("PJSIP/secret")
        await phone.tells("Call established")
        await phone.tells("session closed")
    assert ENCRYPTED in phone.said
    assert heard_codes(phone.heard) == [ANNOUNCEMENT]


async def test_a_carrier_that_proves_who_it_is_is_called_over_tls(switch: Switch, softphone: ProgramTree) -> None:
    async with baresip(softphone, _carrier(switch, switch.carrier_ports[0], switch.carrier_certificate)) as carrier:
        await switch.call(f"PJSIP/{CALLED}@known")
        # It has the call, and nobody of that number.
        await carrier.tells(f"UA not found: {CALLED}")
        await switch.asterisk.without_calls()


async def test_a_carrier_that_cannot_prove_who_it_is_is_not_called(
    switch: Switch, softphone: ProgramTree, tmp_path: Path
) -> None:
    stranger = _certificate(tmp_path / "stranger", TRUNK_ADDRESS)
    async with baresip(softphone, _carrier(switch, switch.carrier_ports[1], stranger)) as carrier:
        await switch.call(f"PJSIP/{CALLED}@unknown")
        await switch.asterisk.without_calls()
    assert CALLED not in carrier.said
    assert "The certificate is untrusted" in switch.asterisk.log


def _carrier(switch: Switch, port: int, certificate: Path) -> Login:
    return Login(
        "carrier",
        "",
        (TRUNK_ADDRESS, port),
        "tls",
        encrypted=True,
        registers=False,
        address=TRUNK_ADDRESS,
        port=port,
        authority=switch.certificate,
        certificate=certificate,
    )
