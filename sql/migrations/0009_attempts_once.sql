-- An attempt is written once, also when the answer to its commit was lost and it is sent again: an attempt is known by its
-- post-back and the moment when it began.

DELETE FROM postback_attempts AS again
USING (SELECT postback, at, min(ctid) AS first FROM postback_attempts GROUP BY postback, at HAVING count(*) > 1) AS twice
WHERE again.postback = twice.postback AND again.at = twice.at AND again.ctid <> twice.first;

DROP INDEX postback_attempts_of;
CREATE UNIQUE INDEX postback_attempts_of ON postback_attempts (postback, at);
