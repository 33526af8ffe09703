-- Texts to be sent, except to who has opted out; gives the ids of the others. The same id again is the same text, for a
-- commit of which the answer was lost, and for a script's step that a crash repeats.
WITH new AS (
    SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::timestamptz[], $9::text[], $10::text[], $11::smallint[], $12::text[], $13::boolean[],
                $14::boolean[], $15::text[], $16::bigint[], $17::text[], $18::boolean[], $19::text[])
         AS new (text_id, license_key, sender, recipient, body, state, due_at, expires_at, reference_id,
                 status_post_url, segments, encoding, concatenate, transactional, source, queue_id, route, mms, media)
), allowed AS (
    SELECT new.* FROM new
    WHERE new.source = 'reply' OR NOT EXISTS (
        SELECT FROM opt_outs WHERE opt_outs.license_key = new.license_key AND opt_outs.number = new.recipient)
), stored AS (
    INSERT INTO texts (text_id, license_key, sender, recipient, body, state, due_at, expires_at, reference_id,
                       status_post_url, segments, encoding, concatenate, transactional, source, queue_id, route,
                       mms, media)
    SELECT text_id, license_key, sender, recipient, body, state, due_at, expires_at, reference_id,
           status_post_url, segments, encoding, concatenate, transactional, source, queue_id, route,
           mms, coalesce(string_to_array(nullif(media, ''), chr(10)), '{}')
    FROM allowed
    ON CONFLICT (text_id) DO NOTHING
    RETURNING text_id
), queued AS (
    INSERT INTO text_outbox (text_id, lane, license_key, sender, recipient, route, due_at, expires_at, exempt)
    SELECT text_id, concat_ws(' ', license_key, sender, route), license_key, sender, recipient, route,
           coalesce(due_at, now()), expires_at, source = 'reply'
    FROM allowed JOIN stored USING (text_id)
)
SELECT text_id, woken.* FROM allowed CROSS JOIN (SELECT pg_notify('ringpost_texts', '')) AS woken
