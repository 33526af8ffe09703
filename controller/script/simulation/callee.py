"""Who takes a simulated call, and how its transfers end: the words alone, so that the command line starts quickly."""

from __future__ import annotations

from typing import Literal

AnsweredBy = Literal["human", "machine", "fax"]
TransferResult = Literal["answered", "busy", "noanswer"]
