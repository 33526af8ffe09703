"""The interfaces that are fuzzed, declared; their operations are never run here."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, cast

from controller.api.bindings.declaration import Interface
from controller.api.phone_notify.calls import CallOperations
from controller.api.phone_notify.interface import phone_notify_interface
from controller.api.phone_notify.lists import ListOperations
from controller.api.phone_notify.numbers import NumberOperations
from controller.api.phone_notify.scripts import ScriptOperations
from controller.api.phone_notify.sounds import SoundOperations
from controller.api.phone_notify.status import StatusOperations
from controller.api.sms_notify.interfaces import messaging_interface, sms_interface, version1_interface
from controller.api.sms_notify.keywords import KeywordOperations
from controller.api.sms_notify.media import MediaOperations
from controller.api.sms_notify.messaging import MessagingOperations
from controller.api.sms_notify.postback_settings import PostbackSettingOperations
from controller.api.sms_notify.sms import SmsOperations
from controller.api.sms_notify.version1 import Version1Operations
from controller.api.voipms.interface import voipms_interface
from controller.service.build_voipms import voipms_methods
from controller.service.voipms_reference import unwired_parts
from tests.fuzz.mutator import Mutator
from tests.fuzz.seeds import Request
from tests.support.dialer import MOBILE, SEND, STATUS, THEM, to
from tests.support.sms_notify import KEY, RIVAL, SUSPENDED, UNKNOWN

KEYS = (KEY, KEY, RIVAL, SUSPENDED, UNKNOWN)
_NOTHING = cast("Any", None)


def dialer_requests(count: int, seed: int) -> Iterator[Request]:
    """So many spoilt requests to the two doors of the Dialer; the same for the same seed."""
    dice = random.Random(seed)
    mutator = Mutator(dice)
    for _ in range(count):
        yield mutator.spoil(_dialer_request(dice))


def _dialer_request(dice: random.Random) -> Request:
    """A well-formed request of the Dialer."""
    headers = (("Content-Type", "application/json"),) if dice.random() < 0.7 else ()
    if dice.random() < 0.3:
        return Request(
            "POST", STATUS, headers, json.dumps({"dialer": {"return": "status"}, "token": "a1" * 16}).encode()
        )
    number = dice.choice([THEM, MOBILE, "5551234567", "9005551234", ""])
    types = dice.sample(["mobile", "landline", "voip", ""], dice.randint(0, 4))
    body = to(number, *types, message=dice.choice(["test.message", "nothing.here"]))
    return Request("POST", SEND, headers, json.dumps(body).encode())


def interfaces() -> list[Interface]:
    """Every interface of customers."""
    messaging = messaging_interface(
        MessagingOperations(_NOTHING, _NOTHING, _NOTHING),
        KeywordOperations(),
        PostbackSettingOperations(_NOTHING, _NOTHING),
        MediaOperations(_NOTHING, _NOTHING),
    )
    return [
        sms_interface(SmsOperations(_NOTHING)),
        messaging,
        version1_interface(Version1Operations(_NOTHING)),
        voipms_interface(*voipms_methods(unwired_parts())),
    ]


def phone_interface() -> Interface:
    """Phone Notify!, which a service of its own serves."""
    return phone_notify_interface(
        CallOperations(_NOTHING, _NOTHING, _NOTHING, _NOTHING),
        StatusOperations(_NOTHING, "", _NOTHING),
        SoundOperations(_NOTHING, _NOTHING),
        ScriptOperations(_NOTHING, _NOTHING),
        ListOperations(_NOTHING, _NOTHING),
        NumberOperations(_NOTHING),
    )
