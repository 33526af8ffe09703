"""The page of VoIP.ms's methods, made from what is declared: `python -m controller.service.voipms_reference`."""

from __future__ import annotations

from typing import Any, cast

from controller.api.voipms.absent import ABSENT
from controller.api.voipms.interface import voipms_interface
from controller.service.build_voipms import VoipmsParts, voipms_methods

_INTRODUCTION = """# The methods of the VoIP.ms interface

All methods of the vendor's description, and its three methods of sequences. Those that are done have their parameters;
the others are refused with a status of the vendor's that fits, most with `method_maintenance` (a method that cannot be
used), and with a message that says why. [voipms.md](voipms.md) says what they do. This page is made by
`python -m controller.service.voipms_reference`.
"""


def unwired_parts() -> VoipmsParts:
    """Parts with nothing behind them, for what is declared alone."""
    nothing = cast("Any", None)
    return VoipmsParts(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing)


def reference() -> str:
    """The page."""
    declared = {
        operation.name: operation for operation in voipms_interface(*voipms_methods(unwired_parts())).operations
    }
    done = [
        f"| `{name}` | {' '.join(operation.documentation.split())} | "
        f"{' '.join(f'`{field.name}`' for field in operation.request.fields) or 'none'} |"
        for name, operation in sorted(declared.items(), key=lambda pair: pair[0].lower())
    ]
    absent = [
        f"| `{name}` | `{status}` | {reason} |"
        for name, (status, reason) in sorted(ABSENT.items(), key=lambda pair: pair[0].lower())
        if name not in declared
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            f"## Done: {len(done)}\n",
            "| method | what it does | parameters |\n|---|---|---|",
            *done,
            f"\n## Not done: {len(absent)}\n",
            "| method | status | why |\n|---|---|---|",
            *absent,
            "",
        ]
    )


if __name__ == "__main__":
    print(reference(), end="")
