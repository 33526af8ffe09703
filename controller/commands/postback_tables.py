"""Post-backs as tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.egress.urls import masked_url
from controller.postbacks.lanes import host_of
from controller.postbacks.lookup import PastAttempt, Stats, StoredPostback
from controller.terminal import shown

_STYLES = {"delivered": "green", "waiting": "yellow", "under way": "cyan", "failed": "red"}


def list_table(entries: Sequence[StoredPostback]) -> RenderableType:
    """`ringpost postbacks list`."""
    if not entries:
        return Text("No post-back fits.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("made (UTC)", "subject", "no.", "event", "key", "to", "state", "tries", "last result", "id"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("id", "made (UTC)"))
    for entry in entries:
        table.add_row(
            _time(entry.created_at),
            shown(entry.subject),
            f"{entry.sequence}{' final' if entry.final else ''}",
            shown(entry.event),
            shown(entry.license_key),
            shown(entry.url),
            Text(entry.state, style=_STYLES.get(entry.state, "")),
            str(entry.tries or ""),
            shown(_result(entry.status, entry.reason)),
            str(entry.id),
        )
    return table


def detail(entry: StoredPostback, attempts: Sequence[PastAttempt], now: datetime | None = None) -> RenderableType:
    """`ringpost postbacks show`: the post-back, its form, and each attempt."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in (
        ("id", str(entry.id)),
        ("subject", f"{entry.subject}, no. {entry.sequence}{' (final)' if entry.final else ''}"),
        ("event", entry.event),
        ("licence key", entry.license_key),
        ("to", masked_url(entry.url)),
        ("made", f"{_time(entry.created_at)} UTC"),
        ("state", _state(entry, now or datetime.now(UTC))),
    ):
        facts.add_row(name, shown(value))
    form = Table(title="Form", title_justify="left", box=None, show_header=False, pad_edge=False)
    for name, value in entry.form:
        form.add_row(shown(name), shown(value))
    tried = Table(title="Attempts", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("began (UTC)", "took", "status", "result"):
        tried.add_column(heading, overflow="fold")
    for attempt in attempts:
        result = "delivered" if attempt.delivered else attempt.reason
        tried.add_row(_time(attempt.at), f"{attempt.seconds:.3f} s", str(attempt.status or ""), shown(result))
    if not attempts:
        tried.add_row("none yet", "", "", "")
    return Group(facts, "", form, "", tried)


def stats_table(stats: Stats) -> RenderableType:
    """`ringpost postbacks stats`."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(justify="right")
    for name, value in (
        ("waiting", f"{stats.waiting:,}"),
        ("  of them under way", f"{stats.under_way:,}"),
        ("  of them tried before", f"{stats.failing:,}"),
        ("age of the oldest", _duration(stats.oldest_seconds) if stats.waiting else "-"),
        ("given up", f"{stats.given_up:,}"),
    ):
        facts.add_row(name, value)
    parts: list[RenderableType] = [facts]
    if stats.lanes:
        hosts = Table(title="Hosts", title_justify="left", box=None, pad_edge=False, header_style="bold")
        for heading in ("host", "waiting", "tried before", "next attempt (UTC)", "why"):
            hosts.add_column(heading, overflow="fold")
        for lane in stats.lanes:
            numbers = (f"{lane.waiting:,}", f"{lane.failing:,}", _time(lane.next_at))
            hosts.add_row(shown(host_of(lane.lane)), *numbers, shown(lane.reason))
        parts += ["", hosts]
    if stats.stopped:
        stops = Table(title="Stopped by 410 Gone", title_justify="left", box=None, pad_edge=False, header_style="bold")
        stops.add_column("URL", overflow="fold")
        stops.add_column("since (UTC)")
        for url, since in stats.stopped:
            stops.add_row(shown(url), _time(since))
        parts += ["", stops]
    return Group(*parts)


def _state(entry: StoredPostback, now: datetime) -> str:
    if entry.state == "waiting" and entry.due_at is not None:
        seconds = (entry.due_at - now).total_seconds()
        return f"waiting; next attempt in {_duration(seconds)}" if seconds > 0 else "waiting; due now"
    return f"failed: {entry.reason}" if entry.state == "failed" else entry.state


def _result(status: int | None, reason: str) -> str:
    return reason or (str(status) if status else "")


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _duration(seconds: float) -> str:
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
