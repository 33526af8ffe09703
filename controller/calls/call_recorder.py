"""Call recording: calls to numbers, and of phones, that ask for it are recorded whole, both sides in one file.

A channel that hears the call (a snoop) is recorded, and ends with the call. Asterisk records on while the controller is
away; what nobody follows to its end is kept by the sweep, as every recording is (`calls.store.recordings`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, ChannelEvents
from controller.calls.effects.owned import removed
from controller.calls.line.line import HANG_UP_EVENTS, Line
from controller.calls.live import LiveCalls
from controller.calls.model.call import LONGEST_CALL_SECONDS, Call, Direction, tape_id
from controller.calls.store.call_recordings import OWN_NUMBERS, sound_id_of
from controller.calls.store.recordings import Recordings
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Phone
from controller.errors import AsteriskError, AudioInvalid, StoreError
from controller.metering.usage_watch import HoldsKey
from controller.numbers import try_number
from controller.script.effects import Transfer

log = structlog.get_logger()

ENTER_SECONDS = 5.0
# A sound lasts an hour at most, and Asterisk stops up to two seconds late.
LONGEST_SECONDS = round(LONGEST_CALL_SECONDS) - 3
# The file is whole when RecordingFinished is told; it comes right after the end of the channel.
FINISHED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Tape:
    """What is to be recorded: the call as this channel hears it, for an account of a licence key. what: see
    `sound_id_of`.
    """

    queue_id: int
    channel_id: str
    what: str
    license_key: str
    account: str
    direction: Direction

    @property
    def sound_id(self) -> str:
        return sound_id_of(self.account, self.direction, self.queue_id, self.what)


class CallRecorder:
    """Records live calls of this controller. holds_key: whether a key has reached a limit of its usage: nothing more is
    recorded for it then. file: makes recordings of what is stored (`CallRecordings.file`).
    """

    def __init__(
        self,
        live: LiveCalls,
        ari: AriClient,
        directory: CurrentDirectory,
        recordings: Recordings,
        application: str,
        holds_key: HoldsKey,
        file: Callable[[], Awaitable[object]],
    ) -> None:
        self._live = live
        self._ari = ari
        self._directory = directory
        self._recordings = recordings
        self._application = application
        self._holds_key = holds_key
        self._file = file

    def call_answered(self, call: Call, endpoint: str) -> None:
        """A call that came in, through this endpoint of Asterisk, is answered: record it if its number, or the phone
        that calls, asks for that.
        """
        snapshot = self._directory.snapshot
        did = snapshot.did(call.our_number)
        if did is not None and did.voice is not None and did.records_calls:
            self._begin(_Tape(call.queue_id, call.channel_id, "did", did.voice.name, OWN_NUMBERS, "incoming"))
        phone = snapshot.phones.get(endpoint)
        if phone is not None and phone.records_calls:
            self._begin(_Tape(call.queue_id, call.channel_id, "phone", phone.owner, phone.name, "outgoing"))

    def leg_answered(self, line: Line, leg_id: str, effect: Transfer, license_key: str) -> None:
        """Who a call was transferred to has answered: record that if it is a phone that asks for it."""
        if any(phone.records_calls for phone in self._directory.snapshot.phones.values()):
            self._live.own(self._leg_answered(line, leg_id, effect, license_key))

    async def _leg_answered(self, line: Line, leg_id: str, effect: Transfer, license_key: str) -> None:
        phone = await self._phone(leg_id, effect, license_key)
        if phone is None or not phone.records_calls:
            return
        number = next((each.call.legs for each in self._live.sessions() if each.line is line), None)
        if number is not None:
            self._begin(_Tape(line.queue_id, leg_id, f"leg{number}", phone.owner, phone.name, "incoming"))

    async def _phone(self, leg_id: str, effect: Transfer, license_key: str) -> Phone | None:
        """The phone of ours that answered a transfer."""
        snapshot, target = self._directory.snapshot, effect.number
        if effect.others:
            try:
                # The far half of the leg (its name ends in ;2) dials them, and knows who answered: PJSIP/NAME-00000001.
                name = (await self._ari.channels.get(leg_id).state()).name
                far = self._ari.channels.get(f"{name.removesuffix(';1')};2")
                answered = await far.get_variable("DIALEDPEERNAME")
            except AsteriskError as error:
                log.info("who of a group answered is not known", reason=str(error))
                return None
            return snapshot.phones.get(answered.removeprefix("PJSIP/").rpartition("-")[0])
        if target.lower().startswith("sip:"):
            return snapshot.phone_of(license_key, target[4:])
        number = try_number(target)
        return snapshot.phone_by_number(number) if number else None

    def _begin(self, tape: _Tape) -> None:
        if self._holds_key(tape.license_key):
            log.warning("a call is not recorded", call=tape.queue_id, reason="the licence key has reached a limit")
            return
        name = self._recordings.begin(tape.queue_id, tape.what, tape.license_key, tape.sound_id)
        self._live.own(self._record(tape, name))

    async def _record(self, tape: _Tape, name: str) -> None:
        """From the beginning to the stored sound; what is interrupted goes on in Asterisk, and is swept."""
        snoop_id = tape_id(tape.queue_id, tape.what)
        events = self._ari.events_of(snoop_id)
        with self._recordings.followed(name):
            try:
                if not await self._begun(tape, name, snoop_id, events):
                    await self._remove(snoop_id)
                    # A request without an answer may have been carried out.
                    await removed("the file of a call", partial(self._ari.recordings.delete_stored, name))
                    await self._recordings.drop(name)
                    return
                await self._recordings.note(name)
                log.info("a call is recorded", call=tape.queue_id, what=tape.what)
                if not await _finished(events, name):
                    return
            finally:
                events.close()
            await self._remove(snoop_id)
            await self._keep(tape, name)

    async def _begun(self, tape: _Tape, name: str, snoop_id: str, events: ChannelEvents) -> bool:
        try:
            channel = self._ari.channels.get(tape.channel_id)
            snoop = await channel.snoop(snoop_id=snoop_id, application=self._application, spy="both")
            if not await _entered(events):
                return False
            await snoop.record(name=name, max_seconds=LONGEST_SECONDS, if_exists="fail")
        except AsteriskError as error:
            log.warning("a call is not recorded", call=tape.queue_id, reason=str(error))
            return False
        return True

    async def _keep(self, tape: _Tape, name: str) -> None:
        try:
            seconds = await self._recordings.keep(name)
        except (AsteriskError, AudioInvalid) as error:
            log.warning("a recorded call is not kept now", call=tape.queue_id, reason=str(error))
            return
        log.info("a call was recorded", call=tape.queue_id, what=tape.what, seconds=round(seconds, 1))
        with suppress(StoreError):  # it is filed when the recordings are listed
            await self._file()

    async def _remove(self, snoop_id: str) -> None:
        await removed("the channel that records a call", self._ari.channels.get(snoop_id).hangup)


async def _entered(events: ChannelEvents) -> bool:
    """Wait until the channel is in the application; False when it does not come, or its call is over already."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ENTER_SECONDS
    while (event := await events.get(deadline - loop.time())) is not None:
        if event.type == "StasisStart":
            return True
        if event.type in HANG_UP_EVENTS or event.type == CONNECTION_LOST:
            return False
    return False


async def _finished(events: ChannelEvents, name: str) -> bool:
    """Wait for the end of the recording; False when nobody tells of it, because the connection was lost."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST_CALL_SECONDS + FINISHED_SECONDS
    while (event := await events.get(deadline - loop.time())) is not None:
        if event.recording_name == name and event.type in ("RecordingFinished", "RecordingFailed"):
            return True
        if event.type == CONNECTION_LOST:
            return False
        if event.type in HANG_UP_EVENTS:
            deadline = min(deadline, loop.time() + FINISHED_SECONDS)
    return False
