-- Deletes a message for its customer; no row when there is none. Consent and post-backs keep what they need of it.
UPDATE texts
SET hidden = true, body = CASE WHEN state IN ('queued', 'held', 'sending') THEN body ELSE '' END, media = '{}'
WHERE license_key = $1 AND number = $2 AND mms = $3 AND NOT hidden
RETURNING number
