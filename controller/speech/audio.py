"""Audio files of every kind that a customer may hand over, turned into telephone sound."""

from __future__ import annotations

import io
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]

from controller.errors import AudioInvalid, SynthesisFailed
from controller.speech.headerless import is_ulaw
from controller.speech.loudness import levelled_pieces
from controller.speech.pcm import (
    TELEPHONE_RATE,
    WIDE_RATE,
    Pcm,
    Samples,
    TelephoneSound,
    telephone_sound,
    to_pcm,
    wav_file,
)
from controller.speech.synthesizer import SpeechAudio

MOST_BYTES = 100 * 1024 * 1024
LONGEST_SECONDS = 3600
MOST_CHANNELS = 8
SLOWEST_RATE, FASTEST_RATE = 2000, 384_000
BLOCK_SAMPLES = 65_536
SPEECH_MOST_BYTES = 64 * 1024 * 1024

GSM_FRAME_BYTES = 33
# A WAV that was written to a pipe says one of these instead of its size.
SIZES_OF_STREAMS = (0, 0x7FFF0000)
TOLERATED_BYTES = 64
# Mixed channels that are weaker than this part of the strongest one's power have cancelled each other.
CANCELLED = 0.01
NO_LENGTH = "The file has no sound in it: its length is zero."

_HEADERLESS = {
    "gsm": "GSM610", "x-gsm": "GSM610", "ulaw": "ULAW", "ul": "ULAW", "mulaw": "ULAW", "pcmu": "ULAW", "basic": "ULAW",
    "alaw": "ALAW", "al": "ALAW", "pcma": "ALAW",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What an audio file says of itself: format (WAV, MP3, …), coding (PCM_16, MS_ADPCM, …), Hz, channels, seconds."""

    format: str
    coding: str
    rate: int
    channels: int
    seconds: float


def probe(data: bytes, hint: str = "") -> AudioFacts:
    """What kind of audio this is. AudioInvalid. `hint` as for `to_telephone`."""
    with _opened(data, hint) as sound:
        return AudioFacts(
            sound.format, sound.subtype, sound.samplerate, sound.channels, sound.frames / sound.samplerate
        )


def playable_seconds(path: Path) -> float:
    """How long an audio file lasts. AudioInvalid for one that cannot be played, one without length included."""
    seconds = probe(read_audio_file(path), path.suffix).seconds
    if seconds <= 0:
        raise AudioInvalid(NO_LENGTH)
    return seconds


def to_telephone(data: bytes, hint: str = "") -> TelephoneSound:
    """Any audio file as calls carry it, mono, 16 bit PCM, as loud as everything else that is heard.

    WAV (PCM, float, u-law, A-law, MS-ADPCM, IMA-ADPCM, GSM), AIFF, AIFC, MP3, FLAC, Ogg, AU, GSM and u-law without a
    header are recognised by their content; A-law without a header only by `hint`, a media type or a file's ending
    (audio/x-alaw, .al), and so is u-law that is silent.
    AudioInvalid, with a sentence for people, for what is no audio, empty, cut off, or lasts longer than an hour.
    """
    with _opened(data, hint) as sound:
        if sound.samplerate <= TELEPHONE_RATE:
            return TelephoneSound(wav_file(levelled_pieces(_decode(sound, TELEPHONE_RATE), TELEPHONE_RATE)))
        return telephone_sound(levelled_pieces(_decode(sound, WIDE_RATE), WIDE_RATE))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def read_audio_file(path: Path) -> bytes:
    """The bytes of an audio file of at most 100 MB. AudioInvalid when it is missing, unreadable or larger."""
    try:
        # A pipe or a device would keep the reader waiting for ever.
        with open(path, "rb", opener=_without_waiting) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise AudioInvalid(f"{path.name} is not a file.")
            if facts.st_size > MOST_BYTES:
                raise AudioInvalid(f"{path.name} is larger than {MOST_BYTES // (1024 * 1024)} MB.")
            return file.read(MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AudioInvalid(f"The sound file {path.name} cannot be read: {reason}.") from error


def read_speech(path: Path, engine: str) -> SpeechAudio:
    """What a speech engine wrote, which may be nothing where there was nothing to speak. SynthesisFailed."""
    try:
        if path.stat().st_size > SPEECH_MOST_BYTES:
            raise SynthesisFailed(f"The speech engine {engine} wrote more than anybody would listen to.")
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except FileNotFoundError as error:
        raise SynthesisFailed(f"The speech engine {engine} ended without writing its audio file.") from error
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError) as error:
        raise SynthesisFailed(f"The speech engine {engine} wrote a file that is not audio: {error}") from error
    return SpeechAudio(np.asarray(samples.mean(axis=1) if len(samples) else samples[:, 0], dtype=np.float32), int(rate))


def _opened(data: bytes, hint: str) -> soundfile.SoundFile:
    if not data:
        raise AudioInvalid("The file is empty.")
    if len(data) > MOST_BYTES:
        raise AudioInvalid(f"The file is larger than {MOST_BYTES // (1024 * 1024)} MB.")
    coding = _headerless_coding(data, hint)
    if not coding:
        _refuse_truncated(data)
        data = _with_size(data)
    try:
        sound = _without_header(data, coding) if coding else _recognised(data)
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError, TypeError) as error:
        raise AudioInvalid(
            "The file is not audio that Ringpost can read: it takes WAV (PCM, u-law, A-law, MS-ADPCM), MP3, AIFF, "
            "AIFC, GSM, u-law, FLAC and Ogg."
        ) from error
    try:
        _refuse_unreasonable(sound)
    except BaseException:
        sound.close()
        raise
    return sound


def _without_header(data: bytes, coding: str) -> soundfile.SoundFile:
    return soundfile.SoundFile(io.BytesIO(data), format="RAW", subtype=coding, samplerate=TELEPHONE_RATE, channels=1)


def _recognised(data: bytes) -> soundfile.SoundFile:
    """Audio that says itself what it is, or u-law, which does not. SoundFileError for anything else."""
    try:
        return soundfile.SoundFile(io.BytesIO(data))
    except (soundfile.SoundFileError, RuntimeError):
        if not is_ulaw(data):
            raise
    return _without_header(data, "ULAW")


def _headerless_coding(data: bytes, hint: str) -> str:
    if data[:4] in (b"RIFF", b"RIFX", b"FORM", b".snd", b"fLaC", b"OggS", b"ID3\x03", b"ID3\x04"):
        return ""
    kind = hint.lower().partition(";")[0].strip().rpartition("/")[2].rpartition(".")[2]
    if kind in _HEADERLESS:
        return _HEADERLESS[kind]
    # Each frame of GSM 06.10 begins with the four bits 1101 (RFC 3551, section 4.5.8.1).
    frames = data[::GSM_FRAME_BYTES]
    return "GSM610" if len(data) % GSM_FRAME_BYTES == 0 and all(first >> 4 == 0xD for first in frames) else ""


def _refuse_truncated(data: bytes) -> None:
    """IFF and RIFF files say how long their sound is; the decoder would play what is there without a word."""
    order, kinds = {b"RIFF": ("<", (b"data",)), b"FORM": (">", (b"SSND",))}.get(data[:4], ("", ()))
    if not order:
        return
    position = 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        size = struct.unpack_from(f"{order}I", data, position + 4)[0]
        there = len(data) - position - 8
        if name in kinds:
            if size == 0 and there <= TOLERATED_BYTES:
                raise AudioInvalid(NO_LENGTH)
            if SIZES_OF_STREAMS[0] < size < SIZES_OF_STREAMS[1] and there + TOLERATED_BYTES < size:
                raise AudioInvalid(
                    f"The file is cut off: it announces {size} bytes of sound and holds {there}. Send it again, whole."
                )
            return
        position += 8 + size + (size & 1)
    raise AudioInvalid("The file is cut off: it ends before its sound begins.")


def _with_size(data: bytes) -> bytes:
    """A WAV that was written to a pipe and says 0 for the size of its sound, with the size that it has."""
    if data[:4] != b"RIFF":
        return data
    position = 12
    while position + 8 <= len(data):
        size = struct.unpack_from("<I", data, position + 4)[0]
        if data[position : position + 4] == b"data":
            if size:
                return data
            mended = bytearray(data)
            struct.pack_into("<I", mended, position + 4, len(data) - position - 8)
            struct.pack_into("<I", mended, 4, len(data) - 8)
            return bytes(mended)
        position += 8 + size + (size & 1)
    return data


def _refuse_unreasonable(sound: soundfile.SoundFile) -> None:
    if not 1 <= sound.channels <= MOST_CHANNELS:
        raise AudioInvalid(f"The file has {sound.channels} channels; at most {MOST_CHANNELS} can be mixed into one.")
    if not SLOWEST_RATE <= sound.samplerate <= FASTEST_RATE:
        raise AudioInvalid(f"The file has {sound.samplerate} samples a second, which no recorder makes.")


def _decode(sound: soundfile.SoundFile, rate: int) -> list[Pcm]:
    resampler = soxr.ResampleStream(sound.samplerate, rate, 1, dtype="float32")
    pieces: list[Pcm] = []
    length = 0
    last = False
    while not last:
        block = _block(sound)
        last = not len(block)
        piece = to_pcm(resampler.resample_chunk(block, last=last))
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_SECONDS * rate:
            raise AudioInvalid(f"The file lasts longer than {LONGEST_SECONDS // 60} minutes.")
    if not length:
        raise AudioInvalid(NO_LENGTH)
    return pieces


def _block(sound: soundfile.SoundFile) -> Samples:
    try:
        block = sound.read(BLOCK_SAMPLES // sound.channels, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError) as error:
        raise AudioInvalid("The file is damaged: its sound cannot be decoded.") from error
    if not len(block):
        return np.zeros(0, dtype=np.float32)
    with np.errstate(all="ignore"):
        mixed = np.asarray(block.mean(axis=1), dtype=np.float32)
        if block.shape[1] > 1:
            strengths = np.mean(block.astype(np.float64) ** 2, axis=0)
            if float(np.mean(mixed.astype(np.float64) ** 2)) < CANCELLED * float(strengths.max()):
                # One channel is the other upside down: mixed, they would be silent.
                mixed = np.asarray(block[:, int(strengths.argmax())], dtype=np.float32)
        return np.nan_to_num(mixed, nan=0.0, posinf=1.0, neginf=-1.0)
