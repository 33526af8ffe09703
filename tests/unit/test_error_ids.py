"""Errors are known by ids that stay when a class is renamed or moved."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import controller
from controller.errors import RingpostError

# Once published, an id stays: a program may go by it.
PUBLISHED = {
    "already-running",
    "application-replaced",
    "asterisk-error",
    "asterisk-not-found",
    "asterisk-refused",
    "asterisk-timeout",
    "asterisk-too-old",
    "asterisk-unreachable",
    "audio-invalid",
    "call-refused",
    "configuration-error",
    "destination-invalid",
    "download-failed",
    "fetch-failed",
    "invalid-configuration",
    "journal-full",
    "mail-refused",
    "mail-server-away",
    "migration-error",
    "notification-refused",
    "phone-number-invalid",
    "port-in-use",
    "program-cut-anew",
    "softphone-error",
    "speech-error",
    "state-invalid",
    "store-error",
    "store-refused",
    "store-unreachable",
    "synthesis-failed",
    "transition-forbidden",
    "unsupported-system",
    "url-refused",
    "voice-unavailable",
}


def _all_errors(root: type[RingpostError]) -> Iterator[type[RingpostError]]:
    for each in root.__subclasses__():
        if each.__module__.startswith("controller."):
            yield each
        yield from _all_errors(each)


def _errors() -> set[type[RingpostError]]:
    for module in pkgutil.walk_packages(controller.__path__, "controller."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return set(_all_errors(RingpostError))


def test_every_error_names_its_own_id() -> None:
    assert [each.__qualname__ for each in _errors() if "error_id" not in vars(each)] == []


def test_no_two_errors_have_the_same_id() -> None:
    counted = Counter(each.error_id for each in _errors())
    assert [error_id for error_id, number in counted.items() if number > 1] == []


def test_published_ids_are_still_there() -> None:
    assert PUBLISHED - {each.error_id for each in _errors()} == set()
