"""Reference lists: the values that other methods' parameters can have, as `value` and `description`."""

from __future__ import annotations

from collections.abc import Sequence

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE

LANGUAGES = (("en", "English"), ("es", "Español"), ("fr", "Français"))
VOICEMAIL_SETUPS = (("1", "The mailbox of the number"), ("2", "The mailbox of the account"))

Pairs = Sequence[tuple[str, str]]


@structure("Choice", NAMESPACE)
class Choice:
    """One value, and what it means."""

    value: str = element("value")
    description: str = element("description")


@structure("getLanguagesOutput", NAMESPACE)
class LanguagesAnswer:
    """Languages."""

    languages: tuple[Choice, ...] = element("languages")


@parameters
class OneLanguage:
    """Which language; empty for all."""

    language: str = element("language", default="")


class ReferenceMethods:
    """Lists that are the same for every account."""

    @operation("getLanguages")
    async def languages(self, request: OneLanguage, _caller: Caller) -> LanguagesAnswer:
        """The languages of IVRs and mailboxes."""
        return LanguagesAnswer(languages=choices(LANGUAGES, request.language, "invalid_language"))


def choices(pairs: Pairs, wanted: str, status: str) -> tuple[Choice, ...]:
    """All values, or the one that is wanted. Refused with `status` when there is none."""
    found = tuple(
        Choice(value=value, description=text) for value, text in pairs if wanted.strip().lower() in ("", value.lower())
    )
    if not found:
        raise Refused(status)
    return found
