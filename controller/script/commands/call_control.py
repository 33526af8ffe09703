"""The call itself: transfers, conferences, silence, what is sent to whom about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command, argument, dynamic
from controller.script.commands.kinds import COUNT, EMAIL, FLAG, PHONE, SECONDS, TEXT, URL
from controller.script.commands.machine import Machine
from controller.script.commands.waits import limited
from controller.script.effects import BlockTexts, Effect, End, JoinConference, ListenForSilence, Transfer
from controller.script.outcomes import Failed, Outcome, TransferFailed, Transferred
from controller.script.url_text import quoted

LONGEST_SILENCE = 10.0
MOST_TRIES = 10
RING_LIMITS = (5.0, 120.0)
CONFERENCE_KEY = "confkey"


def _rings(seconds: float) -> float:
    """A time to ring within its limits."""
    return min(max(seconds, RING_LIMITS[0]), RING_LIMITS[1])


@dataclass(frozen=True, slots=True)
class ActOnFeature(Command):
    r"""Say whether the call starts again when an answering machine, a fax or a ringing tone is recognised. It does.

    The script then goes on at its label `amd` (machine, fax) if it has one, or `ring`; else at `start`. Each of the
    three does so once in a call. What is recognised is in the variable `machinedetection` either way.

    act: true or false.

    Example:
        ~\ActOnFeature(false)~ This is said once, whoever answers.
    """

    name: ClassVar[str] = "ActOnFeature"
    only_sets: ClassVar[bool] = True
    act: str = argument(FLAG)

    def perform(self, machine: Machine) -> Effect | None:
        act = machine.read(FLAG, self.act, of=self)
        if act is not None:
            machine.state.act_on_feature = act
        return None


@dataclass(frozen=True, slots=True)
class Conference(Command):
    r"""Put the call into a conference.

    The variable `confkey` names the room. A call that has none opens a room and gets a new key in it, which arrives
    with the status post-back; other calls join with SetVar(ConfKey|the key) at the front of their script. When the
    conference is ended from outside, the script goes on with the next command.

    Example:
        You are being connected. ~\Conference()~ The conference is over.
    """

    name: ClassVar[str] = "Conference"
    conversation: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:
        key = machine.variable(CONFERENCE_KEY).strip()
        start = not key
        if start:
            key = machine.new_key()
            machine.set_variable(CONFERENCE_KEY, key)
        return JoinConference(key, start)

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


@dataclass(frozen=True, slots=True)
class OptOut(Command):
    r"""Opt the other party out: the licence key sends no more texts to this number, as if STOP had come from it.

    Where the key says `opt_out_covers_calls`, it is not called either. RESUME from the number opens it again. Nothing
    is said and no confirmation is sent: let the script say it. Without a number (a withheld one) nothing happens. This
    command is Ringpost's own.

    Example:
        ~\OptOut()~ You will get no more texts from us.
    """

    name: ClassVar[str] = "OptOut"
    interruptible: ClassVar[bool] = False

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (the call knows the number)
        return BlockTexts()

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, Failed):
            machine.error(f"OptOut: {outcome.reason}")
        return None


@dataclass(frozen=True, slots=True)
class TransferTo(Command):
    r"""Transfer the call: another party is called, and both are connected until one of them hangs up.

    That is the end of the script. When the transfer fails (busy, no answer), it goes on with the next command.

    number: whom to call.
    caller_id: the number that the other party sees; the call's own when it is left out.
    caller_id_name: the name that the other party sees.
    ring_seconds: how long it rings before the transfer has failed; 5 to 120.

    Example:
        One moment. ~\TransferTo(12015550110)~ Sorry, nobody is there.
    """

    name: ClassVar[str] = "TransferTo"
    conversation: ClassVar[bool] = True
    ends: ClassVar[bool] = True
    number: str = argument(PHONE)
    caller_id: str = argument(PHONE, "")
    caller_id_name: str = argument(TEXT, "")
    ring_seconds: str = argument(SECONDS, "30")

    def perform(self, machine: Machine) -> Effect | None:
        number = machine.read(PHONE, self.number, of=self)
        if number is None:
            return None
        caller_id = machine.read(PHONE, self.caller_id, of=self) or ""
        caller_id_name = machine.text(self.caller_id_name)[:80]
        seconds = machine.read(SECONDS, self.ring_seconds, of=self)
        if caller_id:
            machine.set_variable("transfercallerid", caller_id)
        if caller_id_name:
            machine.set_variable("transfercalleridname", caller_id_name)
        return Transfer(number, caller_id, caller_id_name, _rings(30.0 if seconds is None else seconds))

    def doubts(self) -> Iterable[tuple[str, str]]:
        return limited(self.name, "the time to ring", self.ring_seconds, *RING_LIMITS)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, TransferFailed):
            machine.error(f"TransferTo: the transfer failed ({outcome.reason}).")
        return End("transferred") if isinstance(outcome, Transferred) else None

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


@dataclass(frozen=True, slots=True)
class WaitForSilence(Command):
    r"""Wait until the other side has been silent for so many seconds, at most 10 seconds a try.

    Outgoing calls do so by themselves before they begin, unless the script has QuickStart.

    seconds: how much silence; decimals are allowed.
    tries: how many times 10 seconds to wait for it.

    Example:
        ~\Label(amd)~ ~\WaitForSilence(2)~ Please call us back.
    """

    name: ClassVar[str] = "WaitForSilence"
    seconds: str = argument(SECONDS)
    tries: str = argument(COUNT, "1")

    def perform(self, machine: Machine) -> Effect | None:
        seconds = machine.read(SECONDS, self.seconds, of=self)
        tries = machine.read(COUNT, self.tries, of=self) or 1
        return (
            ListenForSilence(min(seconds, LONGEST_SILENCE), min(tries, MOST_TRIES), LONGEST_SILENCE)
            if seconds
            else None
        )

    def lasts(self) -> tuple[float, float]:
        seconds, tries = SECONDS.read(self.seconds), COUNT.read(self.tries) or MOST_TRIES
        if seconds == 0:
            return 0.0, 0.0
        return min(seconds or 0.0, LONGEST_SILENCE), LONGEST_SILENCE * min(tries, MOST_TRIES)

    def doubts(self) -> Iterable[tuple[str, str]]:
        yield from limited(self.name, "the silence", self.seconds, 0.0, LONGEST_SILENCE)
        tries = COUNT.read(self.tries)
        if tries is not None and tries > MOST_TRIES:
            yield "limited-wait", f"{self.name} tries at most {MOST_TRIES} times."


@dataclass(frozen=True, slots=True)
class MaxRingTime(Command):
    r"""Say how long an outgoing call rings before it counts as not answered. It is read before the call is placed.

    seconds: 5 to 120; 60 without this command. Of several, the first counts.

    Example:
        ~\MaxRingTime(20)~ Hello.
    """

    DEFAULT: ClassVar[int] = 60

    name: ClassVar[str] = "MaxRingTime"
    only_sets: ClassVar[bool] = True
    seconds: str = argument(SECONDS)

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (it was read before the call)
        return None

    def doubts(self) -> Iterable[tuple[str, str]]:
        if dynamic(self.seconds):
            return (("limited-wait", f"{self.name} is read before the call; a variable counts as {self.DEFAULT}."),)
        return limited(self.name, "the time to ring", self.seconds, *RING_LIMITS)

    def ring_seconds(self) -> int:
        """The time within its limits."""
        seconds = SECONDS.read(self.seconds)
        return self.DEFAULT if seconds is None else round(_rings(seconds))


@dataclass(frozen=True, slots=True)
class QuickStart(Command):
    r"""Start to speak as soon as an outgoing call is answered, without the wait for the other side to fall silent.

    Machines are recognised meanwhile, and the call then starts again, unless ActOnFeature(false) says otherwise. It
    holds wherever it stands in the script.

    quick: true or false; true when it is left out.

    Example:
        ~\QuickStart()~ Hello.
    """

    name: ClassVar[str] = "QuickStart"
    only_sets: ClassVar[bool] = True
    quick: str = argument(FLAG, "true")

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (it was read before the call)
        return None

    def wanted(self) -> bool:
        """Whether it says true."""
        return FLAG.read(self.quick) is not False


@dataclass(frozen=True, slots=True)
class StatusChangePostURL(Command):
    r"""Say where the post-backs of this call go from now on; put it at the beginning of the script.

    url: where changes of the call's status are posted; what may not stand in a URL is percent-encoded.

    Example:
        ~\StatusChangePostURL(https://www.example.com/status)~ Hello.
    """

    name: ClassVar[str] = "StatusChangePostURL"
    only_sets: ClassVar[bool] = True
    url: str = argument(URL)

    def perform(self, machine: Machine) -> Effect | None:
        url = machine.read(URL, self.url, of=self)
        if url is not None:
            machine.state.status_post_url = quoted(url)
            machine.note("post_url", url=machine.state.status_post_url)
        return None


@dataclass(frozen=True, slots=True)
class DebugEmail(Command):
    r"""Mail the trace of the call, line by line, to somebody when it is over. Take it out of scripts in production.

    Only addresses that the licence key names under `mail_to` get mails, at most 60 an hour each. Without a mail server
    in the configuration, the trace is kept with the call only.

    address: who gets it, one plain address.

    Example:
        ~\DebugEmail(you@example.com)~ Hello.
    """

    name: ClassVar[str] = "DebugEmail"
    only_sets: ClassVar[bool] = True
    address: str = argument(EMAIL)

    def perform(self, machine: Machine) -> Effect | None:
        address = machine.read(EMAIL, self.address, of=self)
        if address is not None:
            machine.state.debug_email = address
        return None


@dataclass(frozen=True, slots=True)
class ErrorEmail(Command):
    r"""Mail the trace of the call to somebody, but only if an error happened in it.

    An error is one in the call's trace (a sound that is not there, a failed transfer, a loop that had to be stopped …),
    and a post-back of the call that did not arrive. Limits and mail server are those of DebugEmail.

    address: who gets it, one plain address.

    Example:
        ~\ErrorEmail(you@example.com)~ Hello.
    """

    name: ClassVar[str] = "ErrorEmail"
    only_sets: ClassVar[bool] = True
    address: str = argument(EMAIL)

    def perform(self, machine: Machine) -> Effect | None:
        address = machine.read(EMAIL, self.address, of=self)
        if address is not None:
            machine.state.error_email = address
        return None


COMMANDS: tuple[type[Command], ...] = (
    ActOnFeature,
    Conference,
    DebugEmail,
    ErrorEmail,
    MaxRingTime,
    OptOut,
    QuickStart,
    StatusChangePostURL,
    TransferTo,
    WaitForSilence,
)
