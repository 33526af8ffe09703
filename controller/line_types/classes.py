"""How others write line types: in assignment tables, in the answers of look-ups, in the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping

from controller.line_types.model import LineType

# The categories of carriers (ILEC, CLEC, PCS …) are those of the OCN: who only sells telephony over IP is CLEC, CAP or
# IPES there. A reseller of mobile lines is WRESL. Anything else is unknown, never a landline by default.
_WORDS: Mapping[str, LineType] = {
    **dict.fromkeys(("mobile", "wireless", "cellular", "cell", "pcs", "wresl", "wirelessreseller"), LineType.MOBILE),
    **dict.fromkeys(("landline", "wireline", "fixed", "fixedline", "ilec", "rboc", "ulec"), LineType.LANDLINE),
    **dict.fromkeys(("voip", "ivoip", "fixedvoip", "nonfixedvoip", "clec", "cap", "ipes"), LineType.VOIP),
    **dict.fromkeys(("tollfree",), LineType.TOLL_FREE),
    **dict.fromkeys(("unknown", ""), LineType.UNKNOWN),
}
_NO_LETTERS = re.compile(r"[^a-z]")


def line_type_of(text: str) -> LineType | None:
    """The line type that a word stands for, in any case and with any punctuation; None for a word that is not known."""
    return _WORDS.get(_NO_LETTERS.sub("", text.lower()))
