"""The figures that invoices make: which of them count, what each adds, and why others do not.

One statement an account sorts every invoice into those that count and groups of those that do not,
so that an account with a hundred thousand of them is answered without reading them out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.metrics.amounts import displayed
from tenure.metrics.days import maybe_day
from tenure.metrics.explain.parts import Found, Left, Part
from tenure.metrics.inputs import Settings
from tenure.metrics.invoices import BUCKETS
from tenure.metrics.ledger_sql import AGED

SHOWN = 200
SHOWN_LEFT = 20
AGEING = "ageing."


@dataclass(frozen=True, slots=True)
class Rule:
    """Which invoices make up a figure, as a condition on ``aged``, what each adds, and what is said
    of those that do not, by the first condition that holds. ``by_due`` shows the oldest due first."""

    belongs: str
    amount: str
    by_due: bool = False
    otherwise: tuple[tuple[str, str], ...] = ()


_SETTLED = ("kind = 'settled'", "Paid or closed: nothing is owed on it")
_FAILED = ("kind = 'failed'", "Left dunning without being paid: lost, no longer owed")
_CREDIT = (
    "credit AND kind = 'credit'",
    "Credit to use: shown beside what is owed, never taken off",
)
_USED = ("credit", "Credit that has been used up")
_DUE = ("kind = 'due'", "Not late yet")
_PROCESSING = ("kind = 'processing'", "A payment is on its way")
_EMPTY = ("kind = 'empty'", "Nothing is open on it")
_LATE = ("kind = 'past_due'", "Late: it is overdue")
_NOT_OWED = (_CREDIT, _USED, _SETTLED, _FAILED, _EMPTY)
_GIVES_BACK = ("credit", "A credit: it gives money back and asks for none")
_A_BILL = ("NOT credit", "A bill, not a credit")

RULES: Mapping[str, Rule] = {
    "total_due": Rule("owed", "balance", by_due=True, otherwise=_NOT_OWED),
    "past_due": Rule(
        "kind = 'past_due'", "balance", by_due=True, otherwise=(_DUE, _PROCESSING, *_NOT_OWED)
    ),
    "not_yet_due": Rule(
        "owed AND kind <> 'past_due'", "balance", by_due=True, otherwise=(_LATE, *_NOT_OWED)
    ),
    **{
        f"{AGEING}{bucket}": Rule(
            f"owed AND days BETWEEN {first} AND {last}",
            "balance",
            by_due=True,
            otherwise=(("owed", "Owed, but of another age"), *_NOT_OWED),
        )
        for bucket, (first, last) in zip(
            BUCKETS, ((0, 0), (1, 30), (31, 60), (61, 90), (91, 10**6)), strict=True
        )
    },
    "available_credit": Rule("kind = 'credit'", "abs(balance)", otherwise=(_USED, _A_BILL)),
    "net_due": Rule(
        "owed OR kind = 'credit'",
        "CASE WHEN kind = 'credit' THEN -abs(balance) ELSE balance END",
        by_due=True,
        otherwise=_NOT_OWED,
    ),
    "failed_amount": Rule(
        "kind = 'failed'", "balance", otherwise=(("owed", "Still owed, not lost"), *_NOT_OWED)
    ),
    "billed": Rule("NOT credit", "total", otherwise=(_GIVES_BACK,)),
    "net_billed": Rule("TRUE", "CASE WHEN credit THEN -abs(total) ELSE total END"),
    "written_off": Rule(
        "credit AND origin = 'write_off'",
        "abs(total)",
        otherwise=(("credit", "A credit that writes nothing off"), _A_BILL),
    ),
    "total_paid": Rule("NOT credit", "paid", otherwise=(_GIVES_BACK,)),
    "next_due": Rule(
        "kind = 'due' AND due IS NOT NULL AND due_day = first_due",
        "balance",
        by_due=True,
        otherwise=(
            ("kind = 'due' AND due IS NULL", "When it is due is not known"),
            ("kind = 'due'", "Due later"),
            _LATE,
            _PROCESSING,
            *_NOT_OWED,
        ),
    ),
}
# What days of sales outstanding are days of; no figure of the account by itself.
BILLED_LATELY = Rule(
    "recent", "total", otherwise=(_GIVES_BACK, ("TRUE", "Billed more than 90 days ago"))
)
NOTHING_ADDED = "Adds nothing to this figure"
VOIDED = "Voided: it counts nowhere"


def of_account(
    account_id: int, figure: str, now: datetime, settings: Settings
) -> tuple[list[Found], list[Left]]:
    """What the account's invoices contribute to the figure, and those that do not."""
    return by_rule(account_id, RULES[figure], now, settings)


