"""The interfaces that are fuzzed, declared; their operations are never run here."""

from __future__ import annotations

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
from tests.support.sms_notify import KEY, RIVAL, SUSPENDED, UNKNOWN

KEYS = (KEY, KEY, RIVAL, SUSPENDED, UNKNOWN)
_NOTHING = cast("Any", None)


def interfaces() -> list[Interface]:
    """Every interface of customers."""
    messaging = messaging_interface(
        MessagingOperations(_NOTHING, _NOTHING, _NOTHING),
        KeywordOperations(),
        PostbackSettingOperations(_NOTHING, _NOTHING),
        MediaOperations(_NOTHING, _NOTHING),
    )
    return [sms_interface(SmsOperations(_NOTHING)), messaging, version1_interface(Version1Operations(_NOTHING))]


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
