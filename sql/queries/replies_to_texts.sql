-- What came in as an answer to these texts, the oldest first.
SELECT * FROM texts WHERE matched_text_id = ANY ($1::uuid[]) ORDER BY queued_at, text_id LIMIT $2
