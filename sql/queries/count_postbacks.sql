-- The outbox at a glance.
SELECT (SELECT count(*) FROM postback_outbox) AS waiting,
       (SELECT count(*) FROM postback_outbox WHERE leased_until > now()) AS under_way,
       (SELECT count(*) FROM postback_outbox WHERE tries > 0) AS failing,
       (SELECT count(*) FROM postback_failures) AS given_up,
       (SELECT extract(epoch FROM now() - created_at)::double precision FROM postback_outbox ORDER BY number LIMIT 1)
           AS oldest_seconds
