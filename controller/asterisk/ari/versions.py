"""Which Asterisk can be worked with: one that speaks REST over the WebSocket.

It came with 20.14.0, 21.9.0 and 22.4.0 (Asterisk's change logs).
"""

from __future__ import annotations

import re

FIRST_MINOR = {20: 14, 21: 9, 22: 4}
REQUIREMENT = "Ringpost needs 20.14, 22.4 or newer"


def is_too_old(version: str) -> bool:
    """Whether Asterisk's own version text ("22.10.1", "certified-20.7-cert2", …) names one that is too old.

    A version without numbers (built from a checkout: "GIT-master-…") is not judged: False.
    """
    found = re.match(r"(?:certified[-/])?(\d+)\.(\d+)", version.strip())
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    if major in FIRST_MINOR:
        return minor < FIRST_MINOR[major]
    return major < min(FIRST_MINOR)
