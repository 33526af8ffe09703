"""What dialling a leg takes, be it an outgoing call or the other party of a transfer."""

from __future__ import annotations

from controller.calls.model.call import WITHHELD_CALLER
from controller.calls.model.order import one_line

ENTER_SECONDS = 5.0
# How much longer than the ringing the whole dialling may take before it is given up.
DIAL_SLACK_SECONDS = 5.0
_WITHHELD = "prohib_not_screened"


def shown_caller(number: str, name: str = "") -> dict[str, str]:
    """The variables of a new channel that say whom the called party sees; without a number that is withheld.

    They become headers: what is not printable, line ends above all, is left out.
    """
    number, name = one_line(number), one_line(name)
    if number == WITHHELD_CALLER:
        number = ""
    shown = {"CONNECTEDLINE(num,i)": number, "CONNECTEDLINE(name,i)": name}
    if not number:
        shown["CONNECTEDLINE(num-pres,i)"] = _WITHHELD
        if not name:
            shown["CONNECTEDLINE(name-pres,i)"] = _WITHHELD
    return shown
