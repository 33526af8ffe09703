"""What customers' interfaces keep leaves the store when its period is over."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg

from controller.api.store.answers import Claim, KeptAnswers, RepeatedRequest
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
        request = RepeatedRequest("acme", "once", b"digest")
        assert (await answers.claim(request)).claimed
        await answers.keep(request, "1")
        await RowRetention(database, [RetentionRule("all", rule.query, -1.0) for rule in RULES]).remove(step=2)
        assert await media.find(MediaSearch("acme")) == []
        assert (await answers.claim(request)).claimed
        await media.add("acme", uuid4(), "new.png", "image/png", (), b"x")
        await answers.keep(request, "2")
        await RowRetention(database, RULES).remove()
        assert [each.file_name for each in await media.find(MediaSearch("acme"))] == ["new.png"]
        assert await answers.claim(request) == Claim(False, b"digest", "2")
    finally:
        await database.close()


async def test_a_request_is_claimed_once_until_it_is_answered_given_up_or_its_controller_is_dead(postgres: str) -> None:
    database = await Database.connect(postgres, QUERIES)
    connection = await asyncpg.connect(postgres)
    try:
        answers, request = KeptAnswers(database), RepeatedRequest("acme", "once", b"digest")
        claims = await asyncio.gather(*(answers.claim(request) for _ in range(5)))
        assert [claim.claimed for claim in claims].count(True) == 1
        assert {claim.answer for claim in claims} == {None}
        await answers.release(request)
        assert (await answers.claim(request)).claimed
        assert await answers.claim(request) == Claim(False, b"digest", None)
        await connection.execute("UPDATE kept_answers SET at = now() - interval '61 seconds'")
        assert (await answers.claim(request)).claimed
        await answers.keep(request, "first")
        await answers.keep(request, "second")
        await answers.release(request)
        assert await answers.claim(request) == Claim(False, b"digest", "first")
    finally:
        await connection.close()
        await database.close()
