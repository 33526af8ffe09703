-- The state of a call, as `calls/model` knows it, has its own column; until now it was told from others. The state of the
-- script that it runs is called so.

ALTER TABLE calls RENAME COLUMN state TO script_state;

ALTER TABLE calls
    ADD COLUMN state     text NOT NULL DEFAULT 'ended'
        CHECK (state IN ('queued', 'claimed', 'dialling', 'ringing', 'answered', 'transferring', 'transferred',
                         'in-conference', 'ended')),
    ADD COLUMN transfer  text NOT NULL DEFAULT ''
        CHECK (transfer IN ('', 'ringing', 'bridged', 'failed'));

-- What has ended, nearly all there is, has its state by the default, without being written anew.
UPDATE calls
SET state = CASE WHEN due_at IS NOT NULL THEN 'queued'
                 WHEN answered_at IS NOT NULL THEN 'answered'
                 WHEN direction = 'incoming' OR response_code = 18 THEN 'ringing'
                 WHEN response_code = 0 THEN 'claimed'
                 ELSE 'dialling' END,
    transfer = CASE WHEN direction = 'outgoing' AND response_code = 24 THEN 'bridged' ELSE '' END
WHERE ended_at IS NULL;

ALTER TABLE calls ALTER COLUMN state DROP DEFAULT;
