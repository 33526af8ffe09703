"""Queueing a text that a script or a sequence sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import NAMESPACE_URL, uuid5

from controller.calls.line.line import Line
from controller.errors import StoreError
from controller.script.effects import SendText
from controller.script.outcomes import Failed, Finished, Outcome
from controller.texts.model.order import Refused, TextOrder

QueueText = Callable[[TextOrder, int, float], Awaitable[Refused | None]]
"""Queues a text for a call, by its QueueID, within so many seconds; gives why not, if it is not queued. StoreError."""

# A script that queues a text waits no longer than this for a database that is away: the call goes on.
QUEUE_SECONDS = 3.0


async def queue_text(line: Line, effect: SendText, queue: QueueText, license_key: str) -> Outcome:
    """Queue a text of the key. Gives Finished, or Failed: it was refused, or the database did not take it in time."""
    # The id comes from the call and how many texts it has sent, so a step that a crash repeats is the same text.
    place = f"{line.fixed_id('text')}:{line.engine.state.texts_sent}"
    order = TextOrder(
        license_key=license_key,
        sender=effect.sender,
        recipient=effect.recipient,
        body=effect.body,
        # Who presses the key waits for the text: no quiet hours.
        transactional=True,
        source="sequence",
        text_id=uuid5(NAMESPACE_URL, f"{place}:{effect.sender}:{effect.recipient}:{effect.body}"),
    )
    try:
        refused = await queue(order, line.queue_id, QUEUE_SECONDS)
    except StoreError as error:
        return Failed(str(error))
    return Finished() if refused is None else Failed(refused.message)
