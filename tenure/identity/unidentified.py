"""Records nobody can name yet, each with the reason; counted, never guessed (DESIGN 3.2).

They join by themselves when what is missing arrives.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from tenure.connections.models import Mode, Site
from tenure.core.errors import TenureError
from tenure.customers import making
from tenure.customers.making import Claim
from tenure.customers.models import Allocation, BillingAccount, Subscription
from tenure.identity import rules
from tenure.identity.models import RecordKind
from tenure.identity.resolve import IdentifierRule, Unidentified, identify

CHUNK = 1_000
KINDS = {RecordKind.BILLING_ACCOUNT: "account", RecordKind.SUBSCRIPTION: "subscription"}


class UnusablePlace(TenureError):
    """A place to go on from that names none."""


@dataclass(frozen=True, slots=True)
class Nameless:
    """One record without an account. ``object`` says of which kind it is, ``label`` is the company or the plan, ``code`` the account code
    of who is billed; ``place`` is where a list goes on after it."""

    object: str
    site: Site
    upstream_id: str
    code: str
    label: str
    email: str
    created_at: datetime
    reason: str
    place: str

    def as_json(self) -> dict[str, Any]:
        """The record for scripts."""
        return {
            "site": self.site.subdomain,
            "object": self.object,
            f"{self.site.source}_id": self.upstream_id,
            "code": self.code or None,
            "label": self.label or None,
            "email": self.email or None,
            "created_at": self.created_at.isoformat(),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Unallocated:
    """What no line of an invoice gives to anybody, in one currency."""

    currency: str
    invoices: int
    total: Decimal
    balance: Decimal


def listing(
    site_id: int | None = None, *, limit: int = 200, after: str | None = None
) -> list[Nameless]:
    """The unidentified, the oldest row first, going on after a ``place``. Raises UnusablePlace."""
    rule = rules.in_force()
    found: list[Nameless] = []
    kinds = [RecordKind.SUBSCRIPTION, RecordKind.BILLING_ACCOUNT]
    kind, last = _place(after)
    for one in kinds[kinds.index(kind) if kind else 0 :]:
        rows = _rows(one, rule, site_id)
        rows = rows.filter(pk__gt=last) if one == kind else rows
        found += _named(list(rows.order_by("pk")[: limit - len(found)]), one, rule)
        if len(found) >= limit:
            break
    return found


def everything(site_id: int | None = None) -> Iterator[Nameless]:
    """All of them, read a piece at a time."""
    after = None
    while chunk := listing(site_id, limit=CHUNK, after=after):
        yield from chunk
        after = chunk[-1].place


def count(site_id: int | None = None) -> int:
    """How many records have no account and no way to one."""
    rule = rules.in_force()
    return sum(_rows(kind, rule, site_id).count() for kind in RecordKind)


def unallocated() -> list[Unallocated]:
    """What is billed and belongs to no account, a row a currency."""
    rows = Allocation.objects.filter(account=None, invoice__removed_at=None)
    rows = rows.exclude(invoice__state="voided")
    sums = rows.values_list("invoice__currency").annotate(Count("pk"), Sum("total"), Sum("balance"))
    return [Unallocated(*row) for row in sums.order_by("invoice__currency")]


def _place(after: str | None) -> tuple[RecordKind | None, int]:
    if not after:
        return None, 0
    kind, _, last = after.partition("-")
    if kind not in RecordKind.values or not last.isdecimal():
        raise UnusablePlace(
            "This page marker is damaged.", next_step="Start again from the first page of the list."
        )
    return RecordKind(kind), int(last)


def _rows(kind: RecordKind, rule: IdentifierRule, site_id: int | None) -> QuerySet[Any]:
    """Rows of one table without an account; a billing account of which others are named counts only
    where the billing accounts are what is named, or nothing of it is."""
    model = Subscription if kind == RecordKind.SUBSCRIPTION else BillingAccount
    rows = model.objects.filter(account=None, removed_at=None, site__staged=False)
    if site_id is not None:
        rows = rows.filter(site_id=site_id)
    if kind == RecordKind.SUBSCRIPTION:
        return rows if rule.on_subscriptions else rows.none()
    if rule.on_subscriptions:
        theirs = Subscription.objects.filter(
            site=OuterRef("site"), account_upstream_id=OuterRef("upstream_id"), removed_at=None
        )
        return rows.exclude(Exists(theirs))
    return rows


def _named(rows: Sequence[Any], kind: RecordKind, rule: IdentifierRule) -> list[Nameless]:
    payers = _payers(rows) if kind == RecordKind.SUBSCRIPTION else {}
    sites = Site.objects.in_bulk({row.site_id for row in rows})
    found = []
    for row in rows:
        is_payer = kind == RecordKind.BILLING_ACCOUNT
        payer = row if is_payer else payers.get((row.site_id, row.account_upstream_id))
        label = (row.company or row.billing_name) if is_payer else (row.plan_name or row.plan_code)
        found.append(
            Nameless(
                object=KINDS[kind],
                site=sites[row.site_id],
                upstream_id=row.upstream_id,
                code=payer.code if payer else "",
                label=label or "",
                email=(payer.email if payer else "") or "",
                created_at=row.created_at,
                reason=_reason(row, kind, rule, sites[row.site_id], payer),
                place=f"{kind.value}-{row.pk}",
            )
        )
    return found


def _payers(rows: Sequence[Subscription]) -> dict[tuple[int, str], BillingAccount]:
    wanted = {row.account_upstream_id for row in rows}
    found = BillingAccount.objects.filter(
        site__in={row.site_id for row in rows}, upstream_id__in=wanted
    )
    return {(row.site_id, row.upstream_id): row for row in found}


def _reason(
    row: Any, kind: RecordKind, rule: IdentifierRule, site: Site, payer: BillingAccount | None
) -> str:
    if rule.on_subscriptions and kind == RecordKind.BILLING_ACCOUNT:
        return "It has no subscription, and subscriptions name the accounts."
    claim = identify(rule, row, site.pk)
    if isinstance(claim, Unidentified):
        return f"{claim.reason}."
    if payer is None:
        return "Its billing account has not arrived yet."
    return _waits(claim, site)


def _waits(claim: Claim, site: Site) -> str:
    if site.accounts_mode == Mode.LINK and not making.known_accounts([claim]):
        return f"No account {claim.identifier} exists, and {site.subdomain} is Link only."
    return f"It says {claim.identifier}, and is linked by the next sync."
