"""Loops of transfers: chains are counted, also through a carrier; callers of a busy number are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from controller.calls.loops import MOST_LINKS, Loops
from controller.calls.model.call import AnsweredLeg

if TYPE_CHECKING:
    from controller.calls.live import LiveCalls

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CALLER, OURS, OTHERS = "+13125550199", "+12015550101", "+12015550102"


@dataclass
class Exchange:
    """The calls in progress, as far as loops look at them."""

    calls: list[Any] = field(default_factory=list)

    def sessions(self) -> list[Any]:
        return self.calls

    def comes(self, loops: Loops, *, caller: str = CALLER, ours: str = OURS) -> bool:
        """Whether the next call is cut; it is answered at once, and its transfer rings at a carrier."""
        number = len(self.calls)
        cut = loops.is_loop(f"channel-{number}", caller)
        call = SimpleNamespace(
            queue_id=number, their_number=caller, our_number=ours, transfer="ringing", leg=None, answered_at=NOON
        )
        line = SimpleNamespace(channel=SimpleNamespace(id=f"channel-{number}"), transfer_routes=("carrier",))
        self.calls.append(SimpleNamespace(call=call, line=line))
        return cut

    def last_but_one_is_answered(self, after: float) -> None:
        """The transfer of the call before the newest one is answered, so long after noon."""
        if len(self.calls) > 1:
            call = self.calls[-2].call
            call.leg, call.transfer = AnsweredLeg(1, CALLER, "carrier", NOON + timedelta(seconds=after)), "bridged"


def looped(exchange: Exchange) -> Loops:
    return Loops(cast("LiveCalls", exchange))


def test_what_the_carrier_brings_back_is_cut_after_some_links_whichever_number_of_ours_it_comes_to() -> None:
    exchange = Exchange()
    loops = looped(exchange)
    cut = []
    for link in range(MOST_LINKS + 2):
        cut.append(exchange.comes(loops, ours=(OURS, OTHERS)[link % 2]))
        exchange.last_but_one_is_answered(0.1)
    assert cut == [False] * (MOST_LINKS + 1) + [True]


def test_callers_who_withhold_their_numbers_are_no_loop() -> None:
    exchange = Exchange()
    loops = looped(exchange)
    for _ in range(20):
        assert not exchange.comes(loops, caller="anonymous")
        exchange.last_but_one_is_answered(9.0)
    assert not looped(exchange).is_loop("new", CALLER)
