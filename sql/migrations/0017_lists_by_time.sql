-- What `ringpost calls list` and `ringpost postbacks list` filter by is found through indexes, among however many rows;
-- without a filter, so are the newest.

CREATE INDEX calls_by_start ON calls (started_at DESC, queue_id DESC);
CREATE INDEX postbacks_by_key ON postbacks (license_key, number DESC);
