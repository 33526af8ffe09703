"""Methods about the messages of mailboxes: listed, fetched, mailed, moved and deleted."""

from __future__ import annotations

import base64
from datetime import datetime

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.dates import ZONE, date_range, shown_date, utc
from controller.api.voipms.did_checks import required
from controller.api.voipms.mailboxes import mailbox_of
from controller.api.voipms.values import by_id, flag, shown
from controller.calls.store.voicemail_messages import INBOX, VoicemailMessage, VoicemailMessages
from controller.directory.entries import Entries
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.numbers import is_e164

FOLDERS = (INBOX, "Old", "Urgent", "Work", "Family", "Friends")


@parameters
class OneFolder:
    """Which folder; all without one."""

    folder: str = element("folder", default="")


@structure("VoicemailFolder", NAMESPACE)
class FolderInfo:
    """A folder."""

    value: str = element("value")
    description: str = element("description")


@structure("getVoicemailFoldersOutput", NAMESPACE)
class FoldersAnswer:
    """Folders of messages."""

    folders: tuple[FolderInfo, ...] = element("folders")


@parameters
class MessageFilter:
    """The messages of a mailbox, in a folder, of some days."""

    mailbox: str = element("mailbox", default="")
    folder: str = element("folder", default="")
    date_from: str = element("date_from", default="")
    date_to: str = element("date_to", default="")


@structure("VoicemailMessage", NAMESPACE)
class MessageInfo:
    """A message."""

    mailbox: str = element("mailbox")
    folder: str = element("folder")
    message_num: str = element("message_num")
    date: str = element("date")
    callerid: str = element("callerid")
    duration: str = element("duration")
    urgent: str = element("urgent")
    listened: str = element("listened")


@structure("getVoicemailMessagesOutput", NAMESPACE)
class MessagesAnswer:
    """Messages, the oldest first."""

    messages: tuple[MessageInfo, ...] = element("messages")


@parameters
class OneMessage:
    """A message, by its mailbox and number. What is done with it: the other fields, by the method."""

    mailbox: str = element("mailbox", default="")
    folder: str = element("folder", default="")
    message_num: str = element("message_num", default="")
    listened: str = element("listened", default="")
    urgent: str = element("urgent", default="")
    new_folder: str = element("new_folder", default="")
    email_address: str = element("email_address", default="")


@structure("VoicemailMessageFile", NAMESPACE)
class MessageFile:
    """A message with its recording: a WAV in base64."""

    mailbox: str = element("mailbox")
    folder: str = element("folder")
    message_num: str = element("message_num")
    data: str = element("data")


@structure("getVoicemailMessageFileOutput", NAMESPACE)
class MessageFileAnswer:
    """A message with its recording."""

    message: MessageFile = element("message")


