"""A row of `texts` as a value."""

from __future__ import annotations

from asyncpg import Record

from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.segments import Encoding


def text_of(row: Record) -> Text:
    """The text that a row holds."""
    outgoing = row["direction"] == "outgoing"
    return Text(
        text_id=row["text_id"],
        license_key=row["license_key"],
        direction=Direction(row["direction"]),
        our_number=row["sender"] if outgoing else row["recipient"],
        their_number=row["recipient"] if outgoing else row["sender"],
        body=row["body"],
        state=TextState(row["state"]),
        queued_at=row["queued_at"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        result_at=row["result_at"],
        tries=row["tries"],
        sip_status=row["sip_status"],
        reference_id=row["reference_id"],
        status_post_url=row["status_post_url"],
        segments=row["segments"],
        encoding=Encoding(row["encoding"]),
        concatenate=row["concatenate"],
        route=row["route"],
        expires_at=row["expires_at"],
        transactional=row["transactional"],
        matched_text_id=row["matched_text_id"],
        read_at=row["read_at"],
        for_review=row["for_review"],
        source=row["source"],
        number=row["number"] or 0,
        mms=row["mms"],
        media=tuple(row["media"]),
    )
