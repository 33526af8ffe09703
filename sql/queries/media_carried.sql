-- Notes that each of these texts carries each of these files.
INSERT INTO media_in_texts (text_id, media_id)
SELECT texts.text_id, media.media_id FROM unnest($1::uuid[]) AS texts (text_id)
CROSS JOIN media WHERE media.media_id = ANY ($2::bigint[])
ON CONFLICT DO NOTHING
