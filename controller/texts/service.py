"""Texts as the interfaces see them: sent, looked up, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from controller.directory.current import CurrentDirectory
from controller.postbacks.outbox import enqueue
from controller.store.database import Database
from controller.texts.metrics import TextMetrics
from controller.texts.model.order import Queued, Refused, TextOrder
from controller.texts.model.text import Text
from controller.texts.queueing import Queueing
from controller.texts.reports import reports_of_outgoing
from controller.texts.store import lookup, outbox
from controller.texts.store.lookup import Criteria, MessageCriteria


class Texts:
    """The texts of all keys. Everything here raises StoreUnreachable while the database is away."""

    def __init__(
        self, database: Database, directory: CurrentDirectory, queueing: Queueing, metrics: TextMetrics
    ) -> None:
        self._database = database
        self._directory = directory
        self._queueing = queueing
        self._metrics = metrics

    async def queue(self, orders: Sequence[TextOrder]) -> list[Queued | Refused]:
        """Queue texts in one transaction; the answers are in the order of the orders."""
        return await self._queueing.queue(orders)

    async def queue_for_call(self, order: TextOrder, queue_id: int, timeout: float) -> Refused | None:
        """Queue the text of a script or sequence, by the call's QueueID; gives why it is not queued, if it is not.

        timeout: seconds that the call waits for the database.
        """
        (answer,) = await self._queueing.queue([order], queue_id=queue_id, timeout=timeout)
        return answer if isinstance(answer, Refused) else None

    async def queue_within(self, order: TextOrder, most: int, seconds: float) -> Queued | Refused | None:
        """Queue a text unless its key has had so many of the same source in so many seconds; then None.

        The limit holds over all controllers.
        """
        prepared = self._queueing.prepare(order)
        if isinstance(prepared, Refused):
            return prepared
        async with self._database.transaction() as transaction:
            sent = await transaction.fetchval("recent_texts_of_source", order.license_key, order.source, seconds)
            if sent >= most:
                return None
            (answer,) = await self._queueing.store(transaction, [prepared])
        return answer

    async def messages(self, criteria: MessageCriteria) -> list[Text]:
        """The messages with numbers that fit and were not deleted, the newest first."""
        return await lookup.find_messages(self._database, criteria)

    async def delete_message(self, license_key: str, number: int, *, mms: bool) -> bool:
        """Delete a message for its customer; False when there is none."""
        return await self._database.fetchval("hide_message", license_key, number, mms) is not None

    async def get(self, text_id: UUID) -> Text | None:
        """One text; None for an unknown id."""
        return await lookup.get(self._database, text_id)

    async def by_reference(self, license_key: str, reference_id: str) -> list[Text]:
        """The outgoing texts with a customer's own id, the oldest first. `license_key`: its name."""
        return await lookup.by_reference(self._database, license_key, reference_id)

    async def replies_to(self, *text_ids: UUID) -> list[Text]:
        """What came in as an answer to these texts, the oldest first."""
        return await lookup.replies_to(self._database, text_ids)

    async def unread(self, license_key: str) -> list[Text]:
        """What the key has not read yet, the oldest first; from now on it is read. `license_key`: its name."""
        return await lookup.read_unread(self._database, license_key)

    async def search(self, criteria: Criteria) -> list[Text]:
        """The texts that fit, the newest first."""
        return await lookup.find(self._database, criteria)

    async def cancel(self, text_id: UUID) -> bool:
        """Take back a text; False when it is sent already, or unknown."""
        async with self._database.transaction() as transaction:
            text = await outbox.cancel(transaction, text_id)
            if text is not None:
                key = self._directory.snapshot.license_key(text.license_key)
                receipts = bool(key and key.texts.delivery_receipts)
                await enqueue(transaction, reports_of_outgoing(text, receipts=receipts))
        if text is not None:
            self._metrics.sent(text.state)
        return text is not None
