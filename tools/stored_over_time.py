"""Worked examples of what spans days, through what pages ask: movements, retention and past MRR.

What an example says of accounts is written as points of subscriptions and rates of days, steps are
made of the points, and the answer is that of the statements behind the Revenue page. Past MRR goes
further: lines are landed as a sync lands invoices, and the past is made out of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from tenure.connections.models import Site
from tenure.customers import tables
from tenure.customers.models import Account
from tenure.customers.models import Subscription as Row
from tenure.metrics import look_back, mrr_steps, series
from tenure.metrics.account_series import account_series, mrr_at
from tenure.metrics.amounts import ZERO, rounded
from tenure.metrics.conversion import Conversion, to_workspace_currency
from tenure.metrics.days import local_day, midnight
from tenure.metrics.inputs import Settings
from tenure.metrics.models import MrrPoint
from tenure.metrics.movements import MOVING, Movement, Position
from tenure.metrics.movers import account_movements
from tenure.metrics.retained import retention_between
from tenure.metrics.vectors.over_time import (
    moves_document,
    positions_of,
    retained_document,
    totals_of,
)
from tenure.sources.base import Stream
from tools.ledgered import BEGINNING, Ledgered, NotStored, stamped, taken_back

Document = Mapping[str, Any]
RANGE = timedelta(days=30)
PAID_ONCE, PAID_UNTIL = timedelta(days=20), timedelta(days=10)
_subscriptions = count(1)


class Lived:
    """The accounts of an example with what they were worth on two days, stored as points."""

    def __init__(
        self, positions: Sequence[Position], given: Document, as_of: datetime, settings: Settings
    ) -> None:
        self.end = local_day(as_of, settings.zone)
        self.start = self.end - RANGE
        self.currency = given.get("workspace_currency") or settings.currency
        rates = {**given, "fx": list(self._rates(positions))}
        self.here = Ledgered(rates, as_of, settings)
        self.site, self.seen_at = self.here.site(""), as_of
        self.names: dict[int, str] = {}
        for position in positions:
            self._live(position)
        mrr_steps.make(list(self.names))

    @property
    def conversion(self) -> Conversion:
        """At the rates of the example, as they are entered."""
        return to_workspace_currency(self.here.settings)

    @property
    def asked(self) -> dict[str, Any]:
        """What pages ask with: by the ends, as the workspace chose to see pauses."""
        return {"pause_as_churn": self.here.settings.pause_as_churn}

    def _rates(self, positions: Sequence[Position]) -> Iterator[Document]:
        found: dict[tuple[str, date], Fraction] = {}
        for one in positions:
            if late := one.start_rates.keys() - one.end_rates.keys():
                raise NotStored(f"a rate of {min(late)} once entered stays in force")
            for day, rates in ((self.start, one.start_rates), (self.end, one.end_rates)):
                for code, rate in rates.items():
                    if found.setdefault((code, day), rate) != rate:
                        raise NotStored(f"{code} has one rate a day, and two are given")
        for (code, day), rate in found.items():
            if code != self.currency:
                yield {"from": code, "to": self.currency, "date": day.isoformat(), "rate": rate}

    def _live(self, position: Position) -> None:
        account = Account.objects.create(
            identifier=f"lived-{next(_subscriptions)}",
            name=position.account,
            created_at=BEGINNING,
            updated_at=BEGINNING,
        )
        self.names[account.pk] = position.account
        codes = sorted({*position.start, *position.end}) or [self.currency]
        for code in codes:
            self._points(account, code, self._worth(position, code))
        if position.paid_before and not any(position.start.values()):
            paid, ended = self.start - PAID_ONCE, self.start - PAID_UNTIL
            once = ((paid, Fraction(1), "contributing"), (ended, ZERO, "expired"))
            self._points(account, codes[0], once)
        rests = (position.start_paused, position.end_paused)
        if any(rests):
            status = ("paused" if resting else "expired" for resting in rests)
            days = zip((self.start, self.end), (ZERO, ZERO), status, strict=True)
            self._points(account, codes[0], tuple(days))

    def _worth(self, position: Position, code: str) -> Sequence[tuple[date, Fraction, str]]:
        ends = ((self.start, position.start), (self.end, position.end))
        found = []
        for day, amounts in ends:
            amount = amounts.get(code, ZERO)
            found.append((day, amount, "contributing" if amount else "expired"))
        return found

    def _points(
        self, account: Account, code: str, told: Sequence[tuple[date, Fraction, str]]
    ) -> None:
        row = a_subscription(self.site, account, code)
        MrrPoint.objects.bulk_create(
            MrrPoint(
                subscription=row,
                account_id=account.pk,
                day=day,
                currency=code,
                mrr=six_decimals(amount),
                status=status,
                recorded_at=self.seen_at,
            )
            for day, amount, status in told
        )


def a_subscription(site: Site, account: Account, currency: str) -> Row:
    """A subscription to hang points on."""
    made: Row = Row.objects.create(
        site=site,
        account=account,
        upstream_id=f"lived-{next(_subscriptions)}",
        account_upstream_id=account.identifier,
        state="active",
        currency=currency,
        content_hash=b"",
        created_at=BEGINNING,
        updated_at=BEGINNING,
    )
    return made


def six_decimals(amount: Fraction) -> Decimal:
    """The amount as it is kept. Raises NotStored for one that is finer."""
    kept = rounded(amount, 6)
    if Fraction(kept) != amount:
        raise NotStored("an amount is kept with six decimals")
    return kept


def _movements(given: Document, as_of: datetime, settings: Settings) -> Document:
    return _moved(Lived(positions_of(given, settings), given, as_of, settings))


def _moved(lived: Lived) -> Document:
    """The sums, and the accounts behind them; without a rate each account's own currency tells."""
    asked = {"gross": False, **lived.asked}
    (moves,) = series.movements_between(
        lived.start, lived.end, conversion=lived.conversion, **asked
    )
    told = {} if moves.missing else {"conversion": lived.conversion}
    rows = account_movements(
        lived.start, lived.end, limit=2 * len(lived.names) + 1, **told, **asked
    ).rows
    by_account = dict.fromkeys(lived.names.values(), Movement.UNCHANGED.value)
    reasons: dict[str, str | None] = dict.fromkeys(by_account)
    amounts: dict[str, Any] = dict.fromkeys(by_account, ZERO)
    for row in rows:
        name = lived.names[row.account_id]
        by_account[name], amounts[name] = row.movement.value, row.amount
        # An example tells of pauses and of no other reason.
        reasons[name] = next((r for r in row.reasons if r in ("pause", "resume")), None)
    sums: dict[Movement, Any] = dict(moves.sums) or dict.fromkeys(MOVING)
    whole = moves_document(moves.start, moves.end, moves.fx, sums, moves.missing)
    return {**whole, "by_account": by_account, "amounts": amounts, "reason": reasons}


