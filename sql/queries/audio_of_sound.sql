-- The WAV files of a stored sound, for a controller that has not got it on its disk.
SELECT wav, wide FROM sound_audio WHERE content_hash = $1
