-- How many messages of each mailbox of these licence keys were not heard yet, and how many were.
SELECT license_key, mailbox, count(*) FILTER (WHERE NOT heard) AS new, count(*) FILTER (WHERE heard) AS old
FROM voicemail_messages
WHERE license_key = ANY($1::text[])
GROUP BY license_key, mailbox
