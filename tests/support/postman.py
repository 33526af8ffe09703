"""A mail server without a wire."""

from __future__ import annotations

from email.message import EmailMessage

from controller.mail.server import MailServer


class Postman(MailServer):
    """A mail server that keeps what it is handed, or fails as it is told."""

    def __init__(self) -> None:
        super().__init__("mail.example", 25, "ringpost@example.com")
        object.__setattr__(self, "mails", [])
        object.__setattr__(self, "failure", None)

    mails: list[EmailMessage]
    failure: Exception | None

    def fail(self, failure: Exception | None) -> None:
        object.__setattr__(self, "failure", failure)

    async def hand_in(self, mail: EmailMessage) -> None:
        if self.failure is not None:
            raise self.failure
        self.mails.append(mail)
