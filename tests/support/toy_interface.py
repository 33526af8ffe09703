"""A small interface with every type of the wire, on both platforms, for the tests of the bindings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum

from aiohttp import web

from controller.api.auth import Authenticator, Caller, Guesses
from controller.api.bindings.asmx import Asmx
from controller.api.bindings.declaration import Interface, NoParameters, operation, operations_of
from controller.api.bindings.model import element, enumeration, parameters, structure
from controller.api.bindings.soap import SOAP11, SOAP12
from controller.api.bindings.types import Long, Short, UnsignedByte
from controller.api.bindings.wcf import Wcf
from controller.api.bindings.wcf_wsdl import Endpoint, WcfInterface
from controller.directory.snapshot import LicenseKey, canonical_guid

NS = "http://toy.example/"
OTHER = "http://other.example"
KEY = "11111111-2222-3333-4444-555555555555"
CUSTOMER = LicenseKey("toy", KEY, frozenset({"phone", "sms"}))


@enumeration("Colour", NS)
class Colour(IntEnum):
    """An enumeration whose numbers are not its places."""

    Red = 0
    Green = 7
    Blue = 8


@structure("Point", OTHER)
class Point:
    """A structure in another namespace than the interface's."""

    label: str | None = element("Label")
    x: int = element("X")


@structure("Pair", NS, value_type=True)
class Pair:
    """A value type, whose items are never nil."""

    first: int = element("First")
    second: str | None = element("Second")


@structure("Everything", NS)
class Everything:
    """One member of each type."""

    text: str | None = element("Text")
    flag: bool = element("Flag")
    number: int = element("Number")
    small: Short = element("Small")
    large: Long = element("Large")
    byte: UnsignedByte = element("Byte")
    ratio: float = element("Ratio")
    price: Decimal = element("Price")
    moment: datetime | None = element("Moment")
    data: bytes | None = element("Data")
    colour: Colour = element("Colour")
    maybe: int | None = element("Maybe")
    names: tuple[str, ...] | None = element("Names")
    points: tuple[Point, ...] | None = element("Points")
    point: Point | None = element("Point")
    left_out: str | None = element("LeftOut", omit_null=True)


@parameters
class Add:
    """Numbers."""

    first: int = element("First", documentation="The first summand.")
    second: int = element("Second", default=1)


@parameters
class Echo:
    """Everything, within a structure."""

    value: Everything = element("Value")


@parameters
class Greet:
    """A licence key and a name."""

    name: str = element("Name")
    license_key: str = element("LicenseKey", credential=True)


@parameters
class Join:
    """A list."""

    words: tuple[str, ...] = element("Words")


FULL = Everything(
    text=" a <b> & \"c\"\r\n'é😀' ",
    flag=True,
    number=-5,
    small=-32768,
    large=2**62,
    byte=255,
    ratio=0.25,
    price=Decimal("12.50"),
    moment=datetime(2026, 1, 2, 3, 4, 5, 980_000, tzinfo=UTC),
    data=b"\x00\xff",
    colour=Colour.Blue,
    maybe=3,
    names=("a", "", "c/d"),
    points=(Point(label="p", x=1), Point(label=None, x=2)),
    point=Point(label="q", x=3),
    left_out="here",
)
EMPTY = Everything(
    text=None,
    flag=False,
    number=0,
    small=0,
    large=0,
    byte=0,
    ratio=0.0,
    price=Decimal(0),
    moment=None,
    data=None,
    colour=Colour.Red,
    maybe=None,
    names=None,
    points=None,
    point=None,
    left_out=None,
)


@dataclass
class Toy:
    """The operations; `seen` holds what arrived."""

    seen: list[object] = field(default_factory=list)

    @operation("Add")
    async def add(self, request: Add, caller: Caller) -> int:
        """Add two numbers.

        The second is 1 where it is left out.
        """
        return request.first + request.second

    @operation("Echo", verb="POST")
    async def echo(self, request: Echo, caller: Caller) -> Everything:
        """Give back what came."""
        self.seen.append(request.value)
        return request.value

    @operation("Greet")
    async def greet(self, request: Greet, caller: Caller) -> str | None:
        """Greet the owner of a licence key, nobody else."""
        customer = caller.customer(request.license_key)
        return f"Hello {request.name} of {customer.name}" if customer else None

    @operation("Join", verb="POST")
    async def join(self, request: Join, caller: Caller) -> tuple[str, ...]:
        """Give back the words."""
        self.seen.append(request.words)
        return request.words

    @operation("Pairs")
    async def pairs(self, request: NoParameters, caller: Caller) -> tuple[Pair, ...]:
        """Two pairs."""
        return (Pair(first=1, second="one"), Pair(first=2, second=None))

    @operation("Nothing")
    async def nothing(self, request: NoParameters, caller: Caller) -> None:
        """Answer nothing."""

    @operation("Break")
    async def break_down(self, request: NoParameters, caller: Caller) -> bool:
        """Fail."""
        raise RuntimeError("secret detail")


def authenticator() -> Authenticator:
    """Knows one customer."""
    return Authenticator(lambda text: CUSTOMER if canonical_guid(text) == KEY else None, Guesses())


def asmx(toy: Toy) -> Asmx:
    """The toy as an ASP.NET web service."""
    return Asmx(
        Interface(
            path="/Toy/Toy.asmx", namespace=NS, service="Toy", operations=operations_of(toy), description="A toy."
        ),
        authenticator(),
    )


def wcf(toy: Toy) -> Wcf:
    """The toy as a WCF service."""
    return Wcf(
        WcfInterface(
            path="/toy.svc",
            namespace=NS.rstrip("/"),
            service="toy",
            operations=operations_of(toy),
            contract="Itoy",
            service_namespace="http://tempuri.org/",
            endpoints=(
                Endpoint("Soap", "toyBasicHttpBinding", SOAP11),
                Endpoint("SecureSoap", "toyBasicHttpsBinding", SOAP11),
                Endpoint("WS", "toyWsHttpBinding", SOAP12, addressing=True),
            ),
        ),
        authenticator(),
    )


@asynccontextmanager
async def serving(*services: Asmx | Wcf) -> AsyncIterator[str]:
    """Serves interfaces on a free port: the address without a path."""
    application = web.Application()
    for service in services:
        application.add_routes(service.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
