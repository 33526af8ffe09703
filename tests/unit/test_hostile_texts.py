"""What reads others' texts (scripts, the YAML, URLs, mirrored SIP) survives them all; `make attack` tries more."""

from __future__ import annotations

from tests.fuzz.attack import readers

INPUTS = 60
SEED = 20261127


def test_no_reader_fails_at_a_hostile_text() -> None:
    tried = readers(INPUTS, SEED)
    assert [failure for each in tried for failure in each.failures] == []
    assert min(each.inputs for each in tried) >= INPUTS // 10
