"""Methods about mailboxes: where callers leave messages."""

from __future__ import annotations

import re
from typing import Any

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import one_of, required
from controller.api.voipms.place_values import text_of, yes_no
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.reference import LANGUAGES
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import MAILBOX
from controller.directory.snapshot import LicenseKey

DIGITS = re.compile(r"[0-9]{1,10}")
PASSWORD = re.compile(r"[0-9]{1,20}")
EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,190}")
MOST_EMAILS = 10
FORMATS = ("wav49", "wav", "mp3")


@parameters
class MailboxFilter:
    """Which mailbox; all without one."""

    mailbox: str = element("mailbox", default="")


@structure("Voicemail", NAMESPACE)
class MailboxInfo:
    """A mailbox: what setVoicemail takes."""

    mailbox: str = element("mailbox")
    name: str = element("name")
    password: str = element("password")
    skip_password: str = element("skip_password")
    email: str = element("email")
    attach_message: str = element("attach_message")
    email_attachment_format: str = element("email_attachment_format")
    delete_message: str = element("delete_message")
    say_time: str = element("say_time")
    timezone: str = element("timezone")
    say_callerid: str = element("say_callerid")
    play_instructions: str = element("play_instructions")
    language: str = element("language")
    unavailable_message_recording: str = element("unavailable_message_recording")


@structure("getVoicemailsOutput", NAMESPACE)
class MailboxesAnswer:
    """Mailboxes."""

    voicemails: tuple[MailboxInfo, ...] = element("voicemails")


@parameters
class SetMailbox:
    """A mailbox. createVoicemail calls its number `digits`, setVoicemail `mailbox`. What is left out stays."""

    mailbox: str = element("mailbox", default="")
    digits: str = element("digits", default="")
    name: str = element("name", default="")
    password: str = element("password", default="")
    skip_password: str | None = element("skip_password", default=None)
    email: str | None = element("email", default=None)
    attach_message: str | None = element("attach_message", default=None)
    email_attachment_format: str | None = element("email_attachment_format", default=None)
    delete_message: str | None = element("delete_message", default=None)
    say_time: str | None = element("say_time", default=None)
    timezone: str | None = element("timezone", default=None)
    say_callerid: str | None = element("say_callerid", default=None)
    play_instructions: str | None = element("play_instructions", default=None)
    language: str | None = element("language", default=None)
    unavailable_message_recording: str | None = element("unavailable_message_recording", default=None)


_DEFAULTS: dict[str, Any] = {
    "skip_password": "no",
    "email": "",
    "attach_message": "yes",
    "email_attachment_format": "wav",
    "delete_message": "no",
    "say_time": "no",
    "timezone": "America/New_York",
    "say_callerid": "no",
    "play_instructions": "u",
    "language": "en",
    "greeting": "",
}


class MailboxMethods:
    """A mailbox has the number that its customer gives it; `vm:NUMBER` leads there."""

    def __init__(self, entries: Entries, recordings: RecordingEntries) -> None:
        self._entries = entries
        self._recordings = recordings

    @operation("getVoicemails")
    async def mailboxes(self, request: MailboxFilter, caller: Caller) -> MailboxesAnswer:
        """The account's mailboxes, or one of them."""
        key = caller.account
        given = request.mailbox.strip()
        found = [mailbox_of(self._entries, key, given)] if given else self._entries.of(key.name, MAILBOX)
        if not found:
            raise Refused("no_mailbox")
        return MailboxesAnswer(voicemails=tuple(map(_info, found)))

    @operation("createVoicemail")
    async def create(self, request: SetMailbox, caller: Caller) -> None:
        """Add a mailbox."""
        key = caller.account
        digits = required(request.digits or request.mailbox, "missing_digits")
        if DIGITS.fullmatch(digits) is None:
            raise Refused("invalid_digits", "A mailbox is called by 1 to 10 digits.")
        if any(entry.content["digits"] == digits for entry in self._entries.of(key.name, MAILBOX)):
            raise Refused("existing_voicemail", "There is a mailbox of this number.")
        content = await self._content(key, request, {**_DEFAULTS, "digits": digits})
        await self._entries.add(key.name, MAILBOX, content)

    @operation("setVoicemail")
    async def change(self, request: SetMailbox, caller: Caller) -> None:
        """Change a mailbox."""
        key = caller.account
        entry = mailbox_of(self._entries, key, required(request.mailbox, "missing_mailbox"))
        if not await self._entries.change(entry, await self._content(key, request, dict(entry.content))):
            raise Refused("invalid_mailbox")

    @operation("delVoicemail")
    async def delete(self, request: MailboxFilter, caller: Caller) -> None:
        """Delete a mailbox; its messages are kept for as long as recordings of callers are."""
        entry = mailbox_of(self._entries, caller.account, required(request.mailbox, "missing_mailbox"))
        await self._entries.remove(entry)

    async def _content(self, key: LicenseKey, request: SetMailbox, content: dict[str, Any]) -> dict[str, Any]:
        """What is stored of a mailbox. Refused."""
        content["name"] = text_of(required(request.name, "missing_name"), "invalid_name")
        content["password"] = required(request.password, "missing_password")
        if PASSWORD.fullmatch(content["password"]) is None:
            raise Refused("invalid_password", "The password is 1 to 20 digits.")
        for name in ("skip_password", "attach_message", "delete_message", "say_time", "say_callerid"):
            content[name] = yes_no(getattr(request, name), content[name], f"invalid_{name.replace('_', '')}")
        if request.email is not None:
            content["email"] = _emails(request.email)
        if request.email_attachment_format:
            given = request.email_attachment_format.lower()
            content["email_attachment_format"] = one_of(FORMATS, given, "invalid_email_attachment_format")
        if request.language:
            languages = tuple(code for code, _ in LANGUAGES)
            content["language"] = one_of(languages, request.language.lower(), "invalid_language")
        for name in ("timezone", "play_instructions"):
            if (given := getattr(request, name)) is not None:
                content[name] = text_of(given, f"invalid_{name.replace('_', '')}")
        greeting = (request.unavailable_message_recording or "").strip()
        if greeting not in ("", "0") and await self._recordings.find(key.name, greeting) is None:
            raise Refused("invalid_unavailable_message_recording")
        if request.unavailable_message_recording is not None:
            content["greeting"] = greeting if greeting != "0" else ""
        return content


def mailbox_of(entries: Entries, key: LicenseKey, digits: str) -> Entry:
    """The mailbox of an account that has this number. Refused."""
    found = [entry for entry in entries.of(key.name, MAILBOX) if entry.content["digits"] == digits.strip()]
    if not found:
        raise Refused("invalid_mailbox", "This account has no such mailbox.")
    return found[0]


def _emails(text: str) -> str:
    """Addresses, separated by commas or semicolons. Refused."""
    addresses = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    if len(addresses) > MOST_EMAILS or any(EMAIL.fullmatch(address) is None for address in addresses):
        raise Refused("invalid_email")
    return ",".join(addresses)


def _info(entry: Entry) -> MailboxInfo:
    content = entry.content
    return MailboxInfo(
        mailbox=content["digits"],
        unavailable_message_recording=content["greeting"],
        **{name: content[name] for name in ("name", "password", *(name for name in _DEFAULTS if name != "greeting"))},
    )
