"""`python -m controller.embedded DIRECTORY [PACKAGE …]`: unpack Debian packages there, unless they are there.

Without packages: Asterisk and the tools around it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from controller.embedded.debian import PACKAGES, provision
from controller.errors import RingpostError


def main() -> int:
    """Provision the directory that the command line names."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        provision(Path(sys.argv[1]), packages=tuple(sys.argv[2:]) or PACKAGES)
    except RingpostError as error:
        print(f"ringpost: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
