-- Speech that another controller has rendered: its WAV files; the period for which it is kept begins anew.
UPDATE shared_speech SET used_at = now() WHERE key = $1 RETURNING wav, wide
