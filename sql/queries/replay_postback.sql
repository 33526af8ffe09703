-- One post-back anew, delivered, given up or waiting; its URL is no longer stopped. Gives 0 for an unknown id.
WITH chosen AS (
    SELECT number, url, lane, subject, sequence FROM postbacks WHERE id = $1
), forgiven AS (
    DELETE FROM postback_failures USING chosen WHERE postback_failures.number = chosen.number
), reopened AS (
    DELETE FROM postback_stops USING chosen WHERE postback_stops.url = chosen.url
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, now(), now() FROM chosen
    ON CONFLICT (number) DO UPDATE SET due_at = now(), parked = false, tries = 0
    WHERE postback_outbox.leased_until IS NULL OR postback_outbox.leased_until < now()
)
SELECT count(*), pg_notify('ringpost_postbacks', '') FROM chosen
