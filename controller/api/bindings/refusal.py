"""How an operation refuses in interfaces that answer with a status: by raising the status."""

from __future__ import annotations

from controller.errors import RingpostError


class Refused(RingpostError):
    """The request is refused.

    status: the interface's word for the reason. The message is for people; without one the interface has its own.
    """

    error_id = "refused-with-status"

    def __init__(self, status: str, message: str = "") -> None:
        super().__init__(message or f"The request was refused: {status}.")
        self.status = status
        self.explanation = message
