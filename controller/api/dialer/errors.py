"""What is wrong with a request of the Dialer: numbers and texts of our own, as its vendor's are not known."""

from __future__ import annotations

from dataclasses import dataclass

from controller.errors import RingpostError


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of mistake: its number, its text, and the HTTP status that it is answered with."""

    code: int
    message: str
    status: int = 400


INVALID_JSON = Fault(100, "REQUEST IS NOT VALID JSON")
TOO_LARGE = Fault(101, "REQUEST IS TOO LARGE", 413)
INVALID_FIELD = Fault(102, "REQUEST HAS AN INVALID FIELD")
WRONG_METHOD = Fault(103, "METHOD IS NOT ALLOWED", 405)
INVALID_CREDENTIALS = Fault(200, "INVALID CREDENTIALS", 401)
TOO_MANY_ATTEMPTS = Fault(201, "TOO MANY ATTEMPTS", 429)
UNKNOWN_SERVICE = Fault(300, "UNKNOWN SERVICE")
MISSING_TARGET = Fault(301, "TARGET PHONE IS MISSING")
MISSING_MESSAGE = Fault(302, "MESSAGE NAME IS MISSING")
UNKNOWN_MESSAGE = Fault(303, "UNKNOWN MESSAGE")
MISSING_TOKEN = Fault(400, "TOKEN IS MISSING")
UNKNOWN_TOKEN = Fault(401, "UNKNOWN TOKEN", 401)
EXPIRED_TOKEN = Fault(402, "TOKEN HAS EXPIRED", 401)
UNAVAILABLE = Fault(500, "SERVICE IS UNAVAILABLE", 503)
INTERNAL_ERROR = Fault(501, "INTERNAL ERROR", 500)


class DialerRefused(RingpostError):
    """A request of the Dialer that is refused. detail: what is wrong, for people."""

    error_id = "dialer-refused"

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault.message}: {detail}")
        self.fault = fault
        self.detail = detail
