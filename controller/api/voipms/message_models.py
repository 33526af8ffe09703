"""Requests and answers about texts."""

from __future__ import annotations

from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.types import Long
from controller.api.voipms.account import NAMESPACE


@parameters
class SendSms:
    """A text."""

    did: str = element("did", default="")
    dst: str = element("dst", default="")
    message: str = element("message", default="")


@parameters
class SendMms:
    """A message with media: each a URL, a data URL, or base64."""

    did: str = element("did", default="")
    dst: str = element("dst", default="")
    message: str = element("message", default="")
    media1: str = element("media1", default="")
    media2: str = element("media2", default="")
    media3: str = element("media3", default="")


@structure("sendSMSOutput", NAMESPACE)
class SmsSent:
    """The number of a text."""

    sms: Long = element("sms")


@structure("sendMMSOutput", NAMESPACE)
class MmsSent:
    """The number of a message."""

    mms: Long = element("mms")


@parameters
class GetSms:
    """Which texts: those of today without dates. type: 1 received, 0 sent. timezone: an offset from UTC in hours."""

    sms: str = element("sms", default="")
    date_from: str = element("from", default="")
    date_to: str = element("to", default="")
    type: str = element("type", default="")
    did: str = element("did", default="")
    contact: str = element("contact", default="")
    limit: str = element("limit", default="")
    timezone: str = element("timezone", default="")
    all_messages: str = element("all_messages", default="")


@parameters
class GetMms(GetSms):
    """Which messages with media, as GetSms."""

    mms: str = element("mms", default="")


@structure("SMS", NAMESPACE)
class MessageInfo:
    """A text, or a message with media. type: 1 received, 0 sent."""

    id: str = element("id")
    date: str = element("date")
    type: str = element("type")
    did: str = element("did")
    contact: str = element("contact")
    message: str = element("message")
    carrier_status: str = element("carrier_status")
    col_media1: str | None = element("col_media1", omit_null=True)
    col_media2: str | None = element("col_media2", omit_null=True)
    col_media3: str | None = element("col_media3", omit_null=True)
    media: tuple[str, ...] | None = element("media", omit_null=True)


@structure("getSMSOutput", NAMESPACE)
class MessagesAnswer:
    """Texts."""

    sms: tuple[MessageInfo, ...] = element("sms")


@parameters
class GetMediaMms:
    """The media of one message; media_as_array: 1 for a list."""

    id: str = element("id", default="")
    media_as_array: str = element("media_as_array", default="")


@structure("getMediaMMSOutput", NAMESPACE)
class MediaAnswer:
    """The links of a message's media."""

    id: str = element("id")
    date: str = element("date")
    media: tuple[str, ...] = element("media")


@parameters
class OneMessage:
    """One message."""

    id: str = element("id", default="")
