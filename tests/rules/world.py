"""A small world to ask rules of: a catalogue, tables made of it, and the same rows as plain values."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connection

from tenure.rules.catalogue import Attribute, Catalogue, History, Relation
from tenure.rules.context import Context
from tenure.rules.operators import Type
from tenure.rules.subject import Version

NOW = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)  # in Auckland it is the 11th already
RATES = {"USD": Decimal(1), "EUR": Decimal("1.10")}
CONTEXT = Context(NOW, "Pacific/Auckland", "USD", RATES)

STATES = ("active", "paused", "ended")
ACCOUNT = (
    Attribute("name", "Name", Type.TEXT, "a.name"),
    Attribute("plan_names", "Plans", Type.LIST, "a.plans", synonyms=("plan",)),
    Attribute("seats", "Seats", Type.NUMBER, "a.seats"),
    Attribute("vip", "VIP", Type.BOOLEAN, "a.vip"),
    Attribute("status", "Status", Type.ENUM, "{f}.status", values=STATES, history="figures"),
    Attribute("renewal", "Next renewal", Type.DATE, "{f}.renewal", history="figures"),
    Attribute(
        "mrr",
        "MRR",
        Type.MONEY,
        "{f}.mrr",
        by_currency="({f}.mrr_by ->> {currency})::numeric",
        history="figures",
    ),
    Attribute("created", "Created", Type.DATE, "(a.created_at AT TIME ZONE {zone})::date"),
)
INVOICE = (
    Attribute("state", "State", Type.ENUM, "i.state", values=("paid", "past_due"), open=True),
    Attribute(
        "balance",
        "Balance",
        Type.MONEY,
        "i.balance * CASE i.currency{converted} END",
        by_currency="CASE WHEN i.currency = {currency} THEN i.balance END",
    ),
    Attribute("due", "Due", Type.DATE, "i.due"),
    Attribute("number", "Number", Type.TEXT, "i.number"),
    Attribute("lines", "Lines", Type.NUMBER, "i.lines"),
)
CATALOGUE = Catalogue(
    ACCOUNT,
    (Relation("invoice", "Invoice", "Invoices", "i", "t_invoice", INVOICE, where="i.kept"),),
    {"figures": History("f", "t_version")},
)

_TABLES = """
    CREATE TEMP TABLE t_account (id bigint PRIMARY KEY, name text, plans text[], seats numeric,
        vip boolean, created_at timestamptz) ON COMMIT DROP;
    CREATE TEMP TABLE t_version (account_id bigint, valid_from timestamptz, valid_to timestamptz,
        status text, renewal date, mrr numeric, mrr_by jsonb) ON COMMIT DROP;
    CREATE TEMP TABLE t_invoice (id bigint, account_id bigint, state text, balance numeric,
        currency text, due date, number text, lines numeric, kept boolean) ON COMMIT DROP;
