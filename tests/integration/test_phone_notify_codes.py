"""Each response code that a request can cause is caused by one, in the interface's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.api.phone_notify.response_texts import RESPONSE_TEXTS
from controller.directory.calling_hours import CallingHours
from controller.directory.license_key_declarations import LicenseKeyEntry
from controller.directory.limit_declarations import DEMO_ORDERS_PER_DAY
from controller.directory.snapshot import Snapshot
from controller.directory.text_settings import QuietHours
from controller.directory.usage_limits import UsageLimits
from tests.support.outgoing import THEM
from tests.support.phone_notify import KEY, RIVAL, TEXTS_ONLY, UNKNOWN, phone_notify, snapshot

CALL = {"PhoneNumberToDial": THEM, "TextToSay": "Hello", "CallerID": "", "CallerIDname": "", "VoiceID": "0"}
ANOTHER_DEMO = "7f6c1a52-0000-4000-8000-0000000000dd"
# What is asked, in the order in which it is; the demo key may order two calls.
CAUSES: tuple[tuple[int, str, Mapping[str, str]], ...] = (
    (0, "NotifyPhoneBasic", CALL),
    (3, "NotifyPhoneBasic", {**CALL, "PhoneNumberToDial": "555-1000"}),
    (4, "NotifyPhoneBasic", {**CALL, "CallerID": "12"}),
    (4, "NotifyPhoneBasic", {**CALL, "CallerID": "2015550199"}),
    (5, "NotifyPhoneBasic", {**CALL, "VoiceID": "14"}),
    (6, "NotifyPhoneBasicWithTransfer", {**CALL, "TransferNumber": "5"}),
    (11, "NotifyPhoneBasicWithTransfer", {**CALL, "TransferNumber": "2015550110", "LicenseKey": "0"}),
    (0, "NotifyPhoneBasic", {**CALL, "LicenseKey": "0"}),
    (0, "NotifyPhoneBasic", {**CALL, "LicenseKey": "0"}),
    (10, "NotifyPhoneBasic", {**CALL, "LicenseKey": "0"}),
    (13, "NotifyPhoneBasic", {**CALL, "CallerID": THEM}),
    (14, "NotifyPhoneBasic", {**CALL, "LicenseKey": UNKNOWN}),
    (14, "NotifyPhoneBasic", {**CALL, "LicenseKey": TEXTS_ONLY}),
    (16, "NotifyPhoneAdvanced", {"PhoneNumberToDial": THEM, "UTCScheduledDateTime": "2030-01-01T00:00:00+02:00"}),
    (23, "NotifyPhoneBasic", {**CALL, "TextToSay": "~^nowhere~"}),
    (28, "NotifyPhoneBasic", {**CALL, "PhoneNumberToDial": "19005550199"}),
    (28, "NotifyPhoneBasic", {**CALL, "TextToSay": r"~\TransferTo(18765550100)~"}),
    (33, "NotifyPhoneBasic", {**CALL, "LicenseKey": RIVAL}),
)


def known() -> Snapshot:
    """A demo key with an allowance, and a key that may call at another hour only."""
    plain = snapshot()
    later = datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=2)
    hours = QuietHours(later.time(), (later + timedelta(hours=1)).time())
    keys = dict(plain.license_keys)
    keys["rival"] = replace(keys["rival"], calling_hours=CallingHours(hours, refuse=True))
    demo = replace(keys["acme"], name="demo", key=ANOTHER_DEMO, demo=True, limits=UsageLimits(calls_per_day=2))
    return replace(plain, license_keys={**keys, "demo": demo})


async def test_each_code_that_a_request_can_cause_is_caused_by_one(postgres: str, tmp_path: Path) -> None:
    async with phone_notify(postgres, tmp_path, known()) as room:
        room.room.dialer.is_connected = lambda: False  # so that calls wait, and can be cancelled
        room.room.prompts.missing.add("sound:nowhere")
        for code, operation, parameters in CAUSES:
            answer = await room.get(operation, **{"LicenseKey": KEY, **parameters})
            found = re.search(r"<ResponseCode>(.*)</ResponseCode>\s*<ResponseText>(.*)</ResponseText>", answer)
            assert found, answer
            assert (int(found[1]), found[2]) == (code, RESPONSE_TEXTS[code]), (operation, parameters)
        queued = re.search("<QueueID>([0-9]+)</QueueID>", await room.get("NotifyPhoneBasic", LicenseKey=KEY, **CALL))
        assert queued
        assert ">true<" in await room.get("CancelNotify", QueueID=queued[1], LicenseKey=KEY)
        assert "<ResponseCode>22<" in await room.get("GetQueueIDStatus", QueueID=queued[1])
        assert "<ResponseCode>9<" in await room.get("GetQueueIDStatus", QueueID="12")


def test_a_demo_key_has_an_allowance_unless_its_limits_say_otherwise() -> None:
    open_to_all = LicenseKeyEntry.model_validate({"demo": "true", "limits": {"texts_per_day": "0"}}).license_key("demo")
    assert (open_to_all.limits.calls_per_day, open_to_all.limits.texts_per_day) == (DEMO_ORDERS_PER_DAY, 0)
    assert LicenseKeyEntry.model_validate({}).license_key("acme").limits == UsageLimits()
