"""Billing accounts as people make them, and the identifier report's figures of them counted in plain Python."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tenure.customers.models import BillingAccount, Subscription
from tenure.identity.report.figures import Figures
from tenure.identity.resolve import LONGEST
from tests.metrics.rows import a_site, upstream


@dataclass
class Payer:
    """A billing account with its value and those of its subscriptions."""

    site: int
    value: str | None
    subscriptions: Sequence[str | None] = ()


def store(payers: Iterable[Payer]) -> list[BillingAccount]:
    sites = [a_site("one"), a_site("two"), a_site("three")]
    numbers = count()
    made = []
    for payer in payers:
        site = sites[payer.site]
        row = BillingAccount.objects.create(
            **upstream(site),
            code=f"c{next(numbers)}",
            state="active",
            custom_fields=told(payer.value),
        )
        made.append(row)
        for value in payer.subscriptions:
            Subscription.objects.create(
                **upstream(site),
                account_upstream_id=row.upstream_id,
                state="active",
                currency="USD",
                custom_fields=told(value),
            )
    return made


def told(value: str | None) -> dict[str, str]:
    return {} if value is None else {"tenant": value}


def read(raw: str | None) -> str | None:
    text = unicodedata.normalize("NFC", raw or "").strip()
    return text if text and len(text) <= LONGEST else None


def folded(text: str, kind: str) -> str:
    match kind:
        case "case":
            return unicodedata.normalize("NFC", text.casefold())
        case "spaces":
            return "".join(c for c in text if not c.isspace())
        case "zeros":
            return without_zeros(text)
        case _:
            shown = unicodedata.normalize("NFKC", text)
            return "".join(c for c in shown if unicodedata.category(c) != "Cf").strip()


def without_zeros(text: str) -> str:
    at = next((i for i, c in enumerate(text) if c in "0123456789"), len(text))
    rest = text[at:]
    while len(rest) > 1 and rest[0] == "0" and rest[1] in "0123456789":
        rest = rest[1:]
    return text[:at] + rest


@dataclass
class Plain:
    """Rows of (site, payer, raw value) and the figures they make."""

    rows: list[tuple[int, int, str | None]]
    payers: int
    said: "defaultdict[tuple[int, str], set[int]]" = field(init=False)

    def __post_init__(self) -> None:
        self.said = defaultdict(set)
        self.given = [(site, payer, raw, v) for site, payer, raw in self.rows if (v := read(raw))]
        for site, payer, _, v in self.given:
            self.said[site, v].add(payer)

    def figures(self) -> dict[str, Any]:
        sites = defaultdict(set)
        values = defaultdict(set)
        for site, payer, _, v in self.given:
            sites[v].add(site)
            values[payer].add(v)
        colliding = [payers for payers in self.said.values() if len(payers) > 1]
        shared = {v for v, found in sites.items() if len(found) > 1}
        long = [
            raw
            for _, _, raw in self.rows
            if len(unicodedata.normalize("NFC", raw or "").strip()) > LONGEST
        ]
        return {
            "records": len(self.rows),
            "filled": len(self.given),
            "too_long": len(long),
            "distinct": len(sites),
            "in_site": len(self.said),
            "claims": sum(map(len, self.said.values())),
            "collision_groups": len(colliding),
            "collision_records": sum(map(len, colliding)),
            "shared": len(shared),
            "shared_records": sum(1 for *_, v in self.given if v in shared),
            "covered": len(values),
            "billing_accounts": self.payers,
        }

    def near(self, kind: str) -> tuple[int, int, int]:
        return grouped((folded(v, kind), v) for *_, v in self.given)

    def same(self, way: str) -> tuple[int, int, int]:
        def form(raw: str) -> str:
            return unicodedata.normalize("NFC", raw) if way == "around" else raw.strip()

        return grouped((v, form(raw or "")) for _, _, raw, v in self.given)


def grouped(pairs: Iterable[tuple[str, str]]) -> tuple[int, int, int]:
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key, form in pairs:
        groups[key][form] += 1
    found = [forms for forms in groups.values() if len(forms) > 1]
    return len(found), sum(map(len, found)), sum(forms.total() for forms in found)


def assert_equal(found: Figures, plain: Plain) -> None:
    expected = plain.figures()
    assert {name: getattr(found, name) for name in expected} == expected
    if not found.filled:
        return
    near = {kind: (n.groups, n.values, n.records) for kind, n in found.near.items()}
    assert near == {kind: plain.near(kind) for kind in ("case", "spaces", "zeros", "unicode")}
    same = {way: (n.groups, n.values, n.records) for way, n in found.same.items()}
    assert same == {way: plain.same(way) for way in ("around", "composed")}
