"""Requests and answers about numbers."""

from __future__ import annotations

from controller.api.bindings.model import element, parameters, structure
from controller.api.voipms.account import NAMESPACE


@parameters
class OneDid:
    """One number."""

    did: str = element("did")


@parameters
class DidFilter:
    """Which numbers; all of them without one. `client` is for resellers."""

    client: str = element("client", default="")
    did: str = element("did", default="")


@structure("DIDInfo", NAMESPACE)
class DidInfo:
    """A number. Flags and numbers are texts, but for what is available, as the vendor writes them."""

    did: str = element("did")
    description: str = element("description")
    routing: str = element("routing")
    failover_busy: str = element("failover_busy")
    failover_unreachable: str = element("failover_unreachable")
    failover_noanswer: str = element("failover_noanswer")
    voicemail: str = element("voicemail")
    pop: str = element("pop")
    dialtime: str = element("dialtime")
    cnam: str = element("cnam")
    e911: str = element("e911")
    callerid_prefix: str = element("callerid_prefix")
    record_calls: str = element("record_calls")
    note: str = element("note")
    billing_type: str = element("billing_type")
    next_billing: str = element("next_billing")
    order_date: str = element("order_date")
    reseller_account: str = element("reseller_account")
    reseller_next_billing: str = element("reseller_next_billing")
    reseller_monthly: str = element("reseller_monthly")
    reseller_minute: str = element("reseller_minute")
    reseller_setup: str = element("reseller_setup")
    sms_available: int = element("sms_available")
    sms_enabled: str = element("sms_enabled")
    mms_available: int = element("mms_available")
    sms_email: str = element("sms_email")
    sms_email_enabled: str = element("sms_email_enabled")
    sms_forward: str = element("sms_forward")
    sms_forward_enabled: str = element("sms_forward_enabled")
    sms_url_callback: str = element("sms_url_callback")
    sms_url_callback_enabled: str = element("sms_url_callback_enabled")
    sms_url_callback_retry: str = element("sms_url_callback_retry")
    webhook: str = element("webhook")
    webhook_enabled: str = element("webhook_enabled")
    dialmode: str = element("dialmode")
    inbound_dialing_mode: str = element("inbound_dialing_mode")
    smpp_enabled: str = element("smpp_enabled")
    smpp_url: str = element("smpp_url")
    smpp_user: str = element("smpp_user")
    smpp_pass: str = element("smpp_pass")
    sms_sipaccount: str = element("sms_sipaccount")
    sms_sipaccount_enabled: str = element("sms_sipaccount_enabled")
    transcribe: str = element("transcribe")
    transcription_locale: str = element("transcription_locale")
    transcription_email: str = element("transcription_email")
    transcription_start_delay: str = element("transcription_start_delay")
    voicemail_threshold: str = element("voicemail_threshold")
    port_out_pin: str = element("port_out_pin")


@structure("getDIDsInfoOutput", NAMESPACE)
class DidsAnswer:
    """Numbers."""

    dids: tuple[DidInfo, ...] = element("dids")


@parameters
class SetDidInfo:
    """Everything about a number. What is left out of the optional values stays as it was."""

    did: str = element("did", default="")
    routing: str = element("routing", default="")
    failover_busy: str | None = element("failover_busy", default=None)
    failover_unreachable: str | None = element("failover_unreachable", default=None)
    failover_noanswer: str | None = element("failover_noanswer", default=None)
    voicemail: str | None = element("voicemail", default=None)
    pop: str = element("pop", default="")
    dialtime: str = element("dialtime", default="")
    cnam: str = element("cnam", default="")
    callerid_prefix: str | None = element("callerid_prefix", default=None)
    note: str | None = element("note", default=None)
    port_out_pin: str | None = element("port_out_pin", default=None)
    billing_type: str = element("billing_type", default="")
    record_calls: str | None = element("record_calls", default=None)
    transcribe: str | None = element("transcribe", default=None)
    transcription_locale: str | None = element("transcription_locale", default=None)
    transcription_email: str | None = element("transcription_email", default=None)
    transcription_start_delay: str | None = element("transcription_start_delay", default=None)
    inbound_dialing_mode: str | None = element("inbound_dialing_mode", default=None)
    voicemail_threshold: str | None = element("voicemail_threshold", default=None)
    sms_sipaccount: str | None = element("sms_sipaccount", default=None)
    sms_sipaccount_enabled: str | None = element("sms_sipaccount_enabled", default=None)


@parameters
class OrderDid(SetDidInfo):
    """An order of a number, and everything about it."""

    account: str = element("account", default="")
    monthly: str = element("monthly", default="")
    setup: str = element("setup", default="")
    minute: str = element("minute", default="")
    test: str = element("test", default="")


@parameters
class SetDidRouting:
    """Where calls to a number go."""

    did: str = element("did", default="")
    routing: str = element("routing", default="")


@parameters
class SetDidPop:
    """The server that a number's calls come in at."""

    did: str = element("did", default="")
    pop: str = element("pop", default="")


@parameters
class SetDidVoicemail:
    """The mailbox of a number; none where it is empty."""

    did: str = element("did", default="")
    voicemail: str = element("voicemail", default="")


@parameters
class SetDidBillingType:
    """How a number is paid for: 1 per minute, 2 flat."""

    did: str = element("did", default="")
    billing_type: str = element("billing_type", default="")