def by_rule(
    account_id: int, rule: Rule, now: datetime, settings: Settings
) -> tuple[list[Found], list[Left]]:
    """The same of any rule."""
    values: dict[str, Any] = {"ids": [account_id], "now": now, "zone": settings.zone.key}
    values |= {"shown": SHOWN, "shown_left": SHOWN_LEFT}
    with connection.cursor() as db:
        db.execute(_statement(rule), values)
        rows = db.fetchall()
    found: list[Found] = []
    left: list[Left] = []
    whole: dict[str, Decimal] = {}
    for currency, reason, count, total, amount, *record in rows:
        if not reason:
            whole[currency] = total
            found.append(Found(currency, amount, _part(currency, amount, record, settings)))
        else:
            part = _part(currency, amount, record, settings)
            left.append(Left(currency, reason, part, count, total or None))
    return [*found, *others(found, whole)], [*left, *_voided(account_id, settings)]


def others(found: Sequence[Found], whole: Mapping[str, Decimal]) -> list[Found]:
    """What the shown parts leave of the whole of each currency, as one part."""
    rest = {currency: Fraction(total) for currency, total in whole.items()}
    for one in found:
        if one.currency in rest:
            rest[one.currency] -= Fraction(one.amount or 0)
    return [
        Found(code, amount, Part("others", "All others", Money(displayed(amount, code), code)))
        for code, amount in rest.items()
        if amount
    ]


def _statement(rule: Rule) -> str:
    """Every invoice with its amount and, where it does not count, why; the first of each group."""
    reasons = " ".join(f"WHEN {holds} THEN '{words}'" for holds, words in rule.otherwise)
    order = "due ASC NULLS LAST, id" if rule.by_due else "created_at DESC, id DESC"
    return f"""
        {AGED}, told AS (
            SELECT aged.*, {rule.amount} AS amount,
                   min(due_day) FILTER (WHERE kind = 'due' AND due IS NOT NULL) OVER () AS first_due
            FROM aged
        ), judged_ AS (
            SELECT told.*, CASE WHEN ({rule.belongs}) AND amount <> 0 THEN ''
                                WHEN ({rule.belongs}) THEN '{NOTHING_ADDED}'
                                {reasons} ELSE '{NOTHING_ADDED}' END AS reason
            FROM told
        ), placed AS (
            SELECT judged_.*, count(*) OVER w AS number_of, sum(amount) OVER w AS whole,
                   row_number() OVER (PARTITION BY currency, reason ORDER BY {order}) AS place
            FROM judged_ WINDOW w AS (PARTITION BY currency, reason)
        )
        SELECT currency, reason, number_of, whole, amount, kind, number, upstream_id, site_id, credit,
               due_day, created_at, days
        FROM placed
        WHERE place <= CASE WHEN reason = '' THEN %(shown)s ELSE %(shown_left)s END
        ORDER BY currency, reason, place
    """  # noqa: S608 - every condition is a constant of this file


def _part(currency: str, amount: Decimal, record: Sequence[Any], settings: Settings) -> Part:
    kind, number, upstream_id, site_id, credit, due_day, created_at, days = record
    return Part(
        kind="credit" if credit else "invoice",
        label=number or upstream_id,
        amount=Money(displayed(amount, currency), currency),
        site_id=site_id,
        upstream_id=upstream_id,
        status=kind,
        day=due_day or maybe_day(created_at, settings.zone),
        days_past_due=days,
    )


# A shared invoice that is voided is none of an account's concern any more.
_VOIDED = """
    SELECT currency, number, upstream_id, site_id, created_at, total, count(*) OVER (PARTITION BY currency)
    FROM customers_invoice
    WHERE account_id = %(id)s AND state = 'voided' AND removed_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""


def _voided(account_id: int, settings: Settings) -> list[Left]:
    with connection.cursor() as db:
        db.execute(_VOIDED, {"id": account_id, "limit": SHOWN_LEFT})
        rows = db.fetchall()
    return [
        Left(
            currency,
            VOIDED,
            Part(
                "invoice",
                number or name,
                Money(displayed(total or Decimal(0), currency), currency),
                site_id=site,
                upstream_id=name,
                status="voided",
                day=maybe_day(made, settings.zone),
            ),
            count,
        )
        for currency, number, name, site, made, total, count in rows
    ]
