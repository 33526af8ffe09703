-- Speech that this controller has rendered, for the others.
INSERT INTO shared_speech (key, wav, wide) VALUES ($1, $2, $3)
ON CONFLICT (key) DO NOTHING
