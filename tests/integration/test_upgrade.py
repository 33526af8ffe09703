"""An upgrade from the oldest schema: what a database of an earlier release holds is there afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncpg

from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations

OLDEST = 4
"""The last migration of the first release."""

ROWS = """
INSERT INTO programs (content_hash, source) VALUES ('h', 'Hello.');
INSERT INTO calls (queue_id, direction, license_key, did, caller, channel_id, program, state, response_code,
                   started_at, answered_at, ended_at, end_reason, tries, due_at)
VALUES
(1, 'incoming', 'acme', '+12015550101', '+12015550199', 'c1', 'h', '{}', 30, now(), now(), now(), 'hung-up', 0, NULL),
(2, 'incoming', 'acme', '+12015550101', '+12015550198', 'c2', 'h', '{}', 29, now(), now(), NULL, '', 0, NULL),
(3, 'outgoing', 'acme', '', '+12015550120', 'ringpost-3-try-1', 'h', '{}', 0, now(), NULL, NULL, '', 0, now()),
(4, 'outgoing', 'acme', '', '+12015550120', 'ringpost-4-try-1', 'h', '{}', 18, now(), NULL, NULL, '', 1, NULL);
INSERT INTO notifications (queue_id, most_tries, next_try_seconds, max_call_seconds)
VALUES (3, 1, 60, 0), (4, 1, 60, 0);
INSERT INTO sounds (license_key, sound_id, content_hash, seconds) VALUES ('acme', 'message', 'abc', 2.5);
INSERT INTO texts (text_id, license_key, sender, recipient, body, state)
VALUES ('00000000-0000-4000-8000-000000000001', 'acme', '+12015550101', '+12015550199', 'hello', 'queued');
INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
VALUES ('00000000-0000-4000-8000-000000000002', 'call:1', 1, 'call.completed', true, 'acme', 'http://x/', 'http://x:80',
        'a=1');
INSERT INTO postback_attempts (postback, at, seconds, delivered)
SELECT number, moment, 0.1, true FROM postbacks, (VALUES (timestamptz '2026-11-01'), ('2026-11-01')) AS twice (moment);
"""


async def test_a_database_of_the_first_release_is_taken_over(empty_postgres: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:OLDEST]:
        shutil.copy(file, tmp_path)
    await Migrations(tmp_path).apply(empty_postgres)
    connection = await asyncpg.connect(empty_postgres)
    try:
        await connection.execute(ROWS)
        applied = await Migrations(MIGRATIONS).apply(empty_postgres)
        assert applied[0].startswith("0005_")
        calls = await connection.fetch("SELECT queue_id, state, our_number, their_number FROM calls ORDER BY queue_id")
        assert [tuple(row) for row in calls] == [
            (1, "ended", "+12015550101", "+12015550199"),
            (2, "answered", "+12015550101", "+12015550198"),
            (3, "queued", "", "+12015550120"),
            (4, "ringing", "", "+12015550120"),
        ]
        assert await connection.fetchval("SELECT body FROM texts") == "hello"
        assert await connection.fetchval("SELECT seconds FROM sounds WHERE sound_id = 'message'") == 2.5
        assert await connection.fetchval("SELECT count(*) FROM postback_attempts") == 1
        assert await Migrations(MIGRATIONS).check(empty_postgres) == []
    finally:
        await connection.close()
