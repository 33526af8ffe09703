-- Speech that this controller has rendered, for the others.
INSERT INTO shared_speech (key, wav) VALUES ($1, $2)
ON CONFLICT (key) DO NOTHING
