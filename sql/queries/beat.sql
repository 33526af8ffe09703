-- A controller's sign of life. After one that came late, by more than $4 seconds, its watch over the others begins anew:
-- whatever held it up may have held them up too.
INSERT INTO controllers (id, asterisk, application) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE
SET asterisk = EXCLUDED.asterisk, application = EXCLUDED.application, heartbeat_at = now(),
    steady_since = CASE WHEN controllers.heartbeat_at < now() - make_interval(secs => $4) THEN now()
                        ELSE controllers.steady_since END