"""


@dataclass
class Row:
    """One account or invoice; ``mrr`` and ``balance`` are asked through their currency."""

    values: dict[str, Any]
    money: dict[str, Decimal] = field(default_factory=dict)
    related: "list[Row]" = field(default_factory=list)
    past: "list[tuple[datetime, datetime | None, Row]]" = field(default_factory=list)

    def value(self, attribute: Attribute, currency: str | None) -> Any:
        if attribute.type is not Type.MONEY:
            return self.values[attribute.key]
        if currency:
            return self.money.get(currency)
        if not set(self.money) <= set(RATES) or "unknown" in self.values:
            return None
        return sum((amount * RATES[one] for one, amount in self.money.items()), Decimal(0))

    def rows(self, relation: Relation) -> "Sequence[Row]":
        return self.related

    def versions(self, attribute: Attribute, currency: str | None) -> Sequence[Version]:
        return [
            Version(start, end, row.value(attribute, currency)) for start, end, row in self.past
        ]

    def evidence(self) -> str:
        return str(self.values.get("number"))


def accounts(random: Random, count: int) -> list[Row]:
    """So many accounts with invoices and past figures."""
    return [_account(random) for _ in range(count)]


def _account(random: Random) -> Row:
    past = _past(random)
    live = past[-1][2]
    values = live.values | {
        "name": random.choice((None, "Acme", "ACME Éclair", "Zoë & co", "a_b%c", "")),
        "plan_names": random.choice((None, [], ["Pro"], ["Pro", "Team"], ["basic plan"])),
        "seats": random.choice((None, Decimal(0), Decimal(5), Decimal("7.5"))),
        "vip": random.choice((None, True, False)),
        "created": (NOW + timedelta(hours=13)).date()
        - timedelta(days=random.choice((0, 1, 29, 30, 31))),
    }
    invoices = [_invoice(random) for _ in range(random.choice((0, 0, 1, 2, 4)))]
    return Row(values, live.money, invoices, past)


def _past(random: Random) -> list[tuple[datetime, datetime | None, Row]]:
    days = sorted(random.sample((0, 1, 6, 7, 8, 29, 30, 31, 90), random.choice((1, 1, 2, 3, 5))))
    starts = [NOW - timedelta(days=day) for day in reversed(days)]
    return [
        (start, end, _figures(random))
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]


def _figures(random: Random) -> Row:
    money = {
        one: Decimal(random.choice(("0", "50", "80", "100", "100.01", "500")))
        for one in random.choice(((), ("USD",), ("EUR",), ("USD", "EUR"), ("USD", "GBP")))
    }
    day = NOW.date() + timedelta(days=random.choice((-31, -30, -1, 0, 1, 2, 29, 30, 31, 32)))
    values = {"status": random.choice(STATES), "renewal": random.choice((None, day, day))}
    if random.random() < 0.1:
        values["unknown"] = True  # a figure nobody could compute
    return Row(values, money)


def _invoice(random: Random) -> Row:
    currency = random.choice(("USD", "EUR", "GBP"))
    day = NOW.date() + timedelta(days=random.choice((-31, -30, -7, 0, 1, 7, 30)))
    values = {
        "state": random.choice(("paid", "past_due", "odd")),
        "due": random.choice((None, day, day)),
        "number": random.choice(("1001", "1002", None)),
        "lines": random.choice((None, Decimal(1), Decimal(3))),
    }
    if random.random() < 0.15:
        return Row(values | {"unknown": True, "currency": currency}, {})
    amount = Decimal(random.choice(("0", "10", "1000", "1000.50", "-50")))
    return Row(values | {"currency": currency}, {currency: amount})


def store(rows: Sequence[Row]) -> None:
    """The same accounts in temporary tables, numbered in order."""
    with connection.cursor() as db:
        db.execute(_TABLES)
        for number, row in enumerate(rows):
            names = ("name", "plan_names", "seats", "vip")
            created = datetime.combine(row.values["created"], datetime.min.time(), UTC)
            db.execute(
                "INSERT INTO t_account VALUES (%s, %s, %s, %s, %s, %s)",
                [number, *(row.values[name] for name in names), created - timedelta(hours=13)],
            )
            for start, end, figures in row.past:
                _store_version(db, number, start, end, figures)
            for place, invoice in enumerate(row.related):
                _store_invoice(db, number, place, invoice, kept=True)
            _store_invoice(db, number, 99, _invoice(Random(number)), kept=False)


def _store_version(db: Any, number: int, start: datetime, end: Any, figures: Row) -> None:
    whole = figures.value(CATALOGUE.scope.attributes["mrr"], None)
    amounts = json.dumps({one: str(amount) for one, amount in figures.money.items()})
    values = (figures.values["status"], figures.values["renewal"], whole, amounts)
    db.execute(
        "INSERT INTO t_version VALUES (%s, %s, coalesce(%s, 'infinity'::timestamptz), %s, %s, %s, %s)",
        [number, start, end, *values],
    )


def _store_invoice(db: Any, number: int, place: int, invoice: Row, *, kept: bool) -> None:
    values = invoice.values
    amount = invoice.money.get(values["currency"])
    db.execute(
        "INSERT INTO t_invoice VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(place, number, values["state"], amount, values["currency"]),
            *(values["due"], values["number"], values["lines"], kept),
        ],
    )


FROM = """
    FROM t_account a LEFT JOIN t_version f ON f.account_id = a.id AND f.valid_to = 'infinity'
    ORDER BY a.id
"""
