"""The console as a door: pages and forms of somebody who is logged in, with hostile values in every place."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from controller.api.console.visit import ROOT, Door
from tests.fuzz.mutator import NASTY, Mutator
from tests.fuzz.seeds import Request
from tests.support.console import Browser

_TEMPLATES = Path(__file__).parent.parent.parent / "controller" / "api" / "console" / "templates"
_PLACE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\})?[^{}]*)?\}")
_FIELD = re.compile(r"""name=["']([a-z_]+)["']""")
_USUAL = ["acme", "1", "+12015550101", "hello", "2026-11-27", "on", "short", "test.message", "~\\EndCall()~", "key"]
# Streams have no end; who logs out, or changes the password, is not logged in for the rest of the campaign.
_LEFT_OUT = re.compile(r"/live$|^/log-out$|^/me/")


def field_names() -> list[str]:
    """The names of every field of every form."""
    texts = (path.read_text() for path in sorted(_TEMPLATES.glob("*.j2")))
    return sorted({name for text in texts for name in _FIELD.findall(text)} - {"csrf"})


def console_requests(doors: Sequence[Door], browser: Browser, count: int, seed: int) -> Iterator[Request]:
    """So many requests to the console's doors, forms with the browser's own token; the same for the same seed."""
    dice = random.Random(seed)
    mutator = Mutator(dice)
    open_doors = [door for door in doors if not _LEFT_OUT.search(door.path)]
    names = field_names()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    for _ in range(count):
        request = _request(dice, dice.choice(open_doors), names, cookie, browser.last_csrf)
        yield mutator.spoil(request) if dice.random() < 0.3 else request


def _request(dice: random.Random, door: Door, names: list[str], cookie: str, csrf: str) -> Request:
    path = ROOT + _PLACE.sub(lambda _place: quote(_value(dice), safe=""), door.path)
    form = {name: _value(dice) for name in dice.sample(names, dice.randint(0, 12))}
    pairs = urlencode(form, encoding="utf-8", errors="surrogatepass")
    if door.method == "GET":
        return Request("GET", f"{path}?{pairs}"[:7000], (("Cookie", cookie),))
    headers = (("Cookie", cookie), ("Content-Type", "application/x-www-form-urlencoded"))
    token = csrf if dice.random() < 0.95 else "guessed"
    return Request(door.method, path, headers, f"csrf={quote(token)}&{pairs}".encode())


def _value(dice: random.Random) -> str:
    value = dice.choice(NASTY) if dice.random() < 0.5 else dice.choice(_USUAL)
    return value.encode(errors="replace").decode()
