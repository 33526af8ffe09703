"""Post-backs: what was or will be told to customers' URLs, why it failed, and once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from controller.api.console.calls import key_names
from controller.api.console.languages import mark
from controller.api.console.number_settings import own_urls
from controller.api.console.parts import ConsoleParts
from controller.api.console.search import read_moment
from controller.api.console.trial_postback import EVENTS, trial_postback
from controller.api.console.visit import Door, Visit, see_other
from controller.api.reads import Reads
from controller.egress.urls import customer_url, masked_url
from controller.errors import UrlRefused
from controller.postbacks import lookup
from controller.postbacks.lookup import Filters, PastAttempt, State, StoredPostback
from controller.postbacks.outbox import enqueue

PAGE = 100
STATES: tuple[State, ...] = ("failed", "waiting", "delivered")
# Without a beginning, so far back those that were given up are replayed.
REPLAY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt in the picture of all: its place and width in a picture of 1,000, how it ended, and in words."""

    x: float
    width: float
    kind: str
    title: str


class PostbackPages:
    """The pages of post-backs."""

    def __init__(self, parts: ConsoleParts, reads: Reads) -> None:
        self._database = parts.database
        self._urls = parts.postback_urls
        self._reads = reads

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/postbacks", self._list),
            Door("POST", "/postbacks/test", self._test),
            Door("POST", "/postbacks/replay", self._replay_chosen),
            Door("POST", "/postbacks/replay-failed", self._replay_failed),
            Door("GET", "/postbacks/{id}", self._show),
            Door("POST", "/postbacks/{id}/replay", self._replay),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        state = next((each for each in STATES if each == visit.query("state")), None)
        subject = visit.query("subject")
        filters = Filters(
            subject=f"call:{subject}" if subject.isdecimal() else subject or None,
            license_key=visit.key_name,
            digits="".join(each for each in visit.query("number") if each.isdigit() and each.isascii()) or None,
            state=state,
            since=_bounded(read_moment(visit.query("since"))),
            until=_bounded(read_moment(visit.query("until"))),
            limit=PAGE,
        )
        entries = await lookup.find(self._reads.database, filters)
        values: dict[str, object] = {"entries": entries, "states": STATES, "key_names": key_names(visit), **said}
        if visit.key_name is not None:
            values |= {"test_urls": self._own_urls(visit), "test_events": EVENTS, "key": visit.key}
        if visit.who.is_operator:
            values["outbox"] = await lookup.stats(self._reads.database, lanes=10)
        return visit.page("postbacks.html.j2", values, status=status)

    def _own_urls(self, visit: Visit) -> list[str]:
        key = visit.key
        numbers = ["", *(did.number for did in visit.snapshot.dids.values() if did.sms and did.sms.name == key.name)]
        return own_urls(visit, key, [each.url for number in numbers for each in self._urls.settings(key, number)])

    async def _test(self, visit: Visit) -> web.StreamResponse:
        """A test post-back, to one of the URLs that post-backs of the key go to anyway."""
        form, key = await visit.form(), visit.key
        event = form.get("event")
        urls = {masked_url(url): url for url in self._own_urls(visit)}
        url = urls.get(form.get("url"))
        if url is None or event not in EVENTS:
            return await self._page(
                visit, status=422, said=visit.say("No post-back of this licence key goes to this URL.")
            )
        made = trial_postback(key, url, event)
        await visit.changes("send a test post-back", str(made.id), after=masked_url(url), key=key.name)
        await enqueue(self._database, [made])
        return see_other(f"/postbacks/{made.id}")

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._detail(visit)

    async def _detail(self, visit: Visit, *, status: int = 200, **said: str) -> web.StreamResponse:
        postback, attempts = await self._found(visit, visit.request.match_info["id"])
        values = {
            "postback": postback,
            "attempts": attempts,
            "body": urlencode(postback.form),
            "bars": attempt_bars(postback, attempts),
            "now": datetime.now(UTC),
            **said,
        }
        return visit.page("postback.html.j2", values, status=status)

    async def _replay(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        postback, _ = await self._found(visit, visit.request.match_info["id"])
        url = form.get("url").strip()
        if url in ("", postback.url, masked_url(postback.url)):
            await visit.changes("replay a post-back", str(postback.id), key=postback.license_key)
            await lookup.replay(self._reads.database, postback.id)
            return see_other(f"/postbacks/{postback.id}")
        try:
            customer_url(url)
        except UrlRefused as error:
            return await self._detail(visit, status=422, said=str(error))
        await visit.changes(
            "replay a post-back to another URL",
            str(postback.id),
            before=masked_url(postback.url),
            after=masked_url(url),
            key=postback.license_key,
        )
        new_id = await lookup.replay_to(self._reads.database, postback.id, url)
        return see_other(f"/postbacks/{new_id or postback.id}")

    async def _replay_chosen(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        chosen = [await self._found(visit, text) for text in form.all("id")[:PAGE]]
        for postback, _ in chosen:
            await visit.changes("replay a post-back", str(postback.id), key=postback.license_key)
            await lookup.replay(self._reads.database, postback.id)
        return await self._page(
            visit, done=visit.say("%(chosen)s post-backs are delivered once more.", chosen=len(chosen))
        )

    async def _replay_failed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        now = datetime.now(UTC)
        since = _bounded(read_moment(form.get("since"))) or now - timedelta(days=REPLAY_DAYS)
        until = _bounded(read_moment(form.get("until"))) or now
        key = visit.key_name
        span = f"from {since:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M}"
        await visit.changes("replay failed post-backs", span, key=key or "")
        count = await lookup.replay_failed(self._reads.database, since, until, license_key=key)
        return await self._page(
            visit, done=visit.say("%(count)s post-backs that were given up are delivered once more.", count=count)
        )

    async def _found(self, visit: Visit, text: str) -> tuple[StoredPostback, Sequence[PastAttempt]]:
        """HTTPNotFound for one that there is not, or that is not this person's."""
        try:
            found = await lookup.show(self._reads.database, UUID(text))
        except ValueError:
            found = None
        if found is None or not visit.sees(found[0].license_key):
            raise web.HTTPNotFound(text=mark("There is no such post-back."))
        return found


def attempt_bars(postback: StoredPostback, attempts: Sequence[PastAttempt]) -> tuple[Bar, ...]:
    """Every attempt on one time axis, from when the post-back was made to the end of the last attempt."""
    if not attempts:
        return ()
    last = attempts[-1]
    whole = max(0.001, (last.at - postback.created_at).total_seconds() + last.seconds)
    bars = []
    for attempt in attempts:
        since = max(0.0, (attempt.at - postback.created_at).total_seconds())
        result = "delivered" if attempt.delivered else attempt.reason
        title = f"after {since:.1f} s: {result}, took {attempt.seconds:.2f} s"
        width = max(4.0, attempt.seconds / whole * 1000)
        x = min(1000 - width, since / whole * 1000)
        bars.append(Bar(round(x, 1), round(width, 1), "delivered" if attempt.delivered else "fails", title))
    return tuple(bars)


def _bounded(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and 1900 < moment.year < 9000 else None
