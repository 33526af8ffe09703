"""Queueing a text that a script or a sequence sends."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from controller.calls.line.line import Line
from controller.errors import StoreError
from controller.script.effects import SendText
from controller.script.outcomes import Failed, Finished, Outcome
from controller.store.database import Database

# A script that queues a text waits no longer than this for a database that is away: the call goes on.
QUEUE_SECONDS = 3.0


async def queue_text(line: Line, effect: SendText, database: Database, license_key: str) -> Outcome:
    """Queue a text of the key. Gives Finished, or Failed when the database did not take it in time."""
    # The id comes from the call and how many texts it has sent, so a step that a crash repeats is the same text.
    place = f"{line.fixed_id('text')}:{line.engine.state.texts_sent}"
    text_id = uuid5(NAMESPACE_URL, f"{place}:{effect.sender}:{effect.recipient}:{effect.body}")
    try:
        await database.execute(
            "queue_text",
            text_id,
            license_key,
            effect.sender,
            effect.recipient,
            effect.body,
            line.queue_id,
            timeout=QUEUE_SECONDS,
        )
    except StoreError as error:
        return Failed(str(error))
    return Finished()
