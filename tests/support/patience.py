"""How long a test waits for what has to happen: longer than a slow machine takes, so that only a mistake ends it."""

from __future__ import annotations

LONGEST_WAIT = 60.0
"""Seconds. What comes in time costs none of them; a test that proves that something is quick says so with its own."""
