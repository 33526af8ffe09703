-- What came of a batch of texts that were being sent; gives those that are over now. One that is queued again waits so
-- many seconds, and its try counts unless it was not handed over. A result that comes twice changes nothing.
WITH results AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::double precision[], $5::boolean[])
        AS result (text_id, state, sip_status, delay, counts)
), finished AS (
    UPDATE texts
    SET state = results.state, sip_status = results.sip_status, result_at = clock_timestamp(),
        lease = NULL, leased_until = NULL
    FROM results
    WHERE texts.text_id = results.text_id AND texts.state = 'sending' AND results.state NOT IN ('queued', 'held')
    RETURNING texts.*
), waiting AS (
    UPDATE texts
    SET state = results.state, sip_status = results.sip_status, lease = NULL, leased_until = NULL,
        due_at = clock_timestamp() + make_interval(secs => results.delay),
        tries = tries - (NOT results.counts)::integer, sent_at = CASE WHEN results.counts THEN sent_at END
    FROM results
    WHERE texts.text_id = results.text_id AND texts.state = 'sending' AND results.state IN ('queued', 'held')
    RETURNING texts.*
), again AS (
    INSERT INTO text_outbox (text_id, lane, license_key, sender, recipient, route, due_at, expires_at, exempt)
    SELECT text_id, concat_ws(' ', license_key, sender, route), license_key, sender, recipient, route, due_at,
           expires_at, source = 'reply'
    FROM waiting
    ON CONFLICT (text_id) DO NOTHING
)
SELECT * FROM finished
