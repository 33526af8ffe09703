"""Every method of the vendor is declared here, or refused with a reason; and the page of them is the newest."""

from __future__ import annotations

from pathlib import Path

from controller.api.voipms.absent import ABSENT
from controller.api.voipms.interface import voipms_interface
from controller.service.build_voipms import voipms_methods
from controller.service.voipms_reference import reference, unwired_parts
from tests.support.voipms_vendor import CALLED_METHODS, SEQUENCE_METHODS, WSDL_METHODS

PAGE = Path(__file__).parent.parent.parent / "docs" / "voipms-methods.md"


def declared() -> list[str]:
    return [operation.name for operation in voipms_interface(*voipms_methods(unwired_parts())).operations]


def test_every_method_of_the_vendor_is_done_or_refused_with_a_reason() -> None:
    assert len(WSDL_METHODS) == 222
    names = declared()
    assert len(names) == len(set(names))
    assert {*WSDL_METHODS, *SEQUENCE_METHODS} <= {*names, *ABSENT}
    assert {*names, *ABSENT} <= {*WSDL_METHODS, *SEQUENCE_METHODS}


def test_every_method_that_programs_are_known_to_call_is_done() -> None:
    names = set(declared())
    assert len(names) >= 120
    assert set(CALLED_METHODS) <= names


def test_the_page_of_methods_is_the_newest() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference()
