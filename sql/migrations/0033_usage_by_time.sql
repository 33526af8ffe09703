-- What is old is found, and the usage of all keys in a month, without reading all there is.

CREATE INDEX usage_records_by_time ON usage_records USING brin (at);
