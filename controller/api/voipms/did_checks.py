"""What programs may set about a number, each value with the vendor's status for a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_models import SetDidInfo, SetSms
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import flag, whole, within
from controller.directory.did_settings import DidSettings
from controller.directory.snapshot import Did, LicenseKey
from controller.egress.urls import customer_url
from controller.errors import UrlRefused
from controller.numbers import try_number

Settings = dict[str, str | bool]

BILLING_TYPES = ("1", "2")
DIAL_MODES = ("1", "2")
LONGEST_URL = 2000
# Texts of a number can be switched on and off so often in so many seconds; the vendor says: wait a minute.
MOST_SWITCHES, SWITCH_SECONDS = 4, 60


def stated_routing(did: Did) -> str:
    """What answers a number where no customer's program set it: nothing, an IVR of the YAML, or a script."""
    if did.ivr is not None:
        return f"ivr:{did.ivr.name}"
    if did.script_source is not None and did.voice is not None:
        return f"account:{did.voice.shown_name}"
    return "none:"


def routing_of(did: Did) -> str:
    """What answers a number, as this interface writes it."""
    stated = did.script_file is not None or did.ivr is not None
    return stated_routing(did) if stated else did.settings.routing or stated_routing(did)


def routing_setting(did: Did, key: LicenseKey, wanted: str, checks: RoutingChecks) -> Settings:
    """A routing to be stored; nothing where it is the one that counts already. Refused."""
    if wanted.strip() and wanted.strip() == routing_of(did):
        return {}
    if did.script_file is not None or did.ivr is not None:
        raise Refused("invalid_route", "The configuration says what answers this number; it cannot be routed here.")
    if did.voice is None or did.voice.name != key.name:
        raise Refused("invalid_route", "The calls to this number are not this account's.")
    return {"routing": checks.routing(key, wanted, did.number)}


def info_settings(did: Did, key: LicenseKey, asked: SetDidInfo, checks: RoutingChecks) -> Settings:
    """What setDIDInfo changes. Refused, in the order in which the vendor's page lists the values."""
    settings = routing_setting(did, key, asked.routing, checks)
    for name in ("failover_busy", "failover_unreachable", "failover_noanswer"):
        failover = getattr(asked, name)
        if failover is not None:
            settings[name] = checks.failover(key, failover, did.number)
    if asked.voicemail is not None:
        settings["voicemail"] = within(200, mailbox_setting(asked.voicemail), "missing_params")
    _copy(settings, asked, "port_out_pin", "transcription_locale", "transcription_email")
    _copy(settings, asked, "transcription_start_delay", "sms_sipaccount")
    settings["pop"] = str(whole(required(asked.pop, "missing_serverpop"), 1, 9999, "invalid_serverpop"))
    settings["dialtime"] = str(whole(required(asked.dialtime, "missing_dialtime"), 1, 600, "invalid_dialtime"))
    settings["cnam"] = one_of(("0", "1"), required(asked.cnam, "missing_cnam"), "invalid_cnam")
    settings["billing_type"] = billing_type(asked.billing_type)
    if asked.callerid_prefix is not None:
        settings["callerid_prefix"] = within(19, asked.callerid_prefix, "invalid_calleridprefix")
    if asked.note is not None:
        settings["note"] = within(49, asked.note, "invalid_note")
    optional: dict[str, Callable[[str], str]] = {
        "record_calls": lambda text: "1" if flag(text, "invalid_record_calls") else "0",
        "transcribe": lambda text: "1" if flag(text, "invalid_transcribe") else "0",
        "inbound_dialing_mode": lambda text: one_of(("0", "1"), text, "invalid_inbound_dialing_mode"),
        "voicemail_threshold": _threshold,
    }
    for name, check in optional.items():
        given = getattr(asked, name)
        if given is not None:
            settings[name] = check(given)
    theirs = did.voice is None or did.voice.name != key.name
    if theirs and settings.get("record_calls", did.settings.record_calls) != did.settings.record_calls:
        raise Refused("invalid_record_calls", "The calls to this number are not this account's.")
    if asked.sms_sipaccount_enabled is not None:
        settings["sms_sipaccount_enabled"] = flag(asked.sms_sipaccount_enabled, "invalid_sipaccount_enable")
    return settings


