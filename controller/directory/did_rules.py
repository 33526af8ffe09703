"""What happens to a call to a DID: the DID rules.

A number for texts only plays its announcement; a number with a script (or an IVR) runs it; a voice number without one
says so shortly. A number that nobody owns has no rule: the call is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from controller.directory.snapshot import Did
from controller.script.parser import parse
from controller.script.program import Program
from controller.speech.announcements import NO_SCRIPT, TEXT_ONLY


@dataclass(frozen=True, slots=True)
class DidRule:
    """The program that a call runs, for which licence key, and where it is posted what becomes of it (or nowhere)."""

    program: Program
    license_key: str
    status_post_url: str


_TEXT_ONLY = parse(TEXT_ONLY)
_NO_SCRIPT = parse(NO_SCRIPT)


def rule_of(did: Did) -> DidRule | None:
    """What a call to this DID gets; None when nobody owns it, and the call is refused."""
    if did.voice is None:
        return DidRule(did.announcement or _TEXT_ONLY, did.sms.name, "") if did.sms else None
    program = did.program or did.announcement or _NO_SCRIPT
    url = did.status_post_url or did.settings.call_post_url or did.voice.status_post_url or ""
    return DidRule(program, did.voice.name, url)
