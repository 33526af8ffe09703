"""Ports are looked at before anything starts."""

from __future__ import annotations

import socket

import pytest

from controller.embedded.ports import PortNeed, check_ports
from controller.errors import ConfigurationError, PortInUse
from tests.support.ports import free_port, free_range


def need(port: int, host: str = "127.0.0.1") -> PortNeed:
    return PortNeed(host, port, "tcp", "the test", "`test: {port: …}`")


def test_free_ports_are_no_complaint() -> None:
    check_ports([need(free_port("tcp")), need(free_port("tcp"))])


def test_a_taken_port_is_named_with_its_purpose_and_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            check_ports([need(port)])

    assert f"127.0.0.1:{port}/tcp, the test: taken" in str(caught.value)
    assert "set `test: {port: …}`" in str(caught.value)


def test_every_taken_port_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [server.getsockname()[1] for server in (one, two)]
        with pytest.raises(PortInUse) as caught:
            check_ports([need(port) for port in ports])

    assert all(str(port) in str(caught.value) for port in ports)


def test_an_address_that_this_machine_does_not_have_is_another_mistake() -> None:
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        check_ports([need(20000, host="192.0.2.1")])

    assert not isinstance(caught.value, PortInUse)


def test_a_range_is_free_as_a_whole() -> None:
    first = free_range(20, "udp")

    check_ports([PortNeed("127.0.0.1", first + at, "udp", "the test", "") for at in range(20)])
