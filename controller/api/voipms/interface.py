"""The VoIP.ms interface: its addresses, as the vendor's, and its methods."""

from __future__ import annotations

from controller.api.bindings.declaration import operations_of
from controller.api.bindings.php_rest import PhpInterface
from controller.api.voipms.absent import ABSENT
from controller.api.voipms.statuses import message_of

# It carries recordings and media in base64.
LONGEST_BODY = 16 * 1024 * 1024


def voipms_interface(*methods: object) -> PhpInterface:
    """The interface with the methods that these objects declare."""
    return PhpInterface(
        path="/api/v1/rest.php",
        soap_path="/api/v1/server.php",
        namespace="https://voip.ms/api/wsdl",
        service="VoIPms_Service",
        operations=operations_of(*methods),
        description="Numbers, IVRs, sequences, recordings, texts and call records of an account.",
        longest_body=LONGEST_BODY,
        absent=ABSENT,
        message_of=message_of,
        unguarded=frozenset({"getIP"}),
    )