def _retention(given: Document, as_of: datetime, settings: Settings) -> Document:
    accounts = given.get("accounts") is not None
    positions = positions_of(given, settings) if accounts else _accounts_of(given, settings)
    lived = Lived(positions, given, as_of, settings)
    (kept,) = retention_between(lived.start, lived.end, conversion=lived.conversion, **lived.asked)
    found = retained_document(
        kept.start, kept.nrr, kept.grr, kept.logo_churn, kept.accounts, kept.missing
    )
    moved = _moved(lived)
    return {**found, **{name: moved[name] for name in ("mrr_churn_rate", "quick_ratio")}}


def _accounts_of(given: Document, settings: Settings) -> list[Position]:
    """Accounts whose movements add up to the sums of an example: one that is gone, one that fell, one
    that rose, and those that were won."""
    start, expansion, contraction, churn, new, back = totals_of(given)
    rest = start + churn
    rising = (rest + contraction) / 2
    falling = rest - rising
    if churn > 0 or contraction > 0 or rest < 0 or falling + contraction < 0:
        raise NotStored("no accounts have these sums together")
    if (expansion and rising <= 0) or (contraction and falling + contraction <= 0):
        raise NotStored("no accounts have these sums together")
    code = given.get("workspace_currency") or settings.currency
    ends = {
        "gone": (-churn, ZERO),
        "fell": (falling, falling + contraction),
        "rose": (rising, rising + expansion),
        "won": (ZERO, new),
        "back": (ZERO, back),
    }
    own = {code: Fraction(1)}
    return [
        Position(name, {code: before}, {code: after}, own, own, paid_before=name == "back")
        for name, (before, after) in ends.items()
        if before or after
    ]


def _history(given: Document, as_of: datetime, settings: Settings) -> Document:
    """The lines landed as those of invoices, the past made out of them, and what the days then say."""
    days = [date.fromisoformat(day[:10]) for day in given.get("dates") or ()]
    here = Ledgered(given, as_of, settings)
    invoiced = _Invoiced(given, here)
    invoiced.land()
    last = max([local_day(as_of, settings.zone), *days]) + timedelta(days=1)
    now = midnight(last, settings.zone)
    rows = Row.objects.filter(account=here.account).values_list("pk", flat=True)
    look_back.explore(list(rows), now, here.settings)
    points = account_series(here.account.pk, date.min, last)
    found: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for day in days:
        amounts = mrr_at([here.account.pk], day).get(here.account.pk, {})
        found[day.isoformat()] = sum(amounts.values(), Decimal(0))
        known = [point.kind for point in points if point.day <= day]
        kinds[day.isoformat()] = known[-1] if known else "reconstructed"
    return {**found, "kinds": kinds}


