"""A kind of argument: what it must look like, how it is read, and what the checker makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SUBSTITUTION = re.compile(r"\[\s*(\w[\w.-]*(?:\s+[\w.-]+)*)\s*\]")
"""`[name]` in an argument: the value of a variable is put there when the command runs. A name may have blanks in it."""


@dataclass(frozen=True, slots=True)
class ArgumentKind(Generic[T]):
    """A kind of argument: its name in the reference, what is expected, and how a text is read as it.

    `read` returns None for a text that is not of this kind. `role` is "label", "reads" or "sets" where the argument
    names a label or a variable, or "either" where it may be a variable's name or a value.
    """

    name: str
    expects: str
    read: Callable[[str], T | None]
    role: str = ""
