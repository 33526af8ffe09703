"""Which post-backs report a text."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

from controller.postbacks.outbox import Postback
from controller.texts.model.states import TextState
from controller.texts.model.text import Text
from controller.texts.postback import Form, receipt_form, received_form, sent_form


def reports_of_outgoing(text: Text, *, receipts: bool) -> list[Postback]:
    """What is posted of an outgoing text that is over: that it was sent or not, and a receipt.

    receipts: whether the key asks for delivery receipts; a text of unknown fate has one in any case. Our own answers to
    keywords are not reported.
    """
    if text.is_reply or not text.status_post_url:
        return []
    forms: list[tuple[str, Form]] = [(f"text.{text.state}", sent_form(text))]
    if text.state is TextState.UNKNOWN or (receipts and text.state is not TextState.CANCELLED):
        forms.append(("text.receipt", receipt_form(text, to_phone=text.route.startswith("phone:"))))
    return _numbered(text, forms)


def reports_of_incoming(text: Text) -> list[Postback]:
    """What is posted of a text that came in."""
    if not text.status_post_url:
        return []
    return _numbered(text, [("text.received", received_form(text, text.reference_id))])


def _numbered(text: Text, forms: Iterable[tuple[str, Form]]) -> list[Postback]:
    listed = list(forms)
    return [
        Postback(
            id=_postback_id(text.text_id, event),
            subject=f"text:{text.text_id}",
            sequence=number,
            event=event,
            final=number == len(listed),
            license_key=text.license_key,
            url=text.status_post_url,
            form=form,
        )
        for number, (event, form) in enumerate(listed, 1)
    ]


def _postback_id(text_id: UUID, event: str) -> UUID:
    """The same for the same event of a text, so that a transaction of unknown fate can be repeated."""
    return uuid5(text_id, event)
