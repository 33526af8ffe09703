"""Requests and answers about sub-accounts."""

from __future__ import annotations

from controller.api.bindings.model import element, parameters, structure
from controller.api.voipms.account import NAMESPACE


@parameters
class OneAccount:
    """Which sub-account, by its name or its number; all without one."""

    account: str = element("account", default="")


@parameters
class OneAccountNumber:
    """A sub-account, by its number."""

    id: str = element("id", default="")


@parameters
class SubAccountFields:
    """A sub-account. createSubAccount names it by `username`, setSubAccount by `id`; what is left out then stays."""

    id: str = element("id", default="")
    username: str = element("username", default="")
    protocol: str = element("protocol", default="")
    description: str | None = element("description", default=None)
    auth_type: str = element("auth_type", default="")
    password: str = element("password", default="")
    ip: str = element("ip", default="")
    device_type: str = element("device_type", default="")
    callerid_number: str | None = element("callerid_number", default=None)
    canada_routing: str = element("canada_routing", default="")
    lock_international: str = element("lock_international", default="")
    international_route: str = element("international_route", default="")
    music_on_hold: str | None = element("music_on_hold", default=None)
    language: str = element("language", default="")
    record_calls: str = element("record_calls", default="")
    allowed_codecs: str = element("allowed_codecs", default="")
    dtmf_mode: str = element("dtmf_mode", default="")
    nat: str = element("nat", default="")
    sip_traffic: str = element("sip_traffic", default="")
    internal_extension: str | None = element("internal_extension", default=None)
    internal_voicemail: str | None = element("internal_voicemail", default=None)
    internal_dialtime: str = element("internal_dialtime", default="")
    enable_internal_cnam: str = element("enable_internal_cnam", default="")
    internal_cnam: str | None = element("internal_cnam", default=None)
    max_expiry: str | None = element("max_expiry", default=None)
    rtp_timeout: str | None = element("rtp_timeout", default=None)
    rtp_hold_timeout: str | None = element("rtp_hold_timeout", default=None)
    ip_restriction: str | None = element("ip_restriction", default=None)
    enable_ip_restriction: str | None = element("enable_ip_restriction", default=None)
    pop_restriction: str | None = element("pop_restriction", default=None)
    enable_pop_restriction: str | None = element("enable_pop_restriction", default=None)
    send_bye: str | None = element("send_bye", default=None)
    allow225: str | None = element("allow225", default=None)
    dialing_mode: str | None = element("dialing_mode", default=None)
    default_e911: str | None = element("default_e911", default=None)
    call_pickup_behavior: str | None = element("call_pickup_behavior", default=None)
    internal_extension_location: str | None = element("internal_extension_location", default=None)
    parking_lot: str | None = element("parking_lot", default=None)
    tfcarrier: str | None = element("tfcarrier", default=None)
    transcribe: str | None = element("transcribe", default=None)
    transcription_locale: str | None = element("transcription_locale", default=None)
    transcription_email: str | None = element("transcription_email", default=None)
    transcription_start_delay: str | None = element("transcription_start_delay", default=None)


@structure("SubAccount", NAMESPACE)
class SubAccount:
    """A phone. The password of one that the configuration states is not told."""

    id: str = element("id")
    account: str = element("account")
    username: str = element("username")
    description: str = element("description")
    protocol: str = element("protocol")
    auth_type: str = element("auth_type")
    password: str = element("password")
    ip: str = element("ip")
    device_type: str = element("device_type")
    callerid_number: str = element("callerid_number")
    canada_routing: str = element("canada_routing")
    lock_international: str = element("lock_international")
    international_route: str = element("international_route")
    music_on_hold: str = element("music_on_hold")
    language: str = element("language")
    allowed_codecs: str = element("allowed_codecs")
    dtmf_mode: str = element("dtmf_mode")
    nat: str = element("nat")
    sip_traffic: str = element("sip_traffic")
    internal_extension: str = element("internal_extension")
    internal_voicemail: str = element("internal_voicemail")
    internal_dialtime: str = element("internal_dialtime")
    record_calls: str = element("record_calls")
    enable_internal_cnam: str = element("enable_internal_cnam")
    internal_cnam: str = element("internal_cnam")
    max_expiry: str = element("max_expiry")
    rtp_timeout: str = element("rtp_timeout")
    rtp_hold_timeout: str = element("rtp_hold_timeout")
    ip_restriction: str = element("ip_restriction")
    enable_ip_restriction: str = element("enable_ip_restriction")
    pop_restriction: str = element("pop_restriction")
    enable_pop_restriction: str = element("enable_pop_restriction")
    send_bye: str = element("send_bye")
    allow225: str = element("allow225")
    dialing_mode: str = element("dialing_mode")
    default_e911: str = element("default_e911")
    call_pickup_behavior: str = element("call_pickup_behavior")
    internal_extension_location: str = element("internal_extension_location")
    parking_lot: str = element("parking_lot")
    tfcarrier: str = element("tfcarrier")
    transcribe: str = element("transcribe")
    transcription_locale: str = element("transcription_locale")
    transcription_email: str = element("transcription_email")
    transcription_start_delay: str = element("transcription_start_delay")


@structure("getSubAccountsOutput", NAMESPACE)
class SubAccountsAnswer:
    """Phones."""

    accounts: tuple[SubAccount, ...] = element("accounts")


@structure("createSubAccountOutput", NAMESPACE)
class SubAccountAnswer:
    """The number of a new phone, and the name by which it registers and calls are led to it."""

    id: int = element("id")
    account: str = element("account")


@structure("Registration", NAMESPACE)
class Registration:
    """Where a phone is registered."""

    account: str = element("account")
    server_name: str = element("server_name")
    server_shortname: str = element("server_shortname")
    server_hostname: str = element("server_hostname")
    server_ip: str = element("server_ip")
    server_country: str = element("server_country")
    server_pop: str = element("server_pop")
    register_ip: str = element("register_ip")
    register_port: str = element("register_port")
    register_protocol: str = element("register_protocol")


@structure("getRegistrationStatusOutput", NAMESPACE)
class RegistrationAnswer:
    """Whether a phone is registered, and where."""

    registered: str = element("registered")
    registrations: tuple[Registration, ...] = element("registrations")
