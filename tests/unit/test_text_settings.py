"""`texts:` of a licence key: what it says of quiet hours."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from pydantic import ValidationError

from controller.directory.text_declarations import TextsEntry
from controller.directory.text_settings import QuietHours


@pytest.mark.parametrize(
    ("stated", "hours"),
    [
        (False, None),
        (True, QuietHours()),
        ({"opens": "9:00"}, QuietHours(opens=time(9))),
        (
            {"states": {"fl": {"closes": "20:00"}, "QC": {"opens": "09:00", "closes": "19:30"}}},
            QuietHours(states=(("FL", QuietHours(closes=time(20))), ("QC", QuietHours(time(9), time(19, 30))))),
        ),
    ],
)
def test_quiet_hours_are_those_of_the_key_and_of_single_states(stated: Any, hours: QuietHours | None) -> None:
    assert TextsEntry.model_validate({"quiet_hours": stated}).settings().quiet_hours == hours


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"XX": {"opens": "09:00"}}, "not a valid state or province"),
        ({"TX": {"opens": "09:00", "closes": "09:00"}}, "there is no time between these"),
        ({"TX": {"opens": "25:00"}}, "not a valid time of day"),
        ({"TX": {"states": {}}}, "states"),
    ],
)
def test_a_state_that_is_none_or_has_no_hours_is_a_mistake(states: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TextsEntry.model_validate({"quiet_hours": {"states": states}})
