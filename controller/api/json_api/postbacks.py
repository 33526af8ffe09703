"""Post-backs over the JSON interface: what was told to the key's URLs, why it failed, and once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.reads import Reads
from controller.egress.urls import masked_url
from controller.errors import UrlRefused
from controller.postbacks import lookup
from controller.postbacks.lookup import Filters, PastAttempt, State, StoredPostback
from controller.store.database import Database

MOST = 200


class PostbacksAsked(Asked):
    """Which post-backs. subject: such as `call:1000000001`."""

    subject: Annotated[str, Field(max_length=100)] = ""
    state: State | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class OnePostback(Asked):
    """A post-back by its id, the `webhook-id` of its attempts."""

    postback_id: UUID


class Postback(Told):
    """A post-back and where it stands. status, reason: of its last attempt."""

    postback_id: UUID
    subject: str
    sequence: int
    event: str
    final: bool
    url: str = Field(description="Without its password.")
    made: datetime
    state: str
    tries: int
    due: datetime | None
    status: int | None
    reason: str


class Postbacks(Told):
    """Post-backs, the newest first."""

    postbacks: tuple[Postback, ...]


class Attempt(Told):
    """An attempt to deliver: when it began, how many seconds it took, and what came of it."""

    at: datetime
    seconds: float
    status: int | None
    delivered: bool
    reason: str


class PostbackDetail(Postback):
    """A post-back with its form and every attempt."""

    form: tuple[tuple[str, str], ...]
    attempts: tuple[Attempt, ...]


class ReplayAsked(OnePostback):
    """A post-back to be delivered once more. url: another one, to which a copy goes; empty: its own."""

    url: Annotated[str, Field(max_length=2000)] = ""


class FailedAsked(Asked):
    """A time in which post-backs were given up."""

    since: AwareDatetime
    until: AwareDatetime


class PostbacksReplayed(Told):
    """How many are delivered once more."""

    count: int


class PostbackReplayed(Told):
    """The post-back that is delivered once more."""

    postback_id: UUID


class PostbackOperations:
    """Operations on post-backs."""

    def __init__(self, database: Database, reads: Reads) -> None:
        self._database = database
        self._reads = reads

    @api_operation("GET", "/postbacks", Scope.POSTBACKS_READ)
    async def list_postbacks(self, asked: PostbacksAsked, bearer: TokenBearer) -> Postbacks:
        """Post-backs that fit, the newest first."""
        filters = Filters(
            subject=asked.subject or None,
            license_key=bearer.key.name,
            state=asked.state,
            since=asked.since,
            until=asked.until,
            limit=asked.limit,
        )
        found = await lookup.find(self._reads.database, filters)
        return Postbacks(postbacks=tuple(Postback(**_fields(each)) for each in found))

    @api_operation("GET", "/postbacks/{postback_id}", Scope.POSTBACKS_READ)
    async def show_postback(self, asked: OnePostback, bearer: TokenBearer) -> PostbackDetail:
        """One post-back with its form and every attempt."""
        postback, attempts = await self._found(asked.postback_id, bearer)
        told = tuple(Attempt.model_validate(each, from_attributes=True) for each in attempts)
        return PostbackDetail(**_fields(postback), form=postback.form, attempts=told)

    @api_operation("POST", "/postbacks/{postback_id}/replay", Scope.POSTBACKS_WRITE, status=202, audited=True)
    async def replay_postback(self, asked: ReplayAsked, bearer: TokenBearer) -> PostbackReplayed:
        """Deliver a post-back once more, with all its tries, whatever became of it."""
        await self._found(asked.postback_id, bearer)
        if asked.url:
            try:
                made = await lookup.replay_to(self._database, asked.postback_id, asked.url)
            except UrlRefused as error:
                raise ApiRefused(422, "invalid", f"url: {error}") from None
            return PostbackReplayed(postback_id=made or asked.postback_id)
        await lookup.replay(self._database, asked.postback_id)
        return PostbackReplayed(postback_id=asked.postback_id)

    @api_operation("POST", "/replays", Scope.POSTBACKS_WRITE, status=202, audited=True)
    async def replay_failed_postbacks(self, asked: FailedAsked, bearer: TokenBearer) -> PostbacksReplayed:
        """Deliver all that were given up in a time once more."""
        count = await lookup.replay_failed(self._database, asked.since, asked.until, license_key=bearer.key.name)
        return PostbacksReplayed(count=count)

    async def _found(self, postback_id: UUID, bearer: TokenBearer) -> tuple[StoredPostback, list[PastAttempt]]:
        found = await lookup.show(self._reads.database, postback_id)
        if found is None or found[0].license_key != bearer.key.name:
            raise not_found("post-back")
        return found


def _fields(postback: StoredPostback) -> dict[str, Any]:
    return {
        "postback_id": postback.id,
        "subject": postback.subject,
        "sequence": postback.sequence,
        "event": postback.event,
        "final": postback.final,
        "url": masked_url(postback.url),
        "made": postback.created_at,
        "state": postback.state,
        "tries": postback.tries,
        "due": postback.due_at,
        "status": postback.status,
        "reason": postback.reason,
    }
