"""What Messaging.svc takes and answers about media."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.types import Long
from controller.api.sms_notify.sms_models import NAMESPACE


@structure("CreateMediaContentRequest", NAMESPACE)
class CreateMediaFromContentRequest:
    """A file in base64."""

    content: str | None = element("Base64EncodedContent")
    file_name: str | None = element("Filename")
    license_key: UUID = element("LicenseKey", credential=True)
    tags: tuple[str, ...] | None = element("Tags")


@structure("CreateMediaUrlRequest", NAMESPACE)
class CreateMediaFromUrlRequest:
    """A file that is fetched."""

    file_name: str | None = element("Filename")
    license_key: UUID = element("LicenseKey", credential=True)
    tags: tuple[str, ...] | None = element("Tags")
    url: str | None = element("Url")


@structure("MediaMetadata", NAMESPACE)
class MediaMetadata:
    """A stored file. A MediaId of 0 says that nothing was stored."""

    file_date: datetime | None = element("FileDate", default=None)
    file_name: str | None = element("FileName", default=None)
    file_size: Long = element("FileSize", default=0)
    media_id: Long = element("MediaId", default=0)
    mime_type: str | None = element("MimeType", default=None)
    tags: tuple[str, ...] | None = element("Tags", default=None)


@structure("MediaCriteria", NAMESPACE)
class MediaCriteria:
    """Which files; a page has 100 unless PageSize says otherwise, 1,000 at most. `*` and `?` in FilenamePattern."""

    end: datetime | None = element("EndDate")
    file_type: str | None = element("FileType")
    file_name_pattern: str | None = element("FilenamePattern")
    incoming_message_id: UUID = element("IncomingMessageId")
    license_key: UUID = element("LicenseKey", credential=True)
    maximum_file_size: Long = element("MaximumFileSize")
    media_id: Long = element("MediaId")
    minimum_file_size: Long = element("MinimumFileSize")
    outgoing_message_id: UUID = element("OutgoingMessageId")
    page_number: int = element("PageNumber")
    page_size: int = element("PageSize")
    start: datetime | None = element("StartDate")
    tags: tuple[str, ...] | None = element("Tags")


@structure("MediaReply", NAMESPACE)
class MediaReply:
    """The files that fit."""

    media: tuple[MediaMetadata, ...] | None = element("Media")


@parameters
class CreateMediaFromContent:
    """A file."""

    request: CreateMediaFromContentRequest = element("request")


@parameters
class CreateMediaFromUrl:
    """A file."""

    request: CreateMediaFromUrlRequest = element("request")


@parameters
class ByMedia:
    """One file of a licence key."""

    license_key: UUID = element("LicenseKey", credential=True, documentation="The licence key, a GUID.")
    media_id: Long = element("MediaId", documentation="The MediaId that the creating operation answered.")


@parameters
class GetMediaInfo:
    """Which files."""

    criteria: MediaCriteria = element("criteria")
