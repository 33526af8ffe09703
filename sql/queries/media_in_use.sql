-- Which of these contents stored sounds are made of.
SELECT DISTINCT content_hash FROM sounds WHERE content_hash = ANY ($1::text[])
