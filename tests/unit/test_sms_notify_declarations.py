"""The declarations of SMS Notify!: what the vendor's schemas fix."""

from __future__ import annotations

import pytest

from controller.api.bindings.declaration import Interface
from controller.api.bindings.model import Structure
from controller.api.bindings.php_rest import PhpInterface
from controller.api.bindings.wcf_wsdl import WcfInterface
from tests.fuzz.doors import interfaces

INTERFACES = interfaces()
WCF = [each for each in INTERFACES if isinstance(each, WcfInterface)]


@pytest.mark.parametrize("interface", WCF, ids=lambda each: each.service)
def test_members_of_data_contracts_are_in_alphabetical_order(interface: WcfInterface) -> None:
    for kind in interface.types:
        if isinstance(kind, Structure):
            names = [field.name for field in kind.fields]
            assert names == sorted(names), kind.name


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda each: each.service)
def test_every_operation_is_documented_and_named_once(interface: Interface) -> None:
    assert all(each.documentation for each in interface.operations)
    assert len(interface.by_name) == len(interface.operations)


def test_the_second_interface_has_every_operation_of_the_first_under_its_action() -> None:
    sms, messaging = WCF
    for operation in sms.operations:
        assert messaging.action(messaging.by_name[operation.name.lower()]) == sms.action(operation)
    assert messaging.action(messaging.by_name["sendmessage"]) == "http://sms2.cdyne.com/IMessaging/SendMessage"
    assert (len(sms.operations), len(messaging.operations)) == (7, 29)


def test_every_operation_that_acts_for_a_key_has_it_marked() -> None:
    without = {
        operation.name
        for interface in INTERFACES
        if not isinstance(interface, PhpInterface)  # its user and password are no fields of an operation
        for operation in interface.operations
        if not any(_marked(field.type, field.credential) for field in operation.request.fields)
    }
    assert without == {"GetMessageStatus", "GetMessageStatusWebPost", "CancelMessage", "CancelMessageWebPost"}


def _marked(kind: object, credential: bool) -> bool:
    return credential or (isinstance(kind, Structure) and any(field.credential for field in kind.fields))
