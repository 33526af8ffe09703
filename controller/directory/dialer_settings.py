"""What a licence key says about the Dialer: its login, how often a number is tried, when a message is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field

DELIVERED_SECONDS = 10.0
TOKEN_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class DialerSettings:
    """A licence key's settings of the Dialer.

    `user`, `password`: what its programs log in with; empty: the key's name in the YAML, and the licence key itself.
    `company`: as answers name it; empty: the key's name. `caller_id`: the number that is shown (E.164), empty to
    withhold it. `tries`, `next_try_seconds`: how often, and how far apart, a number is dialled that is busy or does not
    answer. `delivered_seconds`: how much of a message has to be heard before a hang-up. `token_days`: how long it can
    be asked what became of a message. `suppress_unknown`: a number of an unknown line type counts as each suppressed
    type.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    company: str = ""
    caller_id: str = ""
    tries: int = 2
    next_try_seconds: int = 60
    delivered_seconds: float = DELIVERED_SECONDS
    token_days: float = TOKEN_DAYS
    suppress_unknown: bool = False
