"""What the YAML may say about the Dialer, of a licence key."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from controller.config_file.validation import Declaration, mistake
from controller.directory.dialer_settings import DELIVERED_SECONDS, TOKEN_DAYS, DialerSettings
from controller.errors import PhoneNumberInvalid
from controller.numbers import parse_number

MOST_TRIES = 3
LONGEST_WAIT_SECONDS = 7 * 86_400


def _number(text: str) -> str:
    try:
        return parse_number(text)
    except PhoneNumberInvalid:
        raise mistake("not a valid phone number", 'a number such as "+12015550101"') from None


class DialerEntry(Declaration):
    """`dialer:` of a licence key."""

    user: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None
    password: Annotated[str, StringConstraints(min_length=12, max_length=200)] | None = None
    company: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    caller_id: Annotated[str, AfterValidator(_number)] | None = None
    tries: Annotated[int, Field(ge=1, le=MOST_TRIES)] = 2
    next_try_seconds: Annotated[int, Field(ge=1, le=LONGEST_WAIT_SECONDS)] = 60
    delivered_seconds: Annotated[float, Field(ge=1, le=3600)] = DELIVERED_SECONDS
    token_days: Annotated[float, Field(gt=0, le=3650)] = TOKEN_DAYS
    suppress_unknown: bool = False

    def settings(self) -> DialerSettings:
        """The same as a value."""
        return DialerSettings(
            user=self.user or "",
            password=self.password or "",
            company=self.company,
            caller_id=self.caller_id or "",
            tries=self.tries,
            next_try_seconds=self.next_try_seconds,
            delivered_seconds=self.delivered_seconds,
            token_days=self.token_days,
            suppress_unknown=self.suppress_unknown,
        )
