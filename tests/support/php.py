"""PHP's SOAP client, as a client of another stack; PHP is unpacked from Debian's packages, beside the system."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from controller.programs import ProgramTree

PACKAGES = ("php-cli", "php-soap")
SCRIPT = Path(__file__).parent / "clients" / "call.php"


async def call_with_php(
    tree: ProgramTree, wsdl: str, calls: Sequence[tuple[str, dict[str, Any]]], timeout: float = 60
) -> list[Any]:
    """What PHP understands of the answers, each as JSON has it."""
    program = next(path.name for path in sorted((tree.root / "usr/bin").glob("php[0-9]*")))
    extensions = next(tree.root.glob("usr/lib/php/*/soap.so")).parent
    options = ("-n", "-d", f"extension_dir={extensions}", "-d", "extension=soap.so", "-d", "serialize_precision=-1")
    process = await asyncio.create_subprocess_exec(
        *tree.command(program, *options, str(SCRIPT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    task = json.dumps({"wsdl": wsdl, "calls": calls}).encode()
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate(task)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
    answers: list[Any] = json.loads(output)
    return answers
