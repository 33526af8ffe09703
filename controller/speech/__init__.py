"""Speech and sounds: synthesizers, the prompt cache, audio conversion, and the media that Asterisk fetches."""
