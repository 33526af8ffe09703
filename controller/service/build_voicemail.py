"""Voicemail, wired: what a mailbox says of its mails comes from what its customer made."""

from __future__ import annotations

from functools import partial

from controller.asterisk.ari.client import AriClient
from controller.asterisk.mwi import tell_waiting
from controller.calls.message_waiting import MessageWaiting
from controller.calls.store.voicemail_messages import VoicemailMessages
from controller.calls.voicemail import MailboxMail, Voicemail
from controller.config.sections import MailSection
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.granted_places import MAILBOX
from controller.mail.server import MailServer
from controller.speech.library import SoundLibrary
from controller.store.database import Database


def mail_server(mail: MailSection) -> MailServer | None:
    """Where mails are handed in; None without one in the configuration."""
    return MailServer(mail.host, mail.port, mail.sender, mail.username, mail.password, mail.tls) if mail.host else None


def build_message_waiting(
    database: Database, directory: CurrentDirectory, library: SoundLibrary, ari: AriClient
) -> MessageWaiting:
    """The part that has phones show what waits in their mailboxes."""
    waiting = MessageWaiting(VoicemailMessages(database), directory, partial(tell_waiting, ari), lambda: ari.connected)
    ari.on_connected(waiting.asterisk_connected)
    library.on_change(waiting.sound_changed)
    return waiting


def build_voicemail(
    mail: MailSection, database: Database, directory: CurrentDirectory, entries: Entries, library: SoundLibrary
) -> Voicemail:
    """The part that files and mails messages."""

    def mailbox_of(license_key: str, mailbox: str) -> MailboxMail:
        key = directory.snapshot.license_key(license_key)
        found = [entry for entry in entries.of(license_key, MAILBOX) if entry.content["digits"] == mailbox]
        if key is None or not found:
            return MailboxMail()
        content = found[0].content
        # A key that names whom its scripts may mail names whom its mailboxes may, too.
        recipients = [each for each in str(content["email"]).split(",") if each]
        return MailboxMail(
            name=str(content["name"]),
            recipients=tuple(each for each in recipients if not key.mail_to or key.may_mail(each)),
            attach=content["attach_message"] == "yes",
            delete=content["delete_message"] == "yes",
            audio_format="mp3" if content["email_attachment_format"] == "mp3" else "wav",
            zone=key.time_zone,
        )

    return Voicemail(VoicemailMessages(database), library, mailbox_of, mail_server(mail))
