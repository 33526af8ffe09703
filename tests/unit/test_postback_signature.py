"""Signatures, as a receiver with the standardwebhooks library checks them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from controller.egress.certificate import how_long_ago
from controller.errors import ConfigurationError
from controller.postbacks.signature import sign, signer, verify

NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def test_a_signature_is_the_one_of_the_specification() -> None:
    """The example of the Standard Webhooks specification."""
    headers = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
        [NEW],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("known", [NEW, OLD])
def test_during_a_rotation_a_receiver_may_know_either_secret(known: str) -> None:
    headers = sign("id", datetime.now(UTC), "a=1", [NEW, OLD])
    Webhook(known).verify("a=1", headers, json_parse=False)
    assert verify("a=1", headers, [known]) == "valid"


def test_what_is_wrong_with_a_signature_is_told() -> None:
    headers = sign("id", datetime.now(UTC), "a=1", [NEW])
    assert verify("a=2", headers, [NEW]) == "invalid: No matching signature found"
    assert verify("a=1", headers, []) == "unchecked"
    assert verify("a=1", sign("id", datetime.now(UTC), "a=1", []), [NEW]) == "missing"
    old = sign("id", datetime(2020, 1, 1, tzinfo=UTC), "a=1", [NEW])
    assert verify("a=1", old, [NEW]) == "invalid: Message timestamp too old"
    assert verify("a=1", {**headers, "webhook-signature": "nonsense"}, [NEW]).startswith("invalid")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é"])
def test_a_secret_that_is_none_is_an_error_of_the_configuration(secret: str) -> None:
    with pytest.raises(ConfigurationError):
        signer(secret)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 1, 7, tzinfo=UTC), "3 days ago"),
        (datetime(2026, 1, 9, tzinfo=UTC), "1 day ago"),
        (datetime(2026, 1, 9, 20, tzinfo=UTC), "4 hours ago"),
        (datetime(2020, 1, 9, tzinfo=UTC), "6 years ago"),
        (datetime(2026, 1, 9, 23, 59, 59, tzinfo=UTC), "just now"),
    ],
)
def test_a_time_past_is_told_in_its_largest_unit(moment: datetime, words: str) -> None:
    assert how_long_ago(moment, datetime(2026, 1, 10, tzinfo=UTC)) == words
