"""Transfers on a scripted Asterisk: the leg and the bridge are gone when the transfer is over, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pytest

from controller.calls.effects.transfer import abandon, transfer
from controller.calls.effects.transfer_leg import Legs
from controller.calls.line.line import Lost
from controller.calls.model.response_codes import ResponseCode
from controller.directory.current import CurrentDirectory
from controller.directory.routes import Routes
from controller.directory.snapshot import LicenseKey, Phone, Snapshot, Trunk
from controller.script.effects import Transfer
from controller.script.outcomes import HungUp, Outcome, TransferFailed, Transferred
from tests.support.fake_switch import FakeChannel
from tests.support.memory_ari import APPLICATION, MemoryAri, ScriptedLine, scripted_line

OTHER = "+12015550188"
LEG, BRIDGE = "ringpost-1-transfer", "ringpost-1-bridge"
KEY = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"phone"}))
TRUNKS = {"carrier": Trunk("carrier", "127.0.0.2")}
ROUTES = Routes(CurrentDirectory(Snapshot(license_keys={"acme": KEY}, dids={}, trunks=TRUNKS)))


async def _always(_queue_id: int, _routes: object) -> bool:
    return True


async def _over(_queue_id: int) -> None:
    """Nobody counts."""


LEGS = Legs(ROUTES, APPLICATION, _always, _over)


class Happens(Protocol):
    def __call__(self, fake: MemoryAri, scripted: ScriptedLine, task: asyncio.Task[Outcome]) -> None: ...


def _transfer(scripted: ScriptedLine, number: str = OTHER, ring_seconds: float = 30.0) -> asyncio.Task[Outcome]:
    return asyncio.create_task(transfer(scripted.line, Transfer(number, ring_seconds=ring_seconds), LEGS, "acme"))


def _answers(fake: MemoryAri) -> None:
    fake.on_originate = lambda leg: fake.answer(leg.id)


async def _talking(fake: MemoryAri) -> None:
    await fake.until(lambda: len(fake.bridges.get(BRIDGE, ())) == 2)
    await asyncio.sleep(0)


def _nothing_is_left(fake: MemoryAri) -> bool:
    return not fake.bridges and LEG not in fake.channels


async def test_a_transfer_lasts_until_the_other_party_hangs_up() -> None:
    fake = MemoryAri()
    _answers(fake)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await _talking(fake)
    fake.hang_up(LEG)
    assert await task == Transferred()
    assert scripted.log.log.transfer == "bridged"
    assert scripted.line.transfer_routes == ()
    assert _nothing_is_left(fake)


async def test_on_a_call_that_was_placed_the_transfer_is_reported() -> None:
    fake = MemoryAri()
    _answers(fake)
    scripted = scripted_line(fake, outgoing=True)
    task = _transfer(scripted)
    await _talking(fake)
    fake.hang_up(scripted.line.channel.id)
    assert await task == HungUp()
    assert scripted.reported == [("call.transferred", ResponseCode.TRANSFERRED)]
    assert _nothing_is_left(fake)


@pytest.mark.parametrize(("cause", "reason"), [(17, "busy"), (19, "noanswer"), (21, "refused"), (34, "failed")])
async def test_who_does_not_answer_leaves_no_leg_and_no_bridge(cause: int, reason: str) -> None:
    fake = MemoryAri()

    def reject(leg: FakeChannel) -> None:
        fake.reject(leg.id, cause=cause, dial_status="CHANUNAVAIL")

    fake.on_originate = reject
    assert await _transfer(scripted_line(fake)) == TransferFailed(reason)
    assert _nothing_is_left(fake)


async def test_a_premium_number_is_refused_before_anything_is_made() -> None:
    fake = MemoryAri()
    assert await _transfer(scripted_line(fake), "+19005550199") == TransferFailed("refused")
    assert fake.requests_of("POST", "channels/create") == []


def _hangs_up(fake: MemoryAri, scripted: ScriptedLine, task: asyncio.Task[Outcome]) -> None:
    fake.hang_up(scripted.line.channel.id)


def _ended(fake: MemoryAri, scripted: ScriptedLine, task: asyncio.Task[Outcome]) -> None:
    scripted.line.end("call-length-limit")


def _cut_off(fake: MemoryAri, scripted: ScriptedLine, task: asyncio.Task[Outcome]) -> None:
    task.cancel()


@pytest.mark.parametrize("happens", [_hangs_up, _ended, _cut_off])
@pytest.mark.parametrize("answered", [False, True])
async def test_whatever_ends_the_call_nothing_is_left_of_the_transfer(answered: bool, happens: Happens) -> None:
    fake = MemoryAri()
    if answered:
        _answers(fake)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    if answered:
        await _talking(fake)
    else:
        await fake.asked("POST", r"channels/[^/]+/dial")
    happens(fake, scripted, task)
    await asyncio.wait([task])
    assert task.cancelled() or task.result() == HungUp()
    assert _nothing_is_left(fake)


@pytest.mark.parametrize("request_uri", [r"bridges/[^/]+", r"bridges/[^/]+/addChannel", r"channels/[^/]+/dial"])
@pytest.mark.parametrize("silent", [False, True])
async def test_a_request_that_fails_leaves_nothing(request_uri: str, silent: bool) -> None:
    fake = MemoryAri()
    _answers(fake)
    if silent:
        fake.stall("POST", request_uri)
    else:
        fake.refuse("POST", request_uri, status=500)
    scripted = scripted_line(fake)
    assert await _transfer(scripted) == TransferFailed("failed")
    assert scripted.log.log.transfer == "failed"
    assert _nothing_is_left(fake)


async def test_a_call_that_is_handed_over_keeps_its_conversation_and_the_next_controller_rejoins_it() -> None:
    fake = MemoryAri()
    _answers(fake)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await _talking(fake)
    scripted.line.hand_over()
    task.cancel()
    await asyncio.wait([task])
    assert fake.bridges == {BRIDGE: [scripted.line.channel.id, LEG]}

    scripted.line.events.close()
    adopted = scripted_line(fake, channel_id=scripted.line.channel.id)
    again = _transfer(adopted)
    await fake.until(lambda: len(fake.requests_of("GET", f"bridges/{BRIDGE}")) == 2)
    await asyncio.sleep(0)
    fake.hang_up(LEG)
    assert await again == Transferred()
    assert len(fake.requests_of("POST", "channels/create")) == 1
    assert _nothing_is_left(fake)


async def test_a_conversation_that_ended_unseen_is_over_and_nobody_is_called_again() -> None:
    fake = MemoryAri()
    _answers(fake)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await _talking(fake)
    fake.client.lose()
    with pytest.raises(Lost):
        await task
    fake.hang_up(LEG)
    fake.client.regain()
    await scripted.line.restored(1)
    assert await _transfer(scripted) == Transferred()
    assert len(fake.requests_of("POST", "channels/create")) == 1
    assert _nothing_is_left(fake)


@pytest.mark.parametrize("meanwhile", ["rings", "answers"])
async def test_a_leg_that_rang_when_the_connection_was_lost_is_not_called_twice(meanwhile: str) -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.ringing(leg.id)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await fake.until(lambda: (LEG in fake.channels and fake.channels[LEG].state == "Ringing") or False)
    fake.client.lose()
    with pytest.raises(Lost):
        await task
    if meanwhile == "answers":
        fake.channels[LEG].state = "Up"
    fake.client.regain()
    await scripted.line.restored(1)
    again = _transfer(scripted)
    if meanwhile == "rings":
        await fake.until(lambda: len(fake.requests_of("POST", r"channels/[^/]+/ring")) == 2)
        fake.answer(LEG)
    await _talking(fake)
    fake.hang_up(LEG)
    assert await again == Transferred()
    assert len(fake.requests_of("POST", r"channels/[^/]+/dial")) == 1


async def test_a_leg_that_may_not_have_been_called_is_made_anew() -> None:
    fake = MemoryAri()
    _answers(fake)
    fake.surviving_channel(LEG, state="Down").outgoing = True
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await _talking(fake)
    fake.hang_up(LEG)
    assert await task == Transferred()
    assert len(fake.requests_of("POST", "channels/create")) == 2


async def test_what_is_left_of_a_transfer_whose_call_ended_while_nobody_listened_is_taken_down() -> None:
    fake = MemoryAri()
    _answers(fake)
    scripted = scripted_line(fake)
    task = _transfer(scripted)
    await _talking(fake)
    fake.client.lose()
    with pytest.raises(Lost):
        await task
    fake.client.regain()
    await abandon(scripted.line)
    assert _nothing_is_left(fake)


async def test_a_transfer_waits_for_no_trunk_that_is_full() -> None:
    async def never(_queue_id: int, _routes: object) -> bool:
        return False

    fake = MemoryAri()
    scripted = scripted_line(fake)
    outcome = await transfer(scripted.line, Transfer(OTHER), Legs(ROUTES, APPLICATION, never, _over), "acme")
    assert outcome == TransferFailed("failed")
    assert not fake.channels.keys() - {scripted.line.channel.id}


async def test_a_key_at_a_limit_of_its_usage_transfers_to_its_own_phones_and_through_no_trunk() -> None:
    phone = Phone("alice", "secret", "+12015550110")
    known = Snapshot(license_keys={"acme": KEY}, dids={}, trunks=TRUNKS, phones={"alice": phone})
    routes, held = Routes(CurrentDirectory(known)), {"acme"}
    legs = Legs(routes, APPLICATION, _always, _over, lambda name: name in held)
    fake = MemoryAri()
    scripted = scripted_line(fake)
    assert await transfer(scripted.line, Transfer(OTHER), legs, "acme") == TransferFailed("refused")
    assert not fake.channels.keys() - {scripted.line.channel.id}
    _answers(fake)
    for effect in (Transfer("+12015550110"), Transfer(OTHER, others=("+12015550110",))):
        scripted = scripted_line(fake)
        task = asyncio.create_task(transfer(scripted.line, effect, legs, "acme"))
        await _talking(fake)
        fake.hang_up(LEG)
        assert await task == Transferred()


TWO_TRUNKS = {"carrier": Trunk("carrier", "127.0.0.2"), "second": Trunk("second", "127.0.0.3", number_format="plain")}


def _through(fake: MemoryAri) -> list[str]:
    """The dial strings of the legs so far."""
    return [
        str(asked.query.get("endpoint") or asked.body["endpoint"])
        for asked in fake.requests_of("POST", "channels/create")
    ]


async def test_a_transfer_takes_the_next_trunk_when_one_fails_before_anything_rang() -> None:
    fake, told = MemoryAri(), list[str]()
    snapshot = Snapshot(license_keys={"acme": KEY}, dids={}, trunks=TWO_TRUNKS)
    admitted: list[tuple[str, ...]] = []

    async def admit(_queue_id: int, routes: Sequence[str]) -> bool:
        admitted.append(tuple(routes))
        return True

    def failed(trunk: str, _reason: str) -> None:
        told.append(f"{trunk} failed")

    def worked(trunk: str) -> None:
        told.append(f"{trunk} worked")

    legs = Legs(Routes(CurrentDirectory(snapshot)), APPLICATION, admit, _over, failed=failed, worked=worked)

    def congested_once(leg: FakeChannel) -> None:
        if len(_through(fake)) == 1:
            fake.reject(leg.id, cause=34, dial_status="CONGESTION")
        else:
            fake.answer(leg.id)

    fake.on_originate = congested_once
    task = asyncio.create_task(transfer(scripted_line(fake).line, Transfer(OTHER), legs, "acme"))
    await _talking(fake)
    fake.hang_up(LEG)
    assert await task == Transferred()
    assert _through(fake) == ["PJSIP/+12015550188@carrier", "PJSIP/12015550188@second"]
    assert admitted == [("carrier",), ("second",)]
    assert told == ["carrier failed", "second worked"]
    assert _nothing_is_left(fake)


@pytest.mark.parametrize(("cause", "legs"), [(17, 1), (21, 1), (34, 2)])
async def test_a_transfer_ends_when_the_callee_declines_or_every_trunk_has_failed(cause: int, legs: int) -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.reject(leg.id, cause=cause, dial_status="CONGESTION")
    snapshot = Snapshot(license_keys={"acme": KEY}, dids={}, trunks=TWO_TRUNKS)
    made = Legs(Routes(CurrentDirectory(snapshot)), APPLICATION, _always, _over)
    outcome = await transfer(scripted_line(fake).line, Transfer(OTHER), made, "acme")
    assert isinstance(outcome, TransferFailed)
    assert len(_through(fake)) == legs
    assert _nothing_is_left(fake)


def test_a_trunk_that_rests_is_taken_when_no_other_one_leads_to_the_number() -> None:
    resting = {"carrier"}
    routes = Routes(CurrentDirectory(Snapshot(license_keys={"acme": KEY}, trunks=TWO_TRUNKS)), resting.__contains__)
    assert routes.trunk_to(OTHER) == "second"
    assert routes.endpoint_for(OTHER, "acme").endswith("@second")
    assert routes.trunks_to(OTHER) == ["carrier", "second"]
    resting.add("second")
    assert routes.trunk_to(OTHER) == "carrier"
