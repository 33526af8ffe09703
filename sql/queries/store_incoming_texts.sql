-- Texts that came in, each matched to the last one that its DID sent to its sender; gives those that were not there yet.
INSERT INTO texts (text_id, direction, license_key, recipient, sender, body, state, queued_at, segments, encoding,
                   for_review, source, status_post_url, matched_text_id, reference_id)
SELECT new.text_id, 'incoming', new.license_key, new.did, new.sender, new.body, 'received', new.queued_at,
       new.segments, new.encoding, new.for_review, 'sip',
       coalesce(nullif(matched.status_post_url, ''), new.status_post_url), matched.text_id,
       coalesce(matched.reference_id, '')
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::smallint[], $8::text[],
            $9::boolean[], $10::text[])
     AS new (text_id, license_key, did, sender, body, queued_at, segments, encoding, for_review, status_post_url)
LEFT JOIN LATERAL (
    SELECT text_id, reference_id, status_post_url
    FROM texts
    WHERE direction = 'outgoing' AND sent_at IS NOT NULL AND texts.sender = new.did AND texts.recipient = new.sender
      AND texts.license_key = new.license_key AND source <> 'reply' AND state IN ('sending', 'accepted', 'unknown')
    ORDER BY sent_at DESC
    LIMIT 1
) AS matched ON true
ON CONFLICT (text_id) DO NOTHING
RETURNING *
