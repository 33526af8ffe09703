-- One text, by its id.
SELECT * FROM texts WHERE text_id = $1
