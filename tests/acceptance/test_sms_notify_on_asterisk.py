"""SMS Notify! of the whole running system: a program that knows the WSDL sends a text and learns what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zeep

from controller.programs import ProgramTree
from tests.support.whole_system import WholeSystem, whole_system

KEY = "aaaaaaaa-1111-4222-8333-444444444444"


def give_key(config: Path) -> None:
    """Write a licence key of ours into a copy of the demo's configuration."""
    demo = config / "ringpost.yaml"
    changed = demo.read_text().replace("  demo:\n", f"  demo:\n    key: {KEY}\n", 1)
    assert KEY in changed
    demo.write_text(changed)


@pytest.fixture
async def system(tools: ProgramTree) -> AsyncIterator[WholeSystem]:
    async with whole_system(tools) as made:
        give_key(made.config)
        yield made


def send_and_cancel(url: str) -> tuple[Any, Any, bool, Any]:
    """A text for the demo's phone, which is not registered: it waits, and can be taken back."""
    service = zeep.Client(f"{url}/sms.svc?wsdl").bind("sms", "sms2SOAPbasicHttpBinding")
    sent = service.SimpleSMSsend("12015550110", "hello", KEY)
    waiting = service.GetMessageStatus(sent.MessageID)
    cancelled = service.CancelMessage(sent.MessageID)
    return sent, waiting, cancelled, service.GetMessageStatus(sent.MessageID)


async def test_a_soap_client_sends_a_text_through_the_running_system_and_takes_it_back(system: WholeSystem) -> None:
    run = await system.run()
    await run.said("Stop")
    url = f"http://127.0.0.1:{system.http_port}"

    sent, waiting, cancelled, status = await asyncio.to_thread(send_and_cancel, url)

    assert (sent.SMSError, sent.Queued) == ("NoError", True)
    assert (waiting.Queued, waiting.Sent) == (True, False)
    assert cancelled is True
    assert status.Cancelled is True
    run.process.terminate()
    assert await run.ended() == 0