def sms_settings(asked: SetSms, before: DidSettings) -> Settings:
    """What setSMS changes. Refused."""
    settings: Settings = {"sms_enabled": flag(required(asked.enable, "missing_enable"), "invalid_enable")}
    callback = asked.url_callback_enable or asked.url_callback_enabled
    switches = (
        ("sms_email_enabled", asked.email_enabled or asked.email_enable, "invalid_email_enable"),
        ("sms_forward_enabled", asked.sms_forward_enable or asked.sms_forward_enabled, "invalid_forward_enable"),
        ("sms_url_callback_enabled", callback, "invalid_callback_enable"),
        ("sms_url_callback_retry", asked.url_callback_retry, "invalid_callback_retry"),
        ("webhook_enabled", asked.webhook_enable or asked.webhook_enabled, "invalid_webhook_enable"),
        ("smpp_enabled", asked.smpp_enabled, "invalid_smpp_enable"),
        ("sms_sipaccount_enabled", asked.sms_sipaccount_enabled, "invalid_sipaccount_enable"),
    )
    for name, given, status in switches:
        if given is not None:
            settings[name] = flag(given, status)
    if asked.email_address is not None:
        settings["sms_email"] = _email(asked.email_address)
    if asked.sms_forward is not None:
        settings["sms_forward"] = _forward(asked.sms_forward)
    if asked.url_callback is not None:
        settings["sms_url_callback"] = _url(asked.url_callback, "invalid_callback")
    if asked.webhook is not None:
        settings["webhook"] = _url(asked.webhook, "invalid_webhook")
    if asked.dialmode is not None:
        settings["dialmode"] = one_of(DIAL_MODES, asked.dialmode, "invalid_dialmode")
    _copy(settings, asked, "smpp_url", "smpp_user", "smpp_pass", "sms_sipaccount")
    _check_targets(settings, before)
    return settings


def switched(before: DidSettings, *, on: bool, now: datetime) -> Settings:
    """When the texts of a number were switched on or off, with this time. Refused: too often within a minute."""
    if on == before.sms_enabled:
        return {}
    recent = [second for second in before.sms_switched.split() if now.timestamp() - float(second) < SWITCH_SECONDS]
    if len(recent) >= MOST_SWITCHES:
        raise Refused("sms_wait_message")
    return {"sms_switched": " ".join([*recent, f"{now.timestamp():.0f}"])}


def mailbox_setting(text: str) -> str:
    """The mailbox of a number as it is stored; `0` and `none`, which clients send, are none."""
    return "" if text.strip().lower() in ("0", "none", "-1") else text.strip()


def _check_targets(settings: Settings, before: DidSettings) -> None:
    """What is switched on needs somewhere to go, now or from before."""
    needs = (
        ("sms_email_enabled", "sms_email", "invalid_email"),
        ("sms_forward_enabled", "sms_forward", "invalid_sms_forward"),
        ("sms_url_callback_enabled", "sms_url_callback", "invalid_callback"),
        ("webhook_enabled", "webhook", "invalid_webhook"),
    )
    for switch, target, status in needs:
        if settings.get(switch) and not settings.get(target, getattr(before, target)):
            raise Refused(status, f"This is switched on, but {target} says nowhere to go.")
    if settings.get("smpp_enabled"):
        raise Refused("invalid_smpp_url", "Texts are not delivered by SMPP here; a webhook or a URL callback is.")


def required(text: str, status: str) -> str:
    """A value that must be there. Refused."""
    if not text.strip():
        raise Refused(status)
    return text.strip()


def one_of(choices: tuple[str, ...], text: str, status: str) -> str:
    """A value out of a few. Refused."""
    if text.strip() not in choices:
        raise Refused(status)
    return text.strip()


def billing_type(text: str) -> str:
    """1 per minute, 2 flat. Refused."""
    return one_of(BILLING_TYPES, required(text, "missing_billingtype"), "invalid_billingtype")


def _threshold(text: str) -> str:
    seconds = whole(text or "0", 0, 60, "Invalid_threshold")
    if seconds % 5:
        raise Refused("Invalid_threshold")
    return str(seconds)


def _email(text: str) -> str:
    address = text.strip()
    local, at, host = address.rpartition("@")
    if address and not (local and at and "." in host and len(address) <= 254 and address.isprintable()):
        raise Refused("invalid_email")
    if any(character in address for character in ' ,;<>"\r\n'):
        raise Refused("invalid_email")
    return address


def _forward(text: str) -> str:
    if not text.strip() or text.strip() == "-1":
        return ""
    number = try_number(text)
    if number is None:
        raise Refused("invalid_sms_forward")
    return number


def _url(text: str, status: str) -> str:
    url = text.strip()
    if not url:
        return ""
    try:
        # Placeholders stand in braces, which a URL has escaped.
        customer_url(url.replace("{", "%7B").replace("}", "%7D"))
    except UrlRefused as error:
        raise Refused(status, str(error)) from None
    return within(LONGEST_URL, url, status)


def _copy(settings: Settings, asked: object, *names: str) -> None:
    for name in names:
        given = getattr(asked, name)
        if given is not None:
            settings[name] = within(200, given.strip(), "missing_params")
