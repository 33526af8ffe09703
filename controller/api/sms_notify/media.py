"""Media: stored for customers, and sent as links at the end of a text."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID, uuid4

import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.sms_notify.media_models import (
    ByMedia,
    CreateMediaFromContent,
    CreateMediaFromUrl,
    GetMediaInfo,
    MediaCriteria,
    MediaMetadata,
    MediaReply,
)
from controller.api.sms_notify.vocabulary import as_utc, given, whole_second
from controller.api.store.media import Media, MediaSearch, MediaStore
from controller.directory.snapshot import LicenseKey
from controller.egress.guard import Guard
from controller.errors import FetchFailed, UrlRefused

LINK_PATH = "/text-media"
LARGEST_FILE = 1024 * 1024
FETCH_SECONDS = 20.0
PAGE = 100
LARGEST_PAGE = 1000
MOST_ATTACHMENTS = 10

# What a phone shows; everything else is kept as bytes of no type, so that no page of ours can be made of it.
SHOWN_TYPES = re.compile(
    r"image/(jpeg|png|gif|webp|bmp)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+|application/pdf|text/vcard"
)
UNKNOWN_TYPE = "application/octet-stream"
_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f]{1,2000}", re.IGNORECASE)

log = structlog.get_logger(__name__)


class MediaLinks:
    """The links of attachments. public_url: where phones reach Ringpost; empty for the address of the request."""

    def __init__(self, store: MediaStore, public_url: str = "") -> None:
        self._store = store
        self._public_url = public_url.rstrip("/")

    async def links(self, customer: LicenseKey, attachments: Sequence[str], caller: Caller) -> list[str] | None:
        """The link of each attachment, a media id of the customer or a URL; None when one is neither. StoreError."""
        links: list[str] = []
        for attachment in attachments[: MOST_ATTACHMENTS + 1]:
            text = attachment.strip()
            if _URL.fullmatch(text):
                links.append(text)
                continue
            media_id = _media_id(text)
            found = await self._store.find(MediaSearch(customer.name, media_id=media_id)) if media_id else []
            if not found:
                return None
            name = quote(found[0].file_name, safe="")
            links.append(f"{self._public_url or caller.origin.base_url}{LINK_PATH}/{found[0].token}/{name}")
        return links if len(links) <= MOST_ATTACHMENTS else None

    async def carried(self, text_ids: Sequence[UUID], attachments: Sequence[str]) -> None:
        """Note which texts carry which stored files. StoreError."""
        media_ids = [media_id for each in attachments if (media_id := _media_id(each.strip()))]
        await self._store.carried(text_ids, media_ids)

    async def of_text(self, text_id: UUID) -> list[str]:
        """The ids of the stored files that a text carries. StoreError."""
        return [str(media_id) for media_id in await self._store.of_text(text_id)]


class MediaOperations:
    """Creates, lists, gives and removes files."""

    def __init__(self, store: MediaStore, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    @operation("CreateMediaFromContent", verb="POST")
    async def create_from_content(self, request: CreateMediaFromContent, caller: Caller) -> MediaMetadata:
        """Store a file of at most 1 MB, given in base64. A MediaId of 0 says that it was not stored."""
        wanted = request.request
        customer = caller.customer(wanted.license_key)
        try:
            content = base64.b64decode("".join((wanted.content or "").split()), validate=True)
        except (binascii.Error, ValueError):
            return MediaMetadata()
        return await self._create(customer, wanted.file_name or "", wanted.tags or (), content, "")

    @operation("CreateMediaFromUrl", verb="POST")
    async def create_from_url(self, request: CreateMediaFromUrl, caller: Caller) -> MediaMetadata:
        """Fetch a file of at most 1 MB and store it. A MediaId of 0 says that it was not stored."""
        wanted = request.request
        customer = caller.customer(wanted.license_key)
        if customer is None:
            return MediaMetadata()
        try:
            answer = await self._guard.fetch(wanted.url or "", limit_bytes=LARGEST_FILE, timeout=FETCH_SECONDS)
        except (UrlRefused, FetchFailed) as error:
            log.info("a medium was not fetched", license_key=customer.name, reason=str(error))
            return MediaMetadata()
        if answer.status != 200 or answer.truncated:
            return MediaMetadata()
        name = wanted.file_name or unquote(PurePosixPath(urlsplit(wanted.url or "").path).name)
        return await self._create(customer, name, wanted.tags or (), answer.body, answer.content_type)

    @operation("GetMedia")
    async def get(self, request: ByMedia, caller: Caller) -> str | None:
        """The content of a file in base64; null when there is no such file."""
        customer = caller.customer(request.license_key)
        content = await self._store.content(customer.name, request.media_id) if customer else None
        return None if content is None else base64.b64encode(content).decode()

    @operation("GetMediaInfo", verb="POST")
    async def info(self, request: GetMediaInfo, caller: Caller) -> MediaReply:
        """The files that fit the criteria, the newest first."""
        customer = caller.customer(request.criteria.license_key)
        # Nothing that comes in has media: SIP MESSAGE carries text.
        if customer is None or given(request.criteria.incoming_message_id):
            return MediaReply(media=())
        found = await self._store.find(_search(customer, request.criteria))
        return MediaReply(media=tuple(map(_metadata, found)))

    @operation("RemoveMedia")
    async def remove(self, request: ByMedia, caller: Caller) -> bool:
        """Remove a file; false when there is none. Links to it lead nowhere from then on."""
        customer = caller.customer(request.license_key)
        return await self._store.remove(customer.name, request.media_id) if customer else False

    async def _create(
        self, customer: LicenseKey | None, file_name: str, tags: Sequence[str], content: bytes, content_type: str
    ) -> MediaMetadata:
        if customer is None or not 0 < len(content) <= LARGEST_FILE:
            return MediaMetadata()
        name = re.sub(r'[\x00-\x1f\x7f/\\"]', "_", file_name).strip(". ")[:100] or "file"
        guessed = mimetypes.guess_type(name)[0] or content_type.partition(";")[0].strip().lower()
        mime_type = guessed if SHOWN_TYPES.fullmatch(guessed) else UNKNOWN_TYPE
        tagged = [tag[:100] for tag in tags[:50] if tag]
        stored = await self._store.add(customer.name, uuid4(), name, mime_type, tagged, content)
        return MediaMetadata() if stored is None else _metadata(stored)


def _media_id(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9]\d{0,17}", text, re.ASCII) else None


def _metadata(media: Media) -> MediaMetadata:
    return MediaMetadata(
        file_date=whole_second(media.at),
        file_name=media.file_name,
        file_size=media.size,
        media_id=media.media_id,
        mime_type=media.mime_type,
        tags=media.tags,
    )


def _search(customer: LicenseKey, criteria: MediaCriteria) -> MediaSearch:
    size = min(max(criteria.page_size or PAGE, 1), LARGEST_PAGE)
    pattern = _like(criteria.file_name_pattern) if criteria.file_name_pattern else None
    if criteria.file_type and not pattern:
        pattern = f"%{_like('.' + criteria.file_type.removeprefix('.'))}"
    return MediaSearch(
        license_key=customer.name,
        media_id=criteria.media_id or None,
        pattern=pattern,
        minimum_size=criteria.minimum_file_size or None,
        maximum_size=criteria.maximum_file_size or None,
        since=as_utc(criteria.start),
        until=as_utc(criteria.end),
        tags=criteria.tags or (),
        text_id=given(criteria.outgoing_message_id),
        limit=size,
        offset=(min(max(criteria.page_number or 1, 1), 1_000_000) - 1) * size,
    )


def _like(pattern: str) -> str:
    """A pattern of SQL from one of file names."""
    escaped = re.sub(r"([%_\\])", r"\\\1", pattern[:200])
    return escaped.replace("*", "%").replace("?", "_")
