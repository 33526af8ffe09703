"""Lists of what phones, mailboxes and queues can have, as `value` and `description`: they name what Ringpost has."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.reference import Choice, choices

VOICEMAIL_SETUPS = (("1", "The mailbox of the number"), ("2", "The mailbox of the account"))
CODECS = (("ulaw", "G.711U"), ("alaw", "G.711A"))
AUTH_TYPES = (("1", "User/Password Authentication"),)
DEVICE_TYPES = (("1", "Asterisk, IP PBX, Gateway or VoIP Switch"), ("2", "ATA device, IP Phone or Softphone"))
DTMF_MODES = (("auto", "AUTO"), ("rfc2833", "RFC2833"), ("inband", "INBAND"), ("info", "INFO"))
NAT = (("yes", "Yes"), ("no", "No"))
PROTOCOLS = (("1", "SIP"),)
PLAY_INSTRUCTIONS = (("u", "Play the instructions"), ("su", "Skip the instructions"))
INVALID_FORMAT = "invalid_email_attachment_format"
ATTACHMENT_FORMATS = (("wav", "WAV"),)
RING_STRATEGIES = (("ringall", "Ring all"), ("linear", "Ring in order"))
JOIN_TYPES = (("yes", "Yes"), ("no", "No"), ("strict", "Strict"))
HOLD_TIME_TYPES = (("yes", "Yes"), ("no", "No"), ("once", "Once"))


@parameters
class OneCodec:
    """Which one; empty for all."""

    wanted: str = element("codec", default="")


@structure("getAllowedCodecsOutput", NAMESPACE)
class AllowedCodecsAnswer:
    """The codecs of phones."""

    found: tuple[Choice, ...] = element("allowed_codecs")


@parameters
class OneAuthType:
    """Which one; empty for all."""

    wanted: str = element("type", default="")


@structure("getAuthTypesOutput", NAMESPACE)
class AuthTypesAnswer:
    """How phones log in."""

    found: tuple[Choice, ...] = element("auth_types")


@parameters
class OneDeviceType:
    """Which one; empty for all."""

    wanted: str = element("device_type", default="")


@structure("getDeviceTypesOutput", NAMESPACE)
class DeviceTypesAnswer:
    """The kinds of phones."""

    found: tuple[Choice, ...] = element("device_types")


@parameters
class OneDtmfMode:
    """Which one; empty for all."""

    wanted: str = element("dtmf_mode", default="")


@structure("getDTMFModesOutput", NAMESPACE)
class DtmfModesAnswer:
    """How digits are sent."""

    found: tuple[Choice, ...] = element("dtmf_modes")


@parameters
class OneNat:
    """Which one; empty for all."""

    wanted: str = element("nat", default="")


@structure("getNATOutput", NAMESPACE)
class NatAnswer:
    """Whether phones are behind NAT."""

    found: tuple[Choice, ...] = element("nat")


@parameters
class OneProtocol:
    """Which one; empty for all."""

    wanted: str = element("protocol", default="")


@structure("getProtocolsOutput", NAMESPACE)
class ProtocolsAnswer:
    """The protocols of phones."""

    found: tuple[Choice, ...] = element("protocols")


@parameters
class OneVoicemailSetup:
    """Which one; empty for all."""

    wanted: str = element("voicemailsetup", default="")


@structure("getVoicemailSetupsOutput", NAMESPACE)
class VoicemailSetupsAnswer:
    """Which mailbox an IVR leads to."""

    found: tuple[Choice, ...] = element("voicemailsetups")


@parameters
class OnePlayInstruction:
    """Which one; empty for all."""

    wanted: str = element("play_instructions", default="")


@structure("getPlayInstructionsOutput", NAMESPACE)
class PlayInstructionsAnswer:
    """Whether callers hear how to leave a message."""

    found: tuple[Choice, ...] = element("play_instructions")


@parameters
class OneAttachmentFormat:
    """Which one; empty for all."""

    wanted: str = element("email_attachment_format", default="")


@structure("getVoicemailAttachmentFormatsOutput", NAMESPACE)
class AttachmentFormatsAnswer:
    """The kinds of files that messages are mailed as."""

    found: tuple[Choice, ...] = element("email_attachment_formats")


@parameters
class OneRingStrategy:
    """Which one; empty for all."""

    wanted: str = element("strategy", default="")


@structure("getRingStrategiesOutput", NAMESPACE)
class RingStrategiesAnswer:
    """Whom a queue calls."""

    found: tuple[Choice, ...] = element("strategies")


@parameters
class OneJoinType:
    """Which one; empty for all."""

    wanted: str = element("type", default="")


@structure("getJoinWhenEmptyTypesOutput", NAMESPACE)
class JoinWhenEmptyTypesAnswer:
    """Whether callers come to a queue that has no members."""

    found: tuple[Choice, ...] = element("types")


@parameters
class OneHoldTimeType:
    """Which one; empty for all."""

    wanted: str = element("type", default="")


@structure("getReportEstimatedHoldTimeOutput", NAMESPACE)
class ReportEstimatedHoldTimeAnswer:
    """Whether a queue tells how long it takes."""

    found: tuple[Choice, ...] = element("types")


class FeatureListMethods:
    """Lists that are the same for every account."""

    @operation("getAllowedCodecs")
    async def codecs(self, request: OneCodec, _caller: Caller) -> AllowedCodecsAnswer:
        """The codecs of phones."""
        return AllowedCodecsAnswer(found=choices(CODECS, request.wanted, "invalid_codec"))

    @operation("getAuthTypes")
    async def auth_types(self, request: OneAuthType, _caller: Caller) -> AuthTypesAnswer:
        """How phones log in."""
        return AuthTypesAnswer(found=choices(AUTH_TYPES, request.wanted, "invalid_authtype"))

    @operation("getDeviceTypes")
    async def device_types(self, request: OneDeviceType, _caller: Caller) -> DeviceTypesAnswer:
        """The kinds of phones."""
        return DeviceTypesAnswer(found=choices(DEVICE_TYPES, request.wanted, "invalid_devicetype"))

    @operation("getDTMFModes")
    async def dtmf_modes(self, request: OneDtmfMode, _caller: Caller) -> DtmfModesAnswer:
        """How digits are sent."""
        return DtmfModesAnswer(found=choices(DTMF_MODES, request.wanted, "invalid_dtmfmode"))

    @operation("getNAT")
    async def nat(self, request: OneNat, _caller: Caller) -> NatAnswer:
        """Whether phones are behind NAT."""
        return NatAnswer(found=choices(NAT, request.wanted, "invalid_nat"))

    @operation("getProtocols")
    async def protocols(self, request: OneProtocol, _caller: Caller) -> ProtocolsAnswer:
        """The protocols of phones."""
        return ProtocolsAnswer(found=choices(PROTOCOLS, request.wanted, "invalid_protocol"))

    @operation("getVoicemailSetups")
    async def voicemail_setups(self, request: OneVoicemailSetup, _caller: Caller) -> VoicemailSetupsAnswer:
        """Which mailbox an IVR leads to."""
        return VoicemailSetupsAnswer(found=choices(VOICEMAIL_SETUPS, request.wanted, "invalid_voicemailsetup"))

    @operation("getPlayInstructions")
    async def play_instructions(self, request: OnePlayInstruction, _caller: Caller) -> PlayInstructionsAnswer:
        """Whether callers hear how to leave a message."""
        return PlayInstructionsAnswer(found=choices(PLAY_INSTRUCTIONS, request.wanted, "invalid_playinstructions"))

    @operation("getVoicemailAttachmentFormats")
    async def attachment_formats(self, request: OneAttachmentFormat, _caller: Caller) -> AttachmentFormatsAnswer:
        """The kinds of files that messages are mailed as."""
        return AttachmentFormatsAnswer(found=choices(ATTACHMENT_FORMATS, request.wanted, INVALID_FORMAT))

    @operation("getRingStrategies")
    async def ring_strategies(self, request: OneRingStrategy, _caller: Caller) -> RingStrategiesAnswer:
        """Whom a queue calls."""
        return RingStrategiesAnswer(found=choices(RING_STRATEGIES, request.wanted, "invalid_strategy"))

    @operation("getJoinWhenEmptyTypes")
    async def join_types(self, request: OneJoinType, _caller: Caller) -> JoinWhenEmptyTypesAnswer:
        """Whether callers come to a queue that has no members."""
        return JoinWhenEmptyTypesAnswer(found=choices(JOIN_TYPES, request.wanted, "invalid_type"))

    @operation("getReportEstimatedHoldTime")
    async def hold_time_types(self, request: OneHoldTimeType, _caller: Caller) -> ReportEstimatedHoldTimeAnswer:
        """Whether a queue tells how long it takes."""
        return ReportEstimatedHoldTimeAnswer(found=choices(HOLD_TIME_TYPES, request.wanted, "invalid_type"))
