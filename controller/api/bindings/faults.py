"""What a request can get wrong before its operation runs; each platform answers it in its own way."""

from __future__ import annotations

from controller.api.bindings.types import clean
from controller.errors import RingpostError


class RequestInvalid(RingpostError):
    """This request cannot be read."""

    error_id = "request-invalid"

    def __init__(self, message: str | None = None) -> None:
        # It quotes what was sent, which may be nothing that an answer could hold.
        super().__init__(message and clean(message))


class ParameterMissing(RequestInvalid):
    """A parameter is missing."""

    error_id = "parameter-missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"Missing parameter: {name}.")


class ValueInvalid(RequestInvalid):
    """A value does not have the type of its element.

    field: the element's name; empty for the whole body. given: the text, shortened. expected: the type, in .NET's name.
    """

    error_id = "value-invalid"

    def __init__(self, field: str, given: str, expected: str) -> None:
        shown = given if len(given) <= 60 else f"{given[:60]}…"
        super().__init__(f"Cannot convert {shown} to {expected}.{f' Parameter name: {field}.' if field else ''}")


class OperationUnknown(RequestInvalid):
    """There is no operation of this name."""

    error_id = "operation-unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name[:100]} Web Service method name is not valid.")
        self.name = name[:100]


class ActionUnknown(RequestInvalid):
    """No operation has this SOAP action."""

    error_id = "action-unknown"

    def __init__(self, action: str) -> None:
        super().__init__(f"Server did not recognize the value of HTTP Header SOAPAction: {action[:200]}.")
        self.action = action[:200]


class EnvelopeUnknown(RequestInvalid):
    """The SOAP envelope is of no version that is known here; SOAP 1.1 and SOAP 1.2 are."""

    error_id = "envelope-unknown"


class HeaderNotUnderstood(RequestInvalid):
    """A SOAP header that must be understood is not."""

    error_id = "header-not-understood"

    def __init__(self, name: str) -> None:
        super().__init__(f"SOAP header {name[:100]} was not understood.")


class BodyTooLarge(RequestInvalid):
    """The body is larger than this interface takes."""

    error_id = "body-too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes.")
