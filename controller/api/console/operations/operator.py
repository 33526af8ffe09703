"""The operator over the JSON interface: the state of the service, licence keys, the audit log, calls in progress."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, JsonValue

from controller.api.console.alerts import alerts
from controller.api.console.operations.overview import Activity, activity
from controller.api.console.overview import observe
from controller.api.console.parts import ConsoleParts
from controller.api.console.store.audit import AuditLog
from controller.api.json_api.calls import ENDINGS, QueueId
from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused
from controller.api.json_api.menus import NothingAsked
from controller.api.json_api.scopes import OperatorBearer, Scope
from controller.api.reads import Reads
from controller.calls.administration import EndingResult
from controller.calls.model.order import LONGEST_NUMBER
from controller.directory.snapshot import LicenseKey
from controller.errors import KeyRefused, PhoneNumberInvalid

KeyName = Annotated[str, Field(min_length=1, max_length=40)]


class StateAlert(Told):
    """What is wrong now. severe: calls or data suffer."""

    text: str
    severe: bool


class ControllerState(Told):
    """A controller, how long it is silent, and how many calls it has."""

    id: str
    asterisk: str
    started_at: datetime
    heartbeat_at: datetime
    silent_seconds: float
    calls: int


class TrunkState(Told):
    """A trunk and its last hour. rests: it keeps failing and is left alone."""

    name: str
    channels: int
    calls: int
    answered: int
    now: int
    rests: bool


class OutboxState(Told):
    """Post-backs: how many wait, are under way, were tried and failed so far, were given up; the age of the oldest."""

    waiting: int
    under_way: int
    failing: int
    given_up: int
    oldest_seconds: float


class ServiceState(Told):
    """The state of the service, and the last hour of all licence keys. parts: each, and whether it works."""

    alerts: tuple[StateAlert, ...]
    parts: dict[str, bool]
    controllers: tuple[ControllerState, ...]
    trunks: tuple[TrunkState, ...]
    outbox: OutboxState
    activity: Activity


class KnownKey(Told):
    """A licence key. stored: it was made without the configuration. revoked: since when it is of no use."""

    name: str
    description: str
    products: tuple[str, ...]
    numbers: int
    suspended: bool
    stored: bool
    revoked: datetime | None


class KnownKeys(Told):
    """All licence keys."""

    keys: tuple[KnownKey, ...]


class KeyAsked(Asked):
    """A licence key to be made. settings: as an entry of `license_keys` of the configuration. key: a GUID that the
    customer's programs have already; without it, one is made.
    """

    name: KeyName
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    key: Annotated[str, Field(max_length=40)] = ""


class KeyMade(Told):
    """The licence key. Nobody can tell it later."""

    name: str
    key: str


class OneKey(Asked):
    """A licence key by its name."""

    name: KeyName


class KeyChanged(Told):
    """The name of the licence key."""

    name: str


class AuditAsked(Asked):
    """A page of the audit log. before: the last entry of the page before."""

    before: Annotated[int | None, Field(ge=1, le=10**18)] = None


class AuditedChange(Told):
    """A change: when, by whom (a person, or a token), of what, before and after."""

    entry_id: int
    at: datetime
    person: str
    role: str
    license_key: str | None
    address: str
    action: str
    subject: str
    before: str
    after: str


class AuditedChanges(Told):
    """Entries of the audit log, the newest first."""

    entries: tuple[AuditedChange, ...]


class OneLiveCall(Asked):
    """A call in progress by its QueueID."""

    queue_id: QueueId


class CallTransferAsked(OneLiveCall):
    """Where a call in progress is transferred: a phone number, or sip:NAME of a phone."""

    to: Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]


class ListeningAsked(OneLiveCall):
    """Which phone is called to hear a call in progress, by its name."""

    phone: Annotated[str, Field(min_length=1, max_length=100)]


class CallOrdered(Told):
    """The call, and the other controllers that the order was passed on to."""

    queue_id: int
    controllers: tuple[str, ...]


class OperatorOperations:
    """Operations of the operator."""

    def __init__(self, parts: ConsoleParts, reads: Reads, audit: AuditLog) -> None:
        self._parts = parts
        self._reads = reads
        self._audit = audit

    @api_operation("GET", "/operator/state", Scope.OPERATOR_READ)
    async def show_state(self, asked: NothingAsked, bearer: OperatorBearer) -> ServiceState:  # noqa: ARG002
        """Whether everything works: parts, controllers, trunks, post-backs, alerts, and the last hour."""
        seen = await observe(self._parts, self._reads.database)
        trunks = [
            TrunkState(
                name=trunk.name,
                channels=trunk.channels,
                calls=hour.calls if hour else 0,
                answered=hour.answered if hour else 0,
                now=hour.now if hour else 0,
                rests=trunk.name in seen.resting,
            )
            for trunk, hour in seen.trunks
        ]
        return ServiceState(
            alerts=tuple(StateAlert(text=each.text, severe=each.severe) for each in alerts(seen)),
            parts=dict(seen.health),
            controllers=tuple(ControllerState.model_validate(each, from_attributes=True) for each in seen.controllers),
            trunks=tuple(trunks),
            outbox=OutboxState.model_validate(seen.outbox, from_attributes=True),
            activity=await activity(self._reads, None),
        )

    @api_operation("GET", "/operator/keys", Scope.OPERATOR_READ)
    async def list_keys(self, asked: NothingAsked, bearer: OperatorBearer) -> KnownKeys:  # noqa: ARG002
        """The licence keys of the configuration and of the store, revoked ones too."""
        snapshot = self._parts.directory.snapshot
        stored = {each.key.name: each for each in self._parts.stored_keys.every()}
        keys = {**{name: each.key for name, each in stored.items()}, **snapshot.license_keys}
        told = []
        for key in keys.values():
            known = stored.get(key.name)
            in_use = snapshot.license_key(key.name) is not None
            told.append(
                _known(
                    key, self._numbers(key), known is not None, None if in_use or known is None else known.revoked_at
                )
            )
        return KnownKeys(keys=tuple(told))

    @api_operation("POST", "/operator/keys", Scope.OPERATOR_WRITE, status=201, audited=True)
    async def create_key(self, asked: KeyAsked, bearer: OperatorBearer) -> KeyMade:  # noqa: ARG002
        """Make a licence key that counts at once, without the configuration. It is told this once only."""
        settings: dict[str, Any] = dict(asked.settings)
        try:
            made = await self._parts.stored_keys.create(asked.name, settings, asked.key)
        except KeyRefused as error:
            raise ApiRefused(422, "key-refused", str(error)) from None
        return KeyMade(name=made.name, key=made.value)

    @api_operation("POST", "/operator/keys/{name}/revoke", Scope.OPERATOR_WRITE, audited=True)
    async def revoke_key(self, asked: OneKey, bearer: OperatorBearer) -> KeyChanged:  # noqa: ARG002
        """Let a stored licence key be of no use any more, with its tokens and its people."""
        try:
            await self._parts.stored_keys.revoke(asked.name)
        except KeyRefused as error:
            raise ApiRefused(409, "key-refused", str(error)) from None
        return KeyChanged(name=asked.name)

    @api_operation("GET", "/operator/audit", Scope.OPERATOR_READ)
    async def list_audit(self, asked: AuditAsked, bearer: OperatorBearer) -> AuditedChanges:  # noqa: ARG002
        """Who changed what, the newest first."""
        entries = await self._audit.page(asked.before)
        return AuditedChanges(entries=tuple(AuditedChange(**asdict(each)) for each in entries))

    @api_operation("POST", "/operator/calls/{queue_id}/transfer", Scope.OPERATOR_WRITE, audited=True)
    async def transfer_call(self, asked: CallTransferAsked, bearer: OperatorBearer) -> CallOrdered:  # noqa: ARG002
        """Transfer a call in progress, to a number or a phone that its licence key may call."""
        try:
            result = await self._parts.administration.transfer(asked.queue_id, asked.to)
        except PhoneNumberInvalid as error:
            raise ApiRefused(422, "invalid", f"to: {error}") from None
        return _ordered(asked.queue_id, result)

    @api_operation("POST", "/operator/calls/{queue_id}/listen", Scope.OPERATOR_WRITE, audited=True)
    async def listen_to_call(self, asked: ListeningAsked, bearer: OperatorBearer) -> CallOrdered:  # noqa: ARG002
        """Call a phone of the house that hears a call in progress, unheard."""
        if asked.phone not in self._parts.directory.snapshot.phones:
            raise ApiRefused(422, "invalid", "phone: there is no such phone")
        result = await self._parts.administration.listen_in(asked.queue_id, f"PJSIP/{asked.phone}")
        return _ordered(asked.queue_id, result)

    @api_operation("POST", "/operator/calls/{queue_id}/end", Scope.OPERATOR_WRITE, audited=True)
    async def end_any_call(self, asked: OneLiveCall, bearer: OperatorBearer) -> CallOrdered:  # noqa: ARG002
        """End a call in progress, of whichever licence key."""
        return _ordered(asked.queue_id, await self._parts.administration.end_call(asked.queue_id))

    def _numbers(self, key: LicenseKey) -> int:
        return sum(key.name in did.owners for did in self._parts.directory.snapshot.dids.values())


def _known(key: LicenseKey, numbers: int, stored: bool, revoked: datetime | None) -> KnownKey:
    return KnownKey(
        name=key.shown_name,
        description=key.description,
        products=tuple(sorted(key.products)),
        numbers=numbers,
        suspended=key.suspended,
        stored=stored,
        revoked=revoked,
    )


def _ordered(queue_id: int, result: EndingResult) -> CallOrdered:
    if result.ending in ENDINGS:
        raise ApiRefused(*ENDINGS[result.ending])
    return CallOrdered(queue_id=queue_id, controllers=result.controllers)
