"""Which of its numbers a key's text leaves from: by the country of who gets it, and in turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException

from controller.directory.snapshot import Did, LicenseKey, Snapshot

HOME = "US"


@dataclass(frozen=True, slots=True)
class _Owned:
    """The DIDs of one key that send texts, by their country (ISO 3166)."""

    dids: Sequence[Did]
    by_region: Mapping[str, Sequence[Did]]


class SendingDids:
    """Chooses DIDs. What a key owns is sorted once for each state of the directory: a number's country is dear."""

    def __init__(self) -> None:
        self._turns: Counter[str] = Counter()
        self._snapshot: Snapshot | None = None
        self._owned: dict[str, _Owned] = {}

    def next_for(self, snapshot: Snapshot, key: LicenseKey, recipient: str) -> Did | None:
        """The key's next DID for a text to a number (E.164): of its country, else of the United States, else any.

        None when the key has none.
        """
        owned = self._of(snapshot, key)
        if not owned.dids:
            return None
        fitting = owned.dids
        if len(owned.by_region) > 1:
            fitting = owned.by_region.get(region_of(recipient)) or owned.by_region.get(HOME) or owned.dids
        self._turns[key.name] += 1
        return fitting[self._turns[key.name] % len(fitting)]

    def _of(self, snapshot: Snapshot, key: LicenseKey) -> _Owned:
        if self._snapshot is not snapshot:
            self._snapshot, self._owned = snapshot, {}
        owned = self._owned.get(key.name)
        if owned is None:
            dids = [did for did in snapshot.dids.values() if did.sms and did.sms.name == key.name]
            by_region: dict[str, list[Did]] = {}
            for did in dids:
                by_region.setdefault(region_of(did.number), []).append(did)
            owned = self._owned[key.name] = _Owned(dids, by_region)
        return owned


def region_of(number: str) -> str:
    """The country that a number belongs to, in ISO 3166 letters; the United States where nobody can tell."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or HOME
    except NumberParseException:
        return HOME
