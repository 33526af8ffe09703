-- Attempts to post what became of a call that failed: each counts as an error of the call.
SELECT postback_attempts.at, event, reason
FROM postbacks JOIN postback_attempts ON postback_attempts.postback = postbacks.number
WHERE subject = $1 AND NOT delivered
ORDER BY postback_attempts.at
