-- What no rolling window counts any more.
DELETE FROM text_pace WHERE forget_at < now()