class _Invoiced:
    """The records that an example's lines stand in: subscriptions, plans, and an invoice a line."""

    def __init__(self, given: Document, here: Ledgered) -> None:
        self.here = here
        self.lines: Sequence[Document] = given.get("line_items") or ()
        self.told: dict[str, Any] = dict(given.get("subscription") or {})
        pauses = [*(given.get("pauses") or ())]
        if any(end for _, end in pauses) or len(pauses) > 1 or self.told.get("resume_at"):
            raise NotStored("of a stored subscription only the pause that goes on is known")
        if pauses:
            self.told["paused_at"] = pauses[0][0]
        self.named = any(one.get("subscription_id") for one in self.lines)
        self.usage: set[str] = set()
        self.plans: dict[tuple[str, int], str] = {}

    def land(self) -> None:
        """Store everything."""
        invoices = [self._invoice(number, one) for number, one in enumerate(self.lines, 1)]
        plans = [
            {"id": key, "code": key, "state": "active", "interval_unit": u, "interval_length": n}
            for (u, n), key in self.plans.items()
        ]
        self.here.land(Stream.PLANS, tables.PLANS, "", plans)
        ids = sorted({str(one.get("subscription_id") or "") for one in self.lines} - {""})
        subscriptions = [self._subscription(key) for key in (ids if self.named else ["only"])]
        self.here.land(Stream.SUBSCRIPTIONS, tables.SUBSCRIPTIONS, "", subscriptions)
        self.here.land_nested(invoices)

    def _subscription(self, key: str) -> Document:
        told = {name: self._instant(value) for name, value in self.told.items() if value}
        rests = bool(told.get("paused_at"))
        first = min((self._day(one["start_date"]) for one in self.lines if one.get("start_date")),
                    default=BEGINNING)  # fmt: skip
        return {
            "state": "paused" if rests else "active",
            "currency": "USD",
            "unit_amount": "0",
            "quantity": 1,
            "created_at": stamped(min(BEGINNING, first)),
            "updated_at": stamped(min(BEGINNING, first)),
            "add_ons": [
                {"id": code, "add_on": {"id": code, "code": code, "add_on_type": "usage"}}
                for code in sorted(self.usage)
            ],
            **told,
            "id": key,
        }

    def _instant(self, value: Any) -> Any:
        """A bare day is the workspace's: the instant its midnight falls on."""
        is_day = isinstance(value, str) and len(value) == 10 and value[4:5] == "-"
        return stamped(self._day(value)) if is_day else value

    def _day(self, text: str) -> datetime:
        if len(text) > 10:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return midnight(date.fromisoformat(text), self.here.settings.zone)

    def _invoice(self, number: int, line: Document) -> Document:
        subscription = line.get("subscription_id") or (None if self.named else "only")
        made = {
            **{k: self._instant(v) for k, v in line.items() if k in _OF_LINES and v is not None},
            "id": f"line-{number}",
            "subscription_id": subscription,
            "plan_id": self._plan(line.get("plan") or line),
            "currency": "USD",
        }
        if _is_metered(line):
            made["add_on_code"] = str(line.get("add_on_code") or f"usage-{number}")
            self.usage.add(made["add_on_code"])
        return {
            "id": f"invoice-{number}",
            "type": line.get("type") or "charge",
            "state": line.get("invoice_state") or "paid",
            "origin": line.get("invoice_origin"),
            "currency": "USD",
            "line_items": [made],
        }

    def _plan(self, told: Document) -> str:
        unit, length = told.get("interval_unit"), told.get("interval_length")
        if unit not in ("days", "months") or not length:
            return "unknown"
        return self.plans.setdefault((unit, int(length)), f"every-{length}-{unit}")


_OF_LINES = frozenset(
    "type origin subtotal discount tax tax_inclusive proration_rate start_date end_date quantity"
    " add_on_code".split()
)


def _is_metered(line: Document) -> bool:
    kinds = line.get("add_on_type"), (line.get("add_on") or {}).get("add_on_type")
    return bool(line.get("usage") or line.get("is_usage") or "usage" in kinds)


ANSWERS: Mapping[str, Callable[..., Document]] = {
    "movements": taken_back(_movements),
    "retention": taken_back(_retention),
    "mrr_history": taken_back(_history),
}
