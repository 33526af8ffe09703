"""What customers' programs set about a number: its routing, and the switches of its texts.

The names are those of VoIP.ms's setDIDInfo and setSMS; most of them only come back as they were given. What changes
calls and texts says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

NO_ROUTING = "none:"


@dataclass(frozen=True, slots=True)
class DidSettings:
    """Every setting of a number.

    Calls: `routing` and `failover_*`, as customers write them; an empty routing: nothing was set, and what the number
    had before counts. `call_post_url`: where post-backs of calls go, unless the YAML says so for the number. Texts:
    `sms_enabled`: whether programs may send from it. Where incoming ones go besides their post-back: `sms_email`,
    `sms_forward` (a phone number), `sms_url_callback` (fetched, with placeholders; with `sms_url_callback_retry` until
    the answer says ok) and `webhook`, each if it is enabled. `sms_switched`: when they were last switched on or off, in
    seconds since 1970, with blanks between.
    """

    routing: str = ""
    call_post_url: str = ""
    failover_busy: str = NO_ROUTING
    failover_unreachable: str = NO_ROUTING
    failover_noanswer: str = NO_ROUTING
    voicemail: str = ""
    pop: str = "1"
    dialtime: str = "60"
    cnam: str = "0"
    callerid_prefix: str = ""
    note: str = ""
    billing_type: str = "1"
    record_calls: str = "0"
    inbound_dialing_mode: str = "0"
    voicemail_threshold: str = "0"
    port_out_pin: str = ""
    transcribe: str = "0"
    transcription_locale: str = ""
    transcription_email: str = ""
    transcription_start_delay: str = ""
    order_date: str = ""
    sms_enabled: bool = True
    sms_switched: str = ""
    sms_email: str = ""
    sms_email_enabled: bool = False
    sms_forward: str = ""
    sms_forward_enabled: bool = False
    sms_url_callback: str = ""
    sms_url_callback_enabled: bool = False
    sms_url_callback_retry: bool = False
    webhook: str = ""
    webhook_enabled: bool = False
    dialmode: str = "1"
    smpp_enabled: bool = False
    smpp_url: str = ""
    smpp_user: str = ""
    smpp_pass: str = ""
    sms_sipaccount: str = ""
    sms_sipaccount_enabled: bool = False


UNSET = DidSettings()
_TYPES = {field.name: type(getattr(UNSET, field.name)) for field in fields(DidSettings)}


def settings_of(stored: Mapping[str, Any]) -> DidSettings:
    """The settings that a store holds; what another release wrote and this one does not know is left out."""
    known: dict[str, Any] = {name: value for name, value in stored.items() if isinstance(value, _TYPES.get(name, ()))}
    return DidSettings(**known) if known else UNSET