@parameters
class CancelDid:
    """A number to be given back."""

    did: str = element("did", default="")
    cancelcomment: str = element("cancelcomment", default="")
    portout: str = element("portout", default="")
    test: str = element("test", default="")


@parameters
class SetSms:
    """The switches of a number's texts. What is left out of the optional values stays as it was."""

    did: str = element("did", default="")
    enable: str = element("enable", default="")
    email_enabled: str | None = element("email_enabled", default=None)
    email_enable: str | None = element("email_enable", default=None)
    email_address: str | None = element("email_address", default=None)
    sms_forward_enable: str | None = element("sms_forward_enable", default=None)
    sms_forward_enabled: str | None = element("sms_forward_enabled", default=None)
    sms_forward: str | None = element("sms_forward", default=None)
    url_callback_enable: str | None = element("url_callback_enable", default=None)
    url_callback_enabled: str | None = element("url_callback_enabled", default=None)
    url_callback: str | None = element("url_callback", default=None)
    url_callback_retry: str | None = element("url_callback_retry", default=None)
    webhook_enable: str | None = element("webhook_enable", default=None)
    webhook_enabled: str | None = element("webhook_enabled", default=None)
    webhook: str | None = element("webhook", default=None)
    dialmode: str | None = element("dialmode", default=None)
    smpp_enabled: str | None = element("smpp_enabled", default=None)
    smpp_url: str | None = element("smpp_url", default=None)
    smpp_user: str | None = element("smpp_user", default=None)
    smpp_pass: str | None = element("smpp_pass", default=None)
    sms_sipaccount: str | None = element("sms_sipaccount", default=None)
    sms_sipaccount_enabled: str | None = element("sms_sipaccount_enabled", default=None)


@parameters
class SearchDids:
    """Numbers of the stock. type: starts, contains or ends; query: the digits."""

    state: str = element("state", default="")
    province: str = element("province", default="")
    type: str = element("type", default="")
    query: str = element("query", default="")


@parameters
class DidsOfPlace:
    """Numbers of the stock, of a state or province, and perhaps of one rate center."""

    state: str = element("state", default="")
    province: str = element("province", default="")
    ratecenter: str = element("ratecenter", default="")


@structure("DIDInStock", NAMESPACE)
class StockDid:
    """A number that can be ordered."""

    did: str = element("did")
    ratecenter: str = element("ratecenter")
    state: str | None = element("state", omit_null=True)
    state_description: str | None = element("state_description", omit_null=True)
    province: str | None = element("province", omit_null=True)
    province_description: str | None = element("province_description", omit_null=True)
    perminute_monthly: str = element("perminute_monthly", default="0.00")
    perminute_minute: str = element("perminute_minute", default="0.0000")
    perminute_setup: str = element("perminute_setup", default="0.00")
    flat_monthly: str = element("flat_monthly", default="0.00")
    flat_minute: str = element("flat_minute", default="0.0000")
    flat_setup: str = element("flat_setup", default="0.00")
    sms: int = element("sms", default=1)


@structure("searchDIDsOutput", NAMESPACE)
class StockAnswer:
    """Numbers that can be ordered."""

    dids: tuple[StockDid, ...] = element("dids")


@structure("RateCenter", NAMESPACE)
class RateCenter:
    """A rate center, and whether there are numbers in the stock."""

    ratecenter: str = element("ratecenter")
    available: str = element("available")


@structure("getRateCentersOutput", NAMESPACE)
class RateCentersAnswer:
    """Rate centers."""

    ratecenters: tuple[RateCenter, ...] = element("ratecenters")


@structure("State", NAMESPACE)
class State:
    """A state of the United States."""

    state: str = element("state")
    description: str = element("description")


@structure("getStatesOutput", NAMESPACE)
class StatesAnswer:
    """States."""

    states: tuple[State, ...] = element("states")


@structure("Province", NAMESPACE)
class Province:
    """A province of Canada."""

    province: str = element("province")
    description: str = element("description")


@structure("getProvincesOutput", NAMESPACE)
class ProvincesAnswer:
    """Provinces."""

    provinces: tuple[Province, ...] = element("provinces")


@parameters
class OneDidCountry:
    """Countries that there are numbers of. type: of getInternationalTypes."""

    country_id: str = element("country_id", default="")
    type: str = element("type", default="")


@structure("DIDCountry", NAMESPACE)
class DidCountry:
    """A country: its number, and its name."""

    value: str = element("value")
    description: str = element("description")


@structure("getDIDCountriesOutput", NAMESPACE)
class DidCountriesAnswer:
    """Countries."""

    countries: tuple[DidCountry, ...] = element("countries")


@parameters
class OfCountry:
    """A country, by its number."""

    country_id: str = element("country_id", default="")


@structure("InternationalLocation", NAMESPACE)
class Location:
    """A place that numbers are ordered of."""

    location_id: str = element("location_id")
    location_name: str = element("location_name")
    country: str = element("country")
    area_code: str = element("area_code")
    stock: str = element("stock")
    monthly: str = element("monthly", default="0.00")
    setup: str = element("setup", default="0.00")
    minute: str = element("minute", default="0.0000")
    channels: str = element("channels", default="")


@structure("getDIDsInternationalOutput", NAMESPACE)
class LocationsAnswer:
    """Places that numbers are ordered of."""

    locations: tuple[Location, ...] = element("locations")


@parameters
class OrderLocation(OrderDid):
    """An order of so many numbers of a place, and everything about them."""

    location_id: str = element("location_id", default="")
    quantity: str = element("quantity", default="")
