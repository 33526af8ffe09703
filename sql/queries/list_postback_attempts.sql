-- Every attempt of one post-back, in their order.
SELECT at, seconds, status, delivered, reason FROM postback_attempts WHERE postback = $1 ORDER BY at
