-- URLs that answered 410 Gone.
SELECT url, stopped_at FROM postback_stops ORDER BY stopped_at DESC LIMIT $1
