-- The conversations of a key: for each number of ours and theirs the newest text, among the newest texts of the key.
WITH newest AS (
    SELECT license_key, direction, state, body, queued_at,
           CASE direction WHEN 'outgoing' THEN sender ELSE recipient END AS our_number,
           CASE direction WHEN 'outgoing' THEN recipient ELSE sender END AS their_number
    FROM texts WHERE license_key = :license_key ORDER BY queued_at DESC LIMIT :looked_at
), numbered AS (
    SELECT *, count(*) OVER (PARTITION BY our_number, their_number) AS texts,
           row_number() OVER (PARTITION BY our_number, their_number ORDER BY queued_at DESC) AS place
    FROM newest
)
SELECT our_number, their_number, direction, state, body, queued_at, texts
FROM numbered WHERE place = 1 ORDER BY queued_at DESC LIMIT :limit
