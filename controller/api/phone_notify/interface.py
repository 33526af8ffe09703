"""The interface Phone Notify!: its address, its namespace and its 53 operations, as its vendor's."""

from __future__ import annotations

from controller.api.bindings.declaration import Interface, operations_of
from controller.api.phone_notify.models import NAMESPACE

LARGEST_REQUEST_BYTES = 16 * 1024 * 1024


def phone_notify_interface(*operations: object) -> Interface:
    """PhoneNotify.asmx. operations: the objects that declare its operations."""
    return Interface(
        path="/NotifyWS/PhoneNotify.asmx",
        namespace=NAMESPACE,
        service="PhoneNotify",
        operations=operations_of(*operations),
        description="Phone Notify!: place calls that speak a text or run a script, and learn what became of them.",
        longest_body=LARGEST_REQUEST_BYTES,
    )
