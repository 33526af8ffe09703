"""Many calls at a steady rate, each with a script of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Placed(Generic[Result]):
    """One of many calls: its `call` and the `result` of its script, or the `error` that kept it from either."""

    index: int
    call: PhoneCall | None
    result: Result | None
    error: Exception | None


async def place_many(
    phone: Softphone,
    count: int,
    *,
    rate: float,
    number: str | Callable[[int], str],
    script: Callable[[PhoneCall, int], Awaitable[Result]],
    caller: str | Callable[[int], str] = "12015550199",
    timeout: float = 10.0,
    ending: float = 30.0,
    silent: bool = False,
    deaf: bool = False,
) -> list[Placed[Result]]:
    """Begin `count` calls, `rate` a second; when one is answered, its `script` runs. Returns when all are over.

    `number` and `caller` are the same for all or made from a call's index. Of what went wrong (a refusal, no answer, an
    error of the script) each call keeps its own. When a script is done, the far side has `ending` seconds to hang up;
    a call that is up then counts as an error. With 0 seconds we hang up at once.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def place(index: int) -> Placed[Result]:
        await asyncio.sleep(max(0.0, began + index / rate - loop.time()))
        call: PhoneCall | None = None
        try:
            call = await phone.dial(
                number if isinstance(number, str) else number(index),
                caller=caller if isinstance(caller, str) else caller(index),
                timeout=timeout,
                silent=silent,
                deaf=deaf,
            )
            result = await script(call, index)
            if ending > 0:
                await call.ended(ending)
            return Placed(index, call, result, None)
        except Exception as error:
            return Placed(index, call, None, error)
        finally:
            if call is not None:
                await call.abandon()

    return await asyncio.gather(*(place(index) for index in range(count)))
