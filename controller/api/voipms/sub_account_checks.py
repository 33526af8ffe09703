"""What programs may set about a sub-account, each value with the vendor's status for a wrong one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from controller.api.bindings.refusal import Refused
from controller.api.voipms.account_phones import account_name
from controller.api.voipms.did_checks import mailbox_setting, one_of, required
from controller.api.voipms.feature_lists import DEVICE_TYPES
from controller.api.voipms.mailboxes import mailbox_of
from controller.api.voipms.place_values import shown_number, text_of
from controller.api.voipms.reference import LANGUAGES
from controller.api.voipms.sub_account_models import SubAccountFields
from controller.api.voipms.values import bit, flag, whole
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.snapshot import LicenseKey

USERNAME = re.compile(r"[A-Za-z0-9_]{1,12}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 100
LONGEST_EXTENSION = 5
_KEPT: Mapping[str, str] = {
    "max_expiry": "3600",
    "rtp_timeout": "60",
    "rtp_hold_timeout": "600",
    "ip_restriction": "",
    "enable_ip_restriction": "0",
    "pop_restriction": "",
    "enable_pop_restriction": "0",
    "send_bye": "1",
    "allow225": "0",
    "dialing_mode": "0",
    "default_e911": "",
    "call_pickup_behavior": "1",
    "internal_extension_location": "",
    "parking_lot": "",
    "tfcarrier": "-1",
    "transcribe": "0",
    "transcription_locale": "",
    "transcription_email": "",
    "transcription_start_delay": "",
}
"""What comes back as it was given, with its default: declarative clients take nothing else for what they set."""
DEFAULTS: Mapping[str, str] = {
    "description": "",
    "protocol": "1",
    "auth_type": "1",
    "ip": "",
    "device_type": "2",
    "callerid_number": "",
    "canada_routing": "1",
    "lock_international": "0",
    "international_route": "1",
    "music_on_hold": "",
    "language": "en",
    "allowed_codecs": "ulaw;alaw",
    "dtmf_mode": "auto",
    "nat": "yes",
    "sip_traffic": "0",
    "internal_extension": "",
    "internal_voicemail": "",
    "internal_dialtime": "60",
    "record_calls": "0",
    "enable_internal_cnam": "0",
    "internal_cnam": "",
    **_KEPT,
}
_SECONDS = {"max_expiry": (60, 3600), "rtp_timeout": (1, 3600), "rtp_hold_timeout": (1, 3600)}
_CODECS = frozenset({"all", "alaw", "g722", "g726", "g729", "gsm", "ilbc", "opus", "speex", "ulaw"})
_CHOICES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "device_type": (tuple(code for code, _ in DEVICE_TYPES), "invalid_devicetype"),
    "canada_routing": (("1", "2"), "invalid_canada_routing"),
    "lock_international": (("0", "1"), "invalid_lockinternational"),
    "international_route": (("1", "2"), "invalid_internationalroute"),
    "language": (tuple(code for code, _ in LANGUAGES), "invalid_language"),
    "dtmf_mode": (("auto", "rfc2833", "inband", "info"), "invalid_dtmfmode"),
    "nat": (("yes", "no", "route", "never"), "invalid_nat"),
}
_TEXTS: Mapping[str, str] = {
    "description": "invalid_description",
    "music_on_hold": "invalid_musiconhold",
    "internal_cnam": "invalid_name",
}
_PASSWORD_NEEDS = (
    (r"[A-Za-z0-9!#$%&/()=?*\[\]_:.,{}+-]*", "invalid_password_ilegal_characters"),
    (r".*[a-z].*", "invalid_password_missing_lowercase"),
    (r".*[A-Z].*", "invalid_password_missing_uppercase"),
    (r".*[0-9].*", "invalid_password_missing_number"),
)


class SubAccountChecks:
    """Holds what a program sets against what its account has."""

    def __init__(self, directory: CurrentDirectory, entries: Entries) -> None:
        self._directory = directory
        self._entries = entries

    def new_username(self, key: LicenseKey, asked: SubAccountFields) -> str:
        """The name of a new phone within its account. Refused."""
        username = required(asked.username, "missing_username")
        if USERNAME.fullmatch(username) is None:
            raise Refused("invalid_username", "A username has 1 to 12 letters, digits and underscores.")
        for value, noun in (
            (asked.protocol, "protocol"),
            (asked.auth_type, "authtype"),
            (asked.device_type, "devicetype"),
        ):
            required(value, f"missing_{noun}")
        name, snapshot = account_name(key, username).lower(), self._directory.snapshot
        if any(name == other.lower() for other in (*snapshot.phones, *snapshot.trunks)):
            raise Refused("used_username")
        return username

    def content(self, key: LicenseKey, asked: SubAccountFields, before: Mapping[str, Any]) -> dict[str, Any]:
        """What is stored of a phone. before: what was, with the defaults. Refused."""
        self._refuse_other_ways(asked)
        content = {**before, **_plain_values(asked)}
        if asked.callerid_number is not None:
            content["callerid_number"] = shown_number(self._directory, key, asked.callerid_number, "callerid")
        if asked.allowed_codecs.strip():
            content["allowed_codecs"] = _codecs(asked.allowed_codecs)
        if asked.internal_dialtime.strip():
            seconds = whole(asked.internal_dialtime, 0, 60, "invalid_internaldialtime") or 60
            content["internal_dialtime"] = str(seconds)
        for name in ("record_calls", "enable_internal_cnam"):
            if given := getattr(asked, name):
                content[name] = bit(on=flag(given, f"invalid_{name}"))
        if asked.internal_extension is not None:
            content["internal_extension"] = self._extension(key, asked.internal_extension, content)
        if asked.internal_voicemail is not None:
            content["internal_voicemail"] = self._mailbox(key, asked.internal_voicemail)
        return content

    @staticmethod
    def _refuse_other_ways(asked: SubAccountFields) -> None:
        """Phones speak SIP, and log in with a password. Refused."""
        if asked.protocol.strip() not in ("", "1"):
            raise Refused("invalid_protocol", "Phones speak SIP here: protocol 1.")
        if asked.auth_type.strip() not in ("", "1"):
            raise Refused("invalid_authtype", "Phones log in with a password here: auth_type 1.")
        if asked.ip.strip():
            raise Refused("invalid_ip_auth")
        if flag(asked.enable_ip_restriction, "invalid_enable_ip_restriction"):
            raise Refused("invalid_enable_ip_restriction", "Phones are let in from every address here.")
        if flag(asked.sip_traffic, "invalid_sip_traffic"):
            raise Refused("invalid_sip_traffic", "Whether calls are encrypted, the configuration of a phone says.")

    def _extension(self, key: LicenseKey, text: str, content: Mapping[str, Any]) -> str:
        digits = text.strip()
        if digits in ("", "0"):
            return ""
        if not (digits.isascii() and digits.isdigit()):
            raise Refused("invalid_extension")
        if len(digits) > LONGEST_EXTENSION:
            raise Refused("invalid_extension_length")
        others = (entry.content for entry in self._entries.of(key.name, "phone"))
        if any(o["internal_extension"] == digits and o["account"] != content["account"] for o in others):
            raise Refused("used_extension")
        return digits

    def _mailbox(self, key: LicenseKey, text: str) -> str:
        digits = mailbox_setting(text)
        if digits:
            try:
                mailbox_of(self._entries, key, digits)
            except Refused:
                raise Refused("invalid_internalvoicemail") from None
        return digits


def new_password(text: str) -> str:
    """A password as the vendor wants them. Refused."""
    password = required(text, "missing_password")
    if len(password) < SHORTEST_PASSWORD:
        raise Refused("invalid_password_lessthan_8characters_long")
    if len(password) > LONGEST_PASSWORD:
        raise Refused("invalid_password")
    for pattern, status in _PASSWORD_NEEDS:
        if re.fullmatch(pattern, password) is None:
            raise Refused(status)
    return password


def _plain_values(asked: SubAccountFields) -> dict[str, str]:
    """The values that stand for themselves, as far as they are given. Refused."""
    found: dict[str, str] = {}
    for name, (choices, status) in _CHOICES.items():
        given = getattr(asked, name).strip().lower()
        if given:
            found[name] = one_of(choices, given, status)
    for name in _KEPT:
        if (text := getattr(asked, name)) is not None:
            found[name] = _kept(name, text)
    for name, status in _TEXTS.items():
        if (text := getattr(asked, name)) is not None:
            found[name] = text_of(text, status)
    return found


def _kept(name: str, text: str) -> str:
    if name in _SECONDS and text.strip():
        return str(whole(text, *_SECONDS[name], f"invalid_{name}"))
    return text_of(text, f"invalid_{name}") or _KEPT[name]


def _codecs(text: str) -> str:
    names = [part.strip().lower() for part in text.split(";") if part.strip()]
    if not names or not set(names) <= _CODECS:
        raise Refused("invalid_allowedcodecs")
    return ";".join(names)
