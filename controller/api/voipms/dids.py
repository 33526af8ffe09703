"""Methods about an account's numbers: what they are, where their calls go, and the switches of their texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_checks import (
    Settings,
    billing_type,
    info_settings,
    mailbox_setting,
    required,
    routing_of,
    routing_setting,
    sms_settings,
    switched,
)
from controller.api.voipms.did_models import (
    DidFilter,
    DidInfo,
    DidsAnswer,
    SetDidBillingType,
    SetDidInfo,
    SetDidPop,
    SetDidRouting,
    SetDidVoicemail,
    SetSms,
)
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import bit, did_of, dids_of, shown, whole
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.snapshot import Did, LicenseKey

NO_DATE = "0000-00-00"
UNKNOWN_ORDER = "1970-01-01 00:00:00"
"""When a number of the configuration was ordered: nobody knows, and clients in Go take nothing that is no date."""


class DidMethods:
    """What the configuration states about a number is shown and not changed; the rest is stored and counts at once."""

    def __init__(
        self, directory: CurrentDirectory, dids: GrantedDids, checks: RoutingChecks, now: Callable[[], datetime]
    ) -> None:
        """now: gives the time."""
        self._directory = directory
        self._dids = dids
        self._checks = checks
        self._now = now

    @operation("getDIDsInfo")
    async def info(self, request: DidFilter, caller: Caller) -> DidsAnswer:
        """The account's numbers, or one of them."""
        snapshot, key = self._directory.snapshot, caller.account
        dids = [did_of(snapshot, key, request.did)] if request.did.strip() else dids_of(snapshot, key)
        if not dids:
            raise Refused("no_did")
        next_billing = _first_of_next_month(self._now())
        return DidsAnswer(dids=tuple(did_info(did, key, next_billing) for did in dids))

    @operation("setDIDInfo")
    async def set_info(self, request: SetDidInfo, caller: Caller) -> None:
        """Change everything about a number."""
        did, key = self._did(request.did, caller)
        await self._set(did, key, info_settings(did, key, request, self._checks))

    @operation("setDIDRouting")
    async def set_routing(self, request: SetDidRouting, caller: Caller) -> None:
        """Change where the calls to a number go."""
        did, key = self._did(request.did, caller)
        await self._set(did, key, routing_setting(did, key, request.routing, self._checks))

    @operation("setDIDPOP")
    async def set_pop(self, request: SetDidPop, caller: Caller) -> None:
        """Change the server of a number."""
        did, key = self._did(request.did, caller)
        pop = whole(required(request.pop, "missing_serverpop"), 1, 9999, "invalid_serverpop")
        await self._set(did, key, {"pop": str(pop)})

    @operation("setDIDVoicemail")
    async def set_voicemail(self, request: SetDidVoicemail, caller: Caller) -> None:
        """Change the mailbox of a number."""
        did, key = self._did(request.did, caller)
        mailbox = mailbox_setting(request.voicemail)
        if mailbox:
            self._checks.routing(key, f"vm:{mailbox}")
        await self._set(did, key, {"voicemail": mailbox})

    @operation("setDIDBillingType")
    async def set_billing_type(self, request: SetDidBillingType, caller: Caller) -> None:
        """Change how a number is paid for."""
        did, key = self._did(request.did, caller)
        await self._set(did, key, {"billing_type": billing_type(request.billing_type)})

    @operation("setSMS")
    async def set_sms(self, request: SetSms, caller: Caller) -> None:
        """Switch the texts of a number on or off, and say where those that come in go."""
        did, key = self._did(request.did, caller)
        settings = sms_settings(request, did.settings)
        if did.sms is None or did.sms.name != key.name:
            raise Refused("sms_apply_regulations", "This number is the account's for calls; it has no texts.")
        settings |= switched(did.settings, on=bool(settings["sms_enabled"]), now=self._now())
        await self._set(did, key, settings)

    def _did(self, text: str, caller: Caller) -> tuple[Did, LicenseKey]:
        key = caller.account
        return did_of(self._directory.snapshot, key, required(text, "missing_did")), key

    async def _set(self, did: Did, key: LicenseKey, settings: Settings) -> None:
        if settings:
            await self._dids.set_settings(did.number, key.name, settings)


def _first_of_next_month(now: datetime) -> str:
    """When numbers are paid for again: they are metered by the month."""
    return (now.replace(day=1) + timedelta(days=32)).replace(day=1).strftime("%Y-%m-%d")


def did_info(did: Did, key: LicenseKey, next_billing: str) -> DidInfo:
    """A number as this interface shows it. next_billing: a date."""
    has, texts = did.settings, did.sms is not None and did.sms.name == key.name
    return DidInfo(
        did=shown(did.number),
        description=did.description,
        routing=routing_of(did),
        failover_busy=has.failover_busy,
        failover_unreachable=has.failover_unreachable,
        failover_noanswer=has.failover_noanswer,
        voicemail=has.voicemail,
        pop=has.pop,
        dialtime=has.dialtime,
        cnam=has.cnam,
        e911="0",
        callerid_prefix=has.callerid_prefix,
        record_calls=has.record_calls,
        note=has.note,
        billing_type=has.billing_type,
        next_billing=next_billing,
        order_date=has.order_date or UNKNOWN_ORDER,
        reseller_account="",
        reseller_next_billing=NO_DATE,
        reseller_monthly="0.00",
        reseller_minute="0.00",
        reseller_setup="0.00",
        sms_available=int(texts),
        sms_enabled=bit(on=texts and has.sms_enabled),
        mms_available=int(texts),
        sms_email=has.sms_email,
        sms_email_enabled=bit(on=has.sms_email_enabled),
        sms_forward=shown(has.sms_forward) if has.sms_forward else "",
        sms_forward_enabled=bit(on=has.sms_forward_enabled),
        sms_url_callback=has.sms_url_callback,
        sms_url_callback_enabled=bit(on=has.sms_url_callback_enabled),
        sms_url_callback_retry=bit(on=has.sms_url_callback_retry),
        webhook=has.webhook,
        webhook_enabled=bit(on=has.webhook_enabled),
        dialmode=has.dialmode,
        inbound_dialing_mode=has.inbound_dialing_mode,
        smpp_enabled=bit(on=has.smpp_enabled),
        smpp_url=has.smpp_url,
        smpp_user=has.smpp_user,
        smpp_pass=has.smpp_pass,
        sms_sipaccount=has.sms_sipaccount,
        sms_sipaccount_enabled=bit(on=has.sms_sipaccount_enabled),
        transcribe=has.transcribe,
        transcription_locale=has.transcription_locale,
        transcription_email=has.transcription_email,
        transcription_start_delay=has.transcription_start_delay,
        voicemail_threshold=has.voicemail_threshold,
        port_out_pin=has.port_out_pin,
    )
