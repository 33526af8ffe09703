"""The number that a text leaves from, where its customer named none."""

from __future__ import annotations

from collections import Counter

import pytest

from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.texts.sending_dids import SendingDids, region_of

ACME = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"sms"}))
RIVAL = LicenseKey("rival", "7f6c1a52-0000-4000-8000-000000000002", frozenset({"sms"}))
JERSEY, TORONTO, LONDON = "+12015550101", "+14165550103", "+442079460104"
THEIRS = "+12015550199"


def snapshot(*numbers: str) -> Snapshot:
    dids = {number: Did(number, sms=ACME) for number in numbers}
    dids[THEIRS] = Did(THEIRS, sms=RIVAL)
    dids["+12015550198"] = Did("+12015550198", voice=ACME)
    return Snapshot(license_keys={"acme": ACME, "rival": RIVAL}, dids=dids)


def chosen(known: Snapshot, recipient: str, times: int = 6) -> Counter[str]:
    sending = SendingDids()
    found = [sending.next_for(known, ACME, recipient) for _ in range(times)]
    return Counter(did.number for did in found if did)


@pytest.mark.parametrize(
    ("recipient", "numbers"),
    [
        ("+14165550123", {TORONTO}),
        ("+442079460000", {LONDON}),
        ("+12125550123", {JERSEY}),
        # Nobody there: the United States' own, before any other.
        ("+33123456789", {JERSEY}),
    ],
)
def test_a_text_leaves_from_a_number_of_the_country_that_it_goes_to(recipient: str, numbers: set[str]) -> None:
    assert set(chosen(snapshot(JERSEY, TORONTO, LONDON), recipient)) == numbers


def test_without_a_number_at_home_any_will_do_in_turns() -> None:
    assert chosen(snapshot(TORONTO, LONDON), "+33123456789") == {TORONTO: 3, LONDON: 3}


def test_numbers_of_one_country_take_turns() -> None:
    assert chosen(snapshot(JERSEY, "+12015550102", "+12015550103"), "+442079460000") == {
        JERSEY: 2,
        "+12015550102": 2,
        "+12015550103": 2,
    }


def test_a_key_without_numbers_for_texts_has_none() -> None:
    assert SendingDids().next_for(snapshot(), ACME, "+12125550123") is None


def test_the_country_of_a_number_is_looked_up_once_until_the_directory_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: Counter[str] = Counter()

    def look_up(number: str) -> str:
        looked_up[number] += 1
        return region_of(number)

    monkeypatch.setattr("controller.texts.sending_dids.region_of", look_up)
    sending, known = SendingDids(), snapshot(JERSEY)
    for _ in range(10):
        assert sending.next_for(known, ACME, "+12125550123") == Did(JERSEY, sms=ACME)
        assert sending.next_for(known, RIVAL, "+12125550123") == Did(THEIRS, sms=RIVAL)
    assert looked_up == {JERSEY: 1, THEIRS: 1}
    assert sending.next_for(snapshot(TORONTO), ACME, "+12125550123") == Did(TORONTO, sms=ACME)
