"""A program that we start must not outlive us, even when we are killed without a chance to say so."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # prctl(2)

_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number: signal.Signals, *, uid: int | None = None, gid: int | None = None) -> Callable[[], None]:
    """What a child process runs before its program: from then on the kernel sends it `number` when its parent ends.

    With `uid` and `gid` the child first becomes that user: a change of user would undo the wish if it came later.
    The parent is the thread that starts the child, so that thread must live as long as the child may.
    """
    parent = os.getpid()

    def prepare() -> None:
        if uid is not None and gid is not None:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)

    return prepare
