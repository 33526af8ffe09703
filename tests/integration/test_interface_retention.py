"""What customers' interfaces keep leaves the store when its period is over."""

from __future__ import annotations

from uuid import uuid4

from controller.api.store.answers import KeptAnswer, KeptAnswers
from controller.api.store.media import MediaSearch, MediaStore
from controller.store.database import Database
from controller.store.row_retention import RetentionRule, RowRetention
from tests.support.outbox import QUERIES

RULES = (RetentionRule("media", "remove_old_media", 10.0), RetentionRule("answers", "remove_old_answers", 1.0))


async def test_old_media_and_answers_are_removed_and_younger_ones_stay(postgres: str) -> None:
    database = await Database.connect(postgres, QUERIES)
    try:
        media, answers = MediaStore(database), KeptAnswers(database)
        old = await media.add("acme", uuid4(), "old.png", "image/png", (), b"x")
        assert old is not None
        await answers.keep("acme", "old", KeptAnswer(b"", "1"))
        await RowRetention(database, [RetentionRule("all", rule.query, -1.0) for rule in RULES]).remove(step=2)
        assert await media.find(MediaSearch("acme")) == []
        assert await answers.find("acme", "old") is None
        await media.add("acme", uuid4(), "new.png", "image/png", (), b"x")
        await answers.keep("acme", "new", KeptAnswer(b"", "1"))
        await RowRetention(database, RULES).remove()
        assert [each.file_name for each in await media.find(MediaSearch("acme"))] == ["new.png"]
        assert await answers.find("acme", "new") is not None
    finally:
        await database.close()
