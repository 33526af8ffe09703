"""`ringpost call`: the running system calls somebody, told as it happens; cancelling and ending calls."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from controller.calls.model.order import Order
from controller.commands.callee_phone import callee_at_trunk
from controller.commands.running_command import AnsweredBy
from controller.commands.trial import KeyPress
from controller.commands.watching import NOT_RUNNING, Addresses, CallWatch, addresses_of
from controller.config.load import Configuration, read_configuration
from controller.errors import ConfigurationError, InvalidConfiguration, Mistake, RingpostError
from controller.numbers import parse_number
from controller.script.parser import LONGEST_SCRIPT

REQUEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class WantedCall:
    """The call to be placed, as the command line says it.

    order: what is asked for; its script is what to say, or empty where `script_file` holds it. key: the licence key, by
    its name; None for the only one. answered_by, presses: the test phone that takes the call.
    """

    order: Order
    script_file: Path | None = None
    key: str | None = None
    answered_by: AnsweredBy | None = None
    presses: tuple[KeyPress, ...] = ()


async def place_call(config: Path, wanted: WantedCall, console: Console, *, follow: bool) -> bool:
    """Have the call placed, and print what becomes of it. True when it was answered, or is not followed.

    RingpostError when it is refused; InvalidConfiguration with the script's mistakes.
    """
    if reason := _contradiction(wanted, follow=follow):
        raise RingpostError(reason)
    configuration = read_configuration(config)
    addresses = addresses_of(configuration)
    body = _body(configuration, wanted)
    timeout = aiohttp.ClientTimeout(total=None, connect=REQUEST_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
        if not follow:
            console.print(f"queued: QueueID {await _queue(http, addresses, body, wanted.script_file)}")
            return True
        watch = CallWatch(addresses, console)
        watch.wait_for_id()
        async with (
            watch.watching(http, {"their_number": parse_number(wanted.order.number)}),
            callee_at_trunk(configuration, wanted.answered_by, list(wanted.presses), watch)
            if wanted.answered_by
            else nullcontext(),
        ):
            queue_id = await _queue(http, addresses, body, wanted.script_file)
            watch.say("queued", f"QueueID={queue_id}", "bold")
            watch.tell_of(queue_id)
            if not await watch.ended():
                raise RingpostError(f"the service went away; `ringpost calls show {queue_id}` shows what becomes of it")
            await watch.rest()
            return watch.answered


async def cancel_call(config: Path, queue_id: int) -> None:
    """Take back a call that waits to be dialled. RingpostError when it does not wait."""
    await _ask(config, f"/admin/calls/{queue_id}/cancel", None)


async def end_call(config: Path, queue_id: int) -> str:
    """End a call in progress; gives what was done, for people. RingpostError when it is none."""
    return _done(await _ask(config, f"/admin/calls/{queue_id}/end", None), "ended")


async def transfer_call(config: Path, queue_id: int, to: str) -> str:
    """Transfer a call in progress; gives what was done, for people. RingpostError when it cannot be."""
    return _done(await _ask(config, f"/admin/calls/{queue_id}/transfer", {"to": to}), "transferred")


async def end_conference(config: Path, key: str, conference: str) -> str:
    """End a conference of a licence key; gives what was done, for people. RingpostError when there is none."""
    return _done(await _ask(config, "/admin/conferences/end", {"key": key, "conference": conference}), "ended")


async def _ask(config: Path, path: str, body: Any) -> dict[str, Any]:
    """Ask the running service for something. RingpostError with its reason when it is not done."""
    addresses = addresses_of(read_configuration(config))
    async with aiohttp.ClientSession(trust_env=False) as http:
        status, answer = await _post(http, addresses, path, body)
    if status != 200:
        raise RingpostError(str(answer.get("error", f"the service answered {status}")))
    return answer


def _done(answer: dict[str, Any], done: str) -> str:
    controllers = ", ".join(answer.get("controllers", ()))
    return f"passed on to the controller {controllers}" if controllers else done


def _contradiction(wanted: WantedCall, *, follow: bool) -> str:
    """Why the options do not go together; empty when they do."""
    if bool(wanted.order.script) == bool(wanted.script_file):
        return "say what is to be said: --say TEXT or --script FILE, one of them"
    if wanted.presses and wanted.answered_by is None:
        return "--press is for the test phone of --answered-by"
    if wanted.answered_by is not None and not follow:
        return "the test phone of --answered-by is there as long as the call is followed: leave --no-follow out"
    return ""


def _body(configuration: Configuration, wanted: WantedCall) -> dict[str, Any]:
    order = wanted.order if wanted.script_file is None else replace(wanted.order, script=_source(wanted.script_file))
    asked: dict[str, Any] = {name: value for name, value in asdict(order).items() if value is not None}
    if order.at is not None:
        asked["at"] = order.at.isoformat()
    return {"key": wanted.key or _only_key(configuration), **asked}


def _only_key(configuration: Configuration) -> str:
    names = [key.shown_name for key in configuration.snapshot.license_keys.values() if "phone" in key.products]
    if len(names) == 1:
        return names[0]
    raise ConfigurationError(f"say for which licence key the call is: --key {' or '.join(names) or 'NAME'}")


def _source(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read(LONGEST_SCRIPT + 1)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


async def _queue(http: aiohttp.ClientSession, addresses: Addresses, body: dict[str, Any], script: Path | None) -> int:
    status, answer = await _post(http, addresses, "/admin/calls", body)
    if status == 202:
        return int(answer["queue_id"])
    mistakes = [Mistake(**mistake) for mistake in answer.get("mistakes", ())]
    if mistakes:
        raise InvalidConfiguration([replace(each, file=str(script or "the text")) for each in mistakes])
    code = f" (response code {answer['response_code']})" if "response_code" in answer else ""
    raise RingpostError(f"{answer.get('error', f'the service answered {status}')}{code}")


async def _post(
    http: aiohttp.ClientSession, addresses: Addresses, path: str, body: dict[str, Any] | None
) -> tuple[int, dict[str, Any]]:
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    try:
        async with http.post(
            f"{addresses.http}{path}", json=body, headers=addresses.headers, timeout=timeout
        ) as response:
            if response.content_type != "application/json":
                return response.status, {"error": (await response.text()).strip()}
            return response.status, await response.json()
    except (aiohttp.ClientError, TimeoutError):
        raise RingpostError(NOT_RUNNING) from None
