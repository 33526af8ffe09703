"""Routing values are read in every spelling that clients send, refused with the vendor's status, and written again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.directory.routing import HEADERS, NOWHERE, NumberRoutings, Routing
from controller.errors import RoutingInvalid
from controller.ivr.model import Destination, DestinationKind
from tests.support.examples import examples

FORMS = {
    "account:100001_alice": "sip:100001_alice",
    "sip:alice": "sip:alice",
    "fwd:1026": "fwd:1026",
    "fwd:2015550110": "fwd:+12015550110",
    "vm:101": "vm:101",
    "grp:4768": "grp:4768",
    "ivr:4636": "ivr:4636",
    "sys:hangup": "sys:hangup",
    "recording:20222": "recording:20222",
    "queue:4764": "queue:4764",
    "cb:2359": "cb:2359",
    "tc:2841": "tc:2841",
    "disa:2114": "disa:2114",
    "did:2015550101": "did:+12015550101",
    "seq:5356": "sequence:5356",
    "sequences:5356": "sequence:5356",
}


@pytest.mark.parametrize(("written", "destination"), FORMS.items())
def test_every_header_leads_to_its_destination_and_is_written_as_it_was_read(written: str, destination: str) -> None:
    routing = Routing.parse(written)
    assert str(routing.destination()) == destination
    assert str(routing) == written


def test_only_the_first_colon_splits() -> None:
    assert Routing.parse("sip:alice@192.0.2.1:5060") == Routing("sip", "alice@192.0.2.1:5060")


@pytest.mark.parametrize("written", ["none:", "none", " NONE: ", "none:x"])
def test_none_leads_nowhere(written: str) -> None:
    assert Routing.parse(written) == NOWHERE
    assert str(NOWHERE) == "none:"
    assert NOWHERE.destination() is None


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("", "missing_routing"),
        ("  ", "missing_routing"),
        ("hangup", "invalid_routing_header"),
        ("mars:1", "invalid_routing_header"),
        ("sys:explode", "invalid_route"),
        ("fwd:", "invalid_route"),
        ("did:12", "invalid_route"),
        ("fwd:" + "1" * 500, "invalid_route"),
        ("ivr:1\n2", "invalid_route"),
    ],
)
def test_what_is_no_routing_gets_the_status_of_the_vendor(written: str, status: str) -> None:
    with pytest.raises(RoutingInvalid) as refused:
        Routing.parse(written)
    assert refused.value.status == status


def test_failovers_have_a_status_of_their_own_and_may_be_left_out() -> None:
    assert Routing.parse("", "failover") == NOWHERE
    with pytest.raises(RoutingInvalid) as refused:
        NumberRoutings.parse("sys:busy", noanswer="mars:1")
    assert refused.value.status == "invalid_failover_header"
    failovers = NumberRoutings.parse("account:alice", busy="vm:101", noanswer="none:").failovers()
    assert (str(failovers.busy), failovers.unreachable, failovers.noanswer) == ("vm:101", None, None)


def test_a_destination_of_the_yaml_is_written_with_a_header_of_the_vendor() -> None:
    assert str(Routing.of(Destination(DestinationKind.PHONE, "alice"))) == "account:alice"
    assert str(Routing.of(Destination(DestinationKind.FORWARD, "+12015550110"))) == "fwd:2015550110"
    assert Routing.of(None) == NOWHERE


@settings(max_examples=examples(50))
@given(st.sampled_from(sorted(HEADERS)), st.text(max_size=30))
def test_any_record_is_refused_or_survives_the_way_there_and_back(header: str, record: str) -> None:
    try:
        routing = Routing.parse(f"{header}:{record}")
    except RoutingInvalid:
        return
    assert Routing.parse(str(routing)) == routing
