"""Speech control on the audio: another pace without another pitch, and the other way round, for engines without it.

Waveform-similarity overlap-add (WSOLA; Verhelst and Roelands, 1993): pieces of 30 ms are put further apart or closer
together, each taken from where it fits best to what is there already, so that no period of the voice is torn.
"""

from __future__ import annotations

import numpy as np

from controller.speech.pcm import Samples
from controller.speech.synthesizer import SpeechAudio

PIECE_SECONDS = 0.03
SEARCH_SECONDS = 0.008
LEAST, MOST = 0.2, 6.0


def in_manner(speech: SpeechAudio, *, speed: float = 1.0, pitch: float = 1.0) -> SpeechAudio:
    """The speech so much faster and higher; factors of what it is."""
    samples = stretched(speech.samples, speech.rate, pitch / speed)
    return SpeechAudio(samples, round(speech.rate * pitch))


def stretched(samples: Samples, rate: int, factor: float) -> Samples:
    """The same sound, `factor` times as long (0.2 to 6), with its pitch."""
    factor = min(max(factor, LEAST), MOST)
    piece = round(PIECE_SECONDS * rate) // 2 * 2
    if abs(factor - 1.0) < 0.01 or len(samples) < 2 * piece:
        return samples
    hop, search = piece // 2, round(SEARCH_SECONDS * rate)
    count = max(1, round(len(samples) * factor / hop))
    window = np.hanning(piece + 1)[:piece]
    padded = np.pad(samples.astype(np.float64), (search, piece * 2 + search))
    made = np.zeros(count * hop + piece)
    place = search
    for number in range(count):
        made[number * hop : number * hop + piece] += window * padded[place : place + piece]
        wanted = padded[place + hop : place + hop + piece]  # what would follow if nothing were changed
        middle = min(round((number + 1) * hop / factor), len(samples)) + search
        around = padded[middle - search : middle + search + piece]
        if len(around) < len(wanted) or len(wanted) < piece:
            break
        place = middle - search + int(np.argmax(np.correlate(around, wanted, "valid")))
    return made[: round(len(samples) * factor)].astype(np.float32)