class MailboxMessageMethods:
    """A message is known by its number; the folder is where it lies."""

    def __init__(self, entries: Entries, messages: VoicemailMessages, sounds: KeySounds) -> None:
        self._entries = entries
        self._messages = messages
        self._sounds = sounds

    @operation("getVoicemailFolders")
    async def folders(self, request: OneFolder, _caller: Caller) -> FoldersAnswer:
        """The folders of messages."""
        found = [name for name in FOLDERS if request.folder.strip() in ("", name)]
        if not found:
            raise Refused("invalid_folder")
        return FoldersAnswer(folders=tuple(FolderInfo(value=name, description=name) for name in found))

    @operation("getVoicemailMessages")
    async def messages(self, request: MessageFilter, caller: Caller) -> MessagesAnswer:
        """The messages of a mailbox, at most a thousand."""
        key = caller.account
        mailbox = required(request.mailbox, "missing_mailbox")
        mailbox_of(self._entries, key, mailbox)
        begin = end = None
        if request.date_from.strip() or request.date_to.strip():
            first = request.date_from.strip() or request.date_to
            span = date_range(first, request.date_to.strip() or first, ZONE, datetime.now(ZONE))
            begin, end = utc(span.since), utc(span.until)
        folder = _folder(request.folder) if request.folder.strip() else None
        found = await self._messages.of(key.name, mailbox=mailbox, folder=folder, begin=begin, end=end)
        if not found:
            raise Refused("no_messages")
        return MessagesAnswer(messages=tuple(map(_info, found)))

    @operation("getVoicemailMessageFile")
    async def file(self, request: OneMessage, caller: Caller) -> MessageFileAnswer:
        """A message with its recording."""
        message = await self._one(request, caller.account)
        wav = await self._messages.audio(message)
        if wav is None:
            raise Refused("invalid_message_num")
        data = base64.b64encode(wav).decode()
        number = str(message.message_id)
        kept = MessageFile(mailbox=message.mailbox, folder=message.folder, message_num=number, data=data)
        return MessageFileAnswer(message=kept)

    @operation("sendVoicemailEmail")
    async def mail(self, request: OneMessage, caller: Caller) -> None:
        """Mail a message once more, to whom its mailbox names."""
        key = caller.account
        message = await self._one(request, key)
        addresses = str(mailbox_of(self._entries, key, message.mailbox).content["email"]).split(",")
        wanted = request.email_address.strip()
        if not any(addresses) or (wanted and wanted not in addresses):
            raise Refused("invalid_email", "Messages are mailed to the addresses of their mailbox.")
        await self._messages.mail_again(message)

    @operation("markListenedVoicemailMessage")
    async def listened(self, request: OneMessage, caller: Caller) -> None:
        """Note whether a message was heard."""
        heard = flag(required(request.listened, "missing_listened"), "invalid_listened")
        await self._messages.change(await self._one(request, caller.account), heard=heard)

    @operation("markUrgentVoicemailMessage")
    async def urgent(self, request: OneMessage, caller: Caller) -> None:
        """Put a message into the folder of urgent ones, or back."""
        urgent = flag(required(request.urgent, "missing_urgent"), "invalid_urgent")
        await self._messages.change(await self._one(request, caller.account), folder="Urgent" if urgent else INBOX)

    @operation("moveFolderVoicemailMessage")
    async def move(self, request: OneMessage, caller: Caller) -> None:
        """Move a message to another folder."""
        folder = _folder(required(request.new_folder, "missing_folder"), "invalid_destination_folder")
        await self._messages.change(await self._one(request, caller.account), folder=folder)

    @operation("delMessages")
    async def delete(self, request: OneMessage, caller: Caller) -> None:
        """Delete a message with its recording; all of a folder, or of the mailbox, where no message is named."""
        key = caller.account
        if request.message_num.strip():
            doomed = [await self._one(request, key)]
        else:
            mailbox = mailbox_of(self._entries, key, required(request.mailbox, "missing_mailbox")).content["digits"]
            folder = _folder(request.folder) if request.folder.strip() else None
            doomed = await self._messages.of(key.name, mailbox=str(mailbox), folder=folder)
        if not doomed:
            raise Refused("no_messages")
        for message in doomed:
            await self._sounds.remove(message.license_key, message.sound_id)

    async def _one(self, request: OneMessage, key: LicenseKey) -> VoicemailMessage:
        mailbox = required(request.mailbox, "missing_mailbox")
        mailbox_of(self._entries, key, mailbox)
        number = by_id(required(request.message_num, "missing_message_num"), "invalid_message_num")
        found = await self._messages.of(key.name, mailbox=mailbox, message_id=number)
        if not found:
            raise Refused("invalid_message_num")
        return found[0]


def _folder(text: str, status: str = "invalid_folder") -> str:
    found = [name for name in FOLDERS if name.lower() == text.strip().lower()]
    if not found:
        raise Refused(status)
    return found[0]


def _info(message: VoicemailMessage) -> MessageInfo:
    seconds = round(message.seconds)
    return MessageInfo(
        mailbox=message.mailbox,
        folder=message.folder,
        message_num=str(message.message_id),
        date=shown_date(message.left_at),
        callerid=shown(message.caller) if is_e164(message.caller) else message.caller,
        duration=f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
        urgent="yes" if message.folder == "Urgent" else "no",
        listened="yes" if message.heard else "no",
    )
