"""A mail server: one conversation hands one mail in (SMTP, RFC 5321)."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from threading import Thread
from typing import Literal

from controller.errors import MailRefused, MailServerAway

SMTP_SECONDS = 15.0  # for the connection, and for each answer of the server


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
            await _apart(partial(self._converse, mail))
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(str(error) or type(error).__name__) from None

    def _converse(self, mail: EmailMessage) -> None:
        """One conversation with the server (RFC 5321)."""
        try:
            with self._connect() as smtp:
                if self.tls == "starttls":
                    smtp.starttls(context=self._context())
                if self.username:
                    smtp.login(self.username, self.password)
                smtp.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(code >= 500 for code in codes):
                raise MailRefused(f"the mail server refuses the recipient ({codes[0]})") from None
            raise
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= 500:
                raise MailRefused(f"the mail server answered {error.smtp_code}") from None
            raise
        except ssl.SSLCertVerificationError as error:
            raise MailRefused(f"the mail server's certificate: {error.verify_message}") from None

    def _connect(self) -> smtplib.SMTP:
        # What smtplib would find out itself is a look-up without a time limit.
        name = socket.gethostname()
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, name, timeout=SMTP_SECONDS, context=self._context())
        return smtplib.SMTP(self.host, self.port, name, timeout=SMTP_SECONDS)

    def _context(self) -> ssl.SSLContext:
        return self.trusted or ssl.create_default_context()


async def _apart(work: Callable[[], None]) -> None:
    """Run this in a thread of its own, which keeps nobody waiting: neither the loop nor, at the end, the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, error)

    Thread(target=run, name="mail", daemon=True).start()
    await done
