"""The program that listens: run by the recogniser's own Python (pocketsphinx with its bundled model), never imported.

Standard input has the path of a file a line (16 kHz, 16 bit, mono, no header); each is answered with a line, the words
heard.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pocketsphinx import Decoder


def main() -> None:
    """Answer each line."""
    decoder = Decoder(samprate=16000, loglevel="FATAL")
    for line in sys.stdin:
        decoder.start_utt()
        decoder.process_raw(Path(line.strip()).read_bytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        print(heard.hypstr if heard else "", flush=True)


if __name__ == "__main__":
    main()
