-- The files that a text carries.
SELECT media_id FROM media_in_texts WHERE text_id = $1 ORDER BY media_id
