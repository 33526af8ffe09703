"""Methods about call records, rates and what the account used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from decimal import Decimal

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.dates import date_range, shown_date, utc, zone_of
from controller.api.voipms.did_checks import one_of, required
from controller.api.voipms.reference import Choice
from controller.api.voipms.values import dids_of, flag, shown
from controller.calls.model.call import Direction
from controller.calls.store.call_records import CallRecord, Disposition, find_call_records
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey
from controller.metering.accounts import Accounts
from controller.metering.usage import UsageProduct
from controller.number_kinds import kind_of
from controller.numbers import is_e164, try_number
from controller.store.database import Database

_WORDS: dict[Disposition, str] = {
    "answered": "ANSWERED",
    "noanswer": "NO ANSWER",
    "busy": "BUSY",
    "failed": "FAILED",
}
_COUNTRIES = {"US": "USA", "CA": "Canada"}
MOST_TRANSACTIONS = 20_000
CALL_TYPES = (("all", "All Calls"), ("outgoing", "Outgoing Calls"), ("incoming", "Incoming Calls"))
CALL_BILLING = (("all", "All Calls"), ("free", "Free Calls"), ("billed", "Billed Calls"))


@parameters
class GetCdr:
    """Which calls. timezone: an offset from UTC in hours. At least one of the four endings is 1."""

    date_from: str = element("date_from", default="")
    date_to: str = element("date_to", default="")
    answered: str = element("answered", default="")
    noanswer: str = element("noanswer", default="")
    busy: str = element("busy", default="")
    failed: str = element("failed", default="")
    timezone: str = element("timezone", default="")
    calltype: str = element("calltype", default="")
    callbilling: str = element("callbilling", default="")
    account: str = element("account", default="")


@structure("CDR", NAMESPACE)
class CdrInfo:
    """A call. Numbers are texts."""

    date: str = element("date")
    callerid: str = element("callerid")
    destination: str = element("destination")
    description: str = element("description")
    account: str = element("account")
    disposition: str = element("disposition")
    duration: str = element("duration")
    seconds: str = element("seconds")
    rate: str = element("rate")
    total: str = element("total")
    uniqueid: str = element("uniqueid")
    destination_type: str = element("destination_type")
    call_logs: str = element("call_logs")


@structure("getCDROutput", NAMESPACE)
class CdrAnswer:
    """Calls."""

    cdr: tuple[CdrInfo, ...] = element("cdr")


@parameters
class GetBalance:
    """advanced: 1 for what was used, too."""

    advanced: str = element("advanced", default="")


@structure("Balance", NAMESPACE)
class BalanceInfo:
    """How the account stands; what was used, of this month and of today."""

    current_balance: str = element("current_balance")
    spent_total: str | None = element("spent_total", default=None, omit_null=True)
    calls_total: int | None = element("calls_total", default=None, omit_null=True)
    time_total: str | None = element("time_total", default=None, omit_null=True)
    spent_today: str | None = element("spent_today", default=None, omit_null=True)
    calls_today: int | None = element("calls_today", default=None, omit_null=True)
    time_today: str | None = element("time_today", default=None, omit_null=True)


@structure("getBalanceOutput", NAMESPACE)
class BalanceAnswer:
    """How the account stands."""

    balance: BalanceInfo = element("balance")


@parameters
class OfClient:
    """client: for resellers."""

    client: str = element("client", default="")


@structure("getCallAccountsOutput", NAMESPACE)
class CallAccountsAnswer:
    """Accounts that calls can be asked for by."""

    accounts: tuple[Choice, ...] = element("accounts")


@structure("getCallBillingOutput", NAMESPACE)
class CallBillingAnswer:
    """Ways to bill calls."""

    call_billing: tuple[Choice, ...] = element("call_billing")


@structure("getCallTypesOutput", NAMESPACE)
class CallTypesAnswer:
    """Types of calls."""

    call_types: tuple[Choice, ...] = element("call_types")


@parameters
class RateQuery:
    """route: 1 or 2; query: a number, a prefix, or a country."""

    route: str = element("route", default="")
    package: str = element("package", default="")
    query: str = element("query", default="")


@structure("TerminationRate", NAMESPACE)
class RateInfo:
    """What a minute costs."""

    destination: str = element("destination")
    prefix: str = element("prefix")
    increment: str = element("increment")
    rate: str = element("rate")


@structure("getTerminationRatesOutput", NAMESPACE)
class RatesAnswer:
    """What minutes cost."""

    route: Choice = element("route")
    rates: tuple[RateInfo, ...] = element("rates")


@parameters
class GetTransactions:
    """The days of transactions."""

    date_from: str = element("date_from", default="")
    date_to: str = element("date_to", default="")


@structure("Transaction", NAMESPACE)
class TransactionInfo:
    """What was used and what it costs; the vendor spells the amount so."""

    date: str = element("date")
    uniqueid: str = element("uniqueid")
    type: str = element("type")
    description: str = element("description")
    amount: str = element("ammount")


@structure("getTransactionHistoryOutput", NAMESPACE)
class TransactionsAnswer:
    """Transactions."""

    transactions: tuple[TransactionInfo, ...] = element("transactions")


class CdrMethods:
    """What an account called, what that cost, and what minutes cost."""

    def __init__(
        self, directory: CurrentDirectory, database: Database, accounts: Accounts, now: Callable[[], datetime]
    ) -> None:
        """now: gives the time."""
        self._directory = directory
        self._database = database
        self._accounts = accounts
        self._now = now

    @operation("getCDR")
    async def cdr(self, request: GetCdr, caller: Caller) -> CdrAnswer:
        """The calls of at most 92 days, the newest first."""
        key = caller.account
        zone = zone_of(required(request.timezone, "missing_timezone"))
        first = required(request.date_from, "missing_from_date")
        days = date_range(first, required(request.date_to, "missing_to_date"), zone, self._now())
        endings = self._endings(request)
        direction, number = self._call_type(request.calltype, key)
        billing = request.callbilling.strip().lower() or "all"
        one_of(tuple(code for code, _ in CALL_BILLING), billing, "invalid_callbilling")
        if request.account.strip().lower() not in ("", "all", key.shown_name.lower()):
            raise Refused("invalid_account")
        found = await find_call_records(
            self._database, key.name, utc(days.since), utc(days.until), direction=direction, our_number=number
        )
        rows = [self._row(record, key, zone) for record in found if record.disposition in endings]
        shown_rows = tuple(row for row in rows if billing == "all" or (Decimal(row.total) > 0) == (billing == "billed"))
        if not shown_rows:
            raise Refused("no_cdr")
        return CdrAnswer(cdr=shown_rows)

    @operation("getBalance")
    async def balance(self, request: GetBalance, caller: Caller) -> BalanceAnswer:
        """What is left or owed, by the prices of the configuration; and what was used this month and today."""
        most = caller.account.limits.money_per_month.hard
        found = await self._accounts.balance(caller.account.name, self._now(), most)
        if not flag(request.advanced, "invalid_type"):
            return BalanceAnswer(balance=BalanceInfo(current_balance=_money(found.balance)))
        return BalanceAnswer(
            balance=BalanceInfo(
                current_balance=_money(found.balance),
                spent_total=_money(found.month.amount),
                calls_total=found.month.calls,
                time_total=_duration(found.month.call_seconds),
                spent_today=_money(found.today.amount),
                calls_today=found.today.calls,
                time_today=_duration(found.today.call_seconds),
            )
        )

    @operation("getTransactionHistory")
    async def transactions(self, request: GetTransactions, caller: Caller) -> TransactionsAnswer:
        """Everything that was used in at most 92 days and what it costs, in the order of its time."""
        zone = zone_of("")
        first = required(request.date_from, "missing_from_date")
        days = date_range(first, required(request.date_to, "missing_to_date"), zone, self._now())
        rows: list[TransactionInfo] = []
        async for rated in self._accounts.records(caller.account.name, utc(days.since), utc(days.until)):
            record = rated.record
            rows.append(
                TransactionInfo(
                    date=shown_date(record.at, zone),
                    uniqueid=record.record_id,
                    type=record.product.value,
                    description=f"{record.units} {record.product.unit} {_shown(record.number)}".strip(),
                    amount=_money(-rated.amount),
                )
            )
            if len(rows) >= MOST_TRANSACTIONS:
                break
        if not rows:
            raise Refused("no_transactions", "Nothing was used in these days.")
        return TransactionsAnswer(transactions=tuple(rows))

    @operation("getCallAccounts")
    async def call_accounts(self, _request: OfClient, caller: Caller) -> CallAccountsAnswer:
        """The accounts that getCDR can be asked by."""
        name = caller.account.shown_name
        accounts = (Choice(value="all", description="All Accounts"), Choice(value=name, description=name))
        return CallAccountsAnswer(accounts=accounts)

    @operation("getCallBilling")
    async def call_billing(self, _request: OfClient, _caller: Caller) -> CallBillingAnswer:
        """What getCDR can be asked for by `callbilling`."""
        return CallBillingAnswer(
            call_billing=tuple(Choice(value=code, description=text) for code, text in CALL_BILLING)
        )

    @operation("getCallTypes")
    async def call_types(self, _request: OfClient, caller: Caller) -> CallTypesAnswer:
        """What getCDR can be asked for by `calltype`: directions, and the account's numbers."""
        numbers = [shown(did.number) for did in dids_of(self._directory.snapshot, caller.account)]
        pairs = (*CALL_TYPES, *((number, f"DID {number}") for number in numbers))
        return CallTypesAnswer(call_types=tuple(Choice(value=code, description=text) for code, text in pairs))

    @operation("getTerminationRates")
    async def termination_rates(self, request: RateQuery, _caller: Caller) -> RatesAnswer:
        """What minutes to a number or a prefix cost, by the prices of the configuration."""
        route = one_of(("1", "2"), required(request.route, "missing_route"), "invalid_route")
        digits = required(request.query, "missing_query").lstrip("+")
        rates = [
            RateInfo(
                destination=kind_of(rate.prefix).region or "Every number" if len(rate.prefix) > 1 else "Every number",
                prefix=rate.prefix.lstrip("+"),
                increment=str(rate.next_seconds),
                rate=_money(rate.per_minute),
            )
            for rate in self._accounts.prices.list.rates
            if rate.product is UsageProduct.CALL
            and rate.direction != "incoming"
            and (rate.prefix.lstrip("+").startswith(digits) or digits.startswith(rate.prefix.lstrip("+")))
        ]
        if not rates:
            raise Refused("no_rate")
        names = {"1": "Value", "2": "Premium"}
        return RatesAnswer(route=Choice(value=route, description=names[route]), rates=tuple(rates))

    @staticmethod
    def _endings(request: GetCdr) -> set[Disposition]:
        asked: dict[Disposition, str] = {
            "answered": request.answered,
            "noanswer": request.noanswer,
            "busy": request.busy,
            "failed": request.failed,
        }
        endings = {ending for ending, text in asked.items() if flag(text, "no_callstatus")}
        if not endings:
            raise Refused("no_callstatus")
        return endings

    def _call_type(self, text: str, key: LicenseKey) -> tuple[Direction | None, str | None]:
        wanted = text.strip().lower()
        if wanted in ("", "all"):
            return None, None
        if wanted == "outgoing":
            return "outgoing", None
        if wanted == "incoming":
            return "incoming", None
        number = try_number(text)
        did = self._directory.snapshot.did(number) if number else None
        if did is None or key.name not in did.owners:
            raise Refused("invalid_call_type")
        return "incoming", number

    def _row(self, record: CallRecord, key: LicenseKey, zone: tzinfo) -> CdrInfo:
        incoming = record.direction == "incoming"
        ours, theirs = _shown(record.our_number), _shown(record.their_number)
        country = kind_of(record.their_number).region if is_e164(record.their_number) else ""
        place = _COUNTRIES.get(country, country)
        prices = self._accounts.prices.list
        rate = prices.rate_of(UsageProduct.CALL, record.direction, record.their_number, record.route, record.ended_at)
        return CdrInfo(
            date=shown_date(record.started_at, zone),
            callerid=f'"{theirs if incoming else ours}" <{theirs if incoming else ours}>',
            destination=ours if incoming else theirs,
            description=f"{'Inbound' if incoming else 'Outbound'} - {place or 'Local Caller'}",
            account=key.shown_name,
            disposition=_WORDS[record.disposition],
            duration=_duration(record.seconds),
            seconds=str(record.seconds),
            rate=_money(rate.per_minute if rate else Decimal(0)),
            total=_money(prices.amount(rate, record.seconds) if record.seconds else Decimal(0)),
            uniqueid=str(record.queue_id),
            destination_type=f"{'IN' if incoming else 'OUT'}:{place}",
            call_logs="",
        )


def _shown(number: str) -> str:
    """A number as this interface writes it; what is none without what would end the caller's name."""
    return shown(number) if is_e164(number) else number.replace('"', "").replace("<", "").replace(">", "")


def _duration(seconds: int) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def _money(amount: Decimal) -> str:
    return f"{amount:.8f}"
