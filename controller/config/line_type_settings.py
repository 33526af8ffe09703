"""`line_types:` what the operator says of numbers' lines, and whom to ask about them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from controller.config_file.validation import Declaration, mistake
from controller.egress.urls import customer_url
from controller.errors import UrlRefused
from controller.line_types.look_up import LookUpOptions
from controller.line_types.model import LineType

PLACE = "{number}"
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)
_FIELD = r"^[^.]{1,100}(\.[^.]{1,100}){0,9}$"


def _prefix(text: str) -> str:
    if _PREFIX.fullmatch(text) is None:
        raise mistake("not a valid number or prefix", 'such as "+12015550101", or "+1201555" for all that begin so')
    return text


def _look_up_url(text: str) -> str:
    if not text:
        return text
    if PLACE not in text:
        raise mistake("the number has no place in this URL", f"{PLACE} where the number is put")
    try:
        customer_url(text.replace(PLACE, "%2B12015550101"))
    except UrlRefused as error:
        reason = str(error).removeprefix("refused by the guard: ")
        raise mistake(f"not a URL that can be asked: {reason}", "http:// or https://, and a host") from None
    return text


def _type(value: Any) -> Any:
    return value.strip().lower().replace("tollfree", "toll-free") if isinstance(value, str) else value


Prefix = Annotated[str, AfterValidator(_prefix)]
TypeName = Annotated[Literal["mobile", "landline", "voip", "toll-free", "unknown"], BeforeValidator(_type)]


class LineTypesSection(Declaration):
    """`line_types:` overrides by number or prefix, and a look-up over HTTP."""

    overrides: Annotated[dict[Prefix, TypeName], Field(max_length=100_000)] = Field(default_factory=dict)
    lookup_url: Annotated[str, AfterValidator(_look_up_url)] = ""
    lookup_type_field: Annotated[str, Field(pattern=_FIELD)] = "line_type"
    lookup_carrier_field: Annotated[str, Field(pattern=_FIELD)] | None = None
    lookup_seconds: Annotated[float, Field(gt=0, le=30)] = 2.0
    lookup_keep_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 24.0
    lookup_every_call: bool = False

    @property
    def types(self) -> dict[str, LineType]:
        """The overrides as values."""
        return {prefix: LineType(name) for prefix, name in self.overrides.items()}

    @property
    def look_up(self) -> LookUpOptions | None:
        """How to look numbers up; None when nobody is asked."""
        if not self.lookup_url:
            return None
        return LookUpOptions(
            self.lookup_url,
            self.lookup_type_field,
            self.lookup_carrier_field or "",
            self.lookup_seconds,
            self.lookup_keep_hours * 3600.0,
            self.lookup_every_call,
        )
