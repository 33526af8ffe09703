"""A mail server: one conversation hands one mail in (SMTP, RFC 5321)."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

import aiosmtplib

from controller.errors import MailRefused, MailServerAway

SMTP_SECONDS = 15.0  # for the connection, and for each answer of the server


def plain_mail(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    """A mail of plain text."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, " ".join(subject.split())
    mail["Date"], mail["Message-ID"] = formatdate(usegmt=True), make_msgid(domain=sender.rpartition("@")[2] or None)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and whose address it bears. Without `username` nobody logs in.

    trusted: which certificates of the server are trusted; the system's by default.
    """

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["none", "starttls", "tls"] = "none"
    trusted: ssl.SSLContext | None = field(default=None, repr=False)

    async def hand_in(self, mail: EmailMessage) -> None:
        """Give a mail to the server. MailServerAway when it may work later, MailRefused when it never will."""
        try:
            async with self._connection() as smtp:
                await smtp.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [recipient.code for recipient in error.recipients]
            if all(code >= 500 for code in codes):
                raise MailRefused(f"the mail server refuses the recipient ({codes[0]})") from None
            raise MailServerAway(f"the mail server refuses the recipient for now ({codes[0]})") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code >= 500:
                raise MailRefused(f"the mail server answered {error.code}") from None
            raise MailServerAway(f"the mail server answered {error.code}") from None
        except (OSError, aiosmtplib.SMTPException) as error:
            for reason in (error, error.__cause__):
                if isinstance(reason, ssl.SSLCertVerificationError):
                    raise MailRefused(f"the mail server's certificate: {reason.verify_message}") from None
            raise MailServerAway(str(error) or type(error).__name__) from None

    def _connection(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username or None,
            password=self.password or None,
            # What the library would find out itself is a look-up without a time limit.
            local_hostname=socket.gethostname(),
            timeout=SMTP_SECONDS,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            tls_context=self._context(),
        )

    def _context(self) -> ssl.SSLContext | None:
        return None if self.tls == "none" else self.trusted or ssl.create_default_context()
