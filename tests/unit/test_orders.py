"""Orders: what is asked for is the same from the command line and the admin interface to the store."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.admin_calls import CallRequest
from controller.calls.model.order import NEXT_TRY_SECONDS, Limit, Notification, Order, limit_of
from controller.calls.store.call_entries import CallRow
from controller.resources import QUERIES
from controller.store.queries import Query

ASKED = {"key": "acme", "number": "12015550199", "script": "Hello"}


def test_the_admin_interface_takes_the_fields_of_an_order_with_their_defaults() -> None:
    given = CallRequest.model_validate(ASKED).model_dump()
    assert given.pop("key") == "acme"
    assert Order(**given) == Order(number="12015550199", script="Hello")
    assert list(given) == [each.name for each in fields(Order)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (each.name, value)
        for each in fields(Order)
        for limit in [limit_of(each)]
        for value in (
            *([limit.least - 1] if limit.least is not None else []),
            *([limit.most + 1] if limit.most is not None else []),
            *(["x" * (limit.longest + 1)] if limit.longest is not None else []),
            *(["x" * (limit.shortest - 1)] if limit.shortest is not None else []),
        )
    ],
)
def test_the_admin_interface_holds_an_order_to_its_limits(name: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        CallRequest.model_validate(ASKED | {name: value})


def test_every_field_of_an_order_but_its_time_has_a_limit() -> None:
    assert [each.name for each in fields(Order) if limit_of(each) == Limit()] == ["at"]


@pytest.mark.parametrize(
    ("order", "notification"),
    [
        ({"tries": 0}, Notification(most_tries=1)),
        ({"tries": 99}, Notification(most_tries=3)),
        ({"next_try_seconds": 0}, Notification(next_try_seconds=NEXT_TRY_SECONDS)),
        ({"next_try_seconds": -5}, Notification(next_try_seconds=NEXT_TRY_SECONDS)),
        ({"next_try_seconds": 10**9}, Notification(next_try_seconds=7 * 86_400)),
        ({"max_call_seconds": -1}, Notification(max_call_seconds=0)),
        ({"caller_id_name": "A\r\nB" + "c" * 99}, Notification(caller_id_name="AB" + "c" * 78)),
        ({"reference_id": "r" * 501}, Notification(reference_id="r" * 500)),
    ],
)
def test_an_order_that_is_out_of_bounds_is_brought_within_them(
    order: dict[str, Any], notification: Notification
) -> None:
    assert Notification.of(Order(number="1", script="x", **order)) == notification


def test_the_store_takes_what_it_queues_by_the_names_of_the_call_the_notification_and_the_program() -> None:
    query = Query.parse((QUERIES / "queue_calls.sql").read_text())
    asked = {*CallRow._fields, *(each.name for each in fields(Notification))}
    assert set(query.parameters) == {"program_hash", "program_source", *asked}
