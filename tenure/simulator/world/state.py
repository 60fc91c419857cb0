"""What the world remembers beside the wire records: sites, customers, what they hold and owe."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.world.chance import stream
from tenure.simulator.world.ids import Identity, identity
from tenure.simulator.world.moments import wire
from tenure.simulator.world.places import City, Country
from tenure.simulator.world.plans import SoldAddOn, SoldPlan, catalogue

Event = Callable[[datetime], None]


class Queue:
    """Things that will happen, in order of time and, within one instant, of being planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Event]] = []
        self._planned = 0

    def plan(self, at: datetime, event: Event) -> None:
        """Let ``event`` happen at ``at``."""
        heapq.heappush(self._heap, (at, self._planned, event))
        self._planned += 1

    def due(self, until: datetime) -> tuple[datetime, Event] | None:
        """The next thing to happen up to and including ``until``, taken off the queue."""
        if not self._heap or self._heap[0][0] > until:
            return None
        at, _, event = heapq.heappop(self._heap)
        return at, event


@dataclass(eq=False, repr=False, slots=True)
class AddOnHeld:
    """One add-on of a subscription."""

    sold: SoldAddOn
    record: Record


@dataclass(eq=False, repr=False, slots=True)
class Discount:
    """A redeemed coupon: its full record and the small one subscriptions embed. ``given`` is what of
    a fixed amount was given to what was billed together, by its day and rhythm: those are invoices
    of their own here, and get it once."""

    record: Record
    mini: Record
    given: dict[object, Decimal] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        return bool(self.record["state"] == "active")


@dataclass(eq=False, repr=False, slots=True)
class Held:
    """A subscription. ``epoch`` counts re-plannings: an event of an older epoch no longer happens."""

    customer: "Customer"
    record: Record
    sold: SoldPlan
    dice: Random
    anchor: int
    starts: datetime
    ends: datetime
    term_ends: datetime
    cycle: int = 0
    epoch: int = 0
    bespoke: Decimal | None = None
    add_ons: list[AddOnHeld] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)

    @property
    def state(self) -> str:
        return str(self.record["state"])

    @property
    def is_over(self) -> bool:
        return self.state in ("expired", "failed")

    def in_trial(self, at: datetime) -> bool:
        """Whether the instant lies in the trial."""
        ends = self.record["trial_ends_at"]
        return ends is not None and wire(at) < ends


@dataclass(eq=False, repr=False, slots=True)
class Bill:
    """An invoice, charge or credit, with the small form its transactions embed."""

    payer: "Customer"
    record: Record
    mini: Record
    held: list[Held]
    due: datetime
    epoch: int = 0

    @property
    def state(self) -> str:
        return str(self.record["state"])

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "processing", "past_due")


@dataclass(slots=True)
class Manner:
    """How a customer pays. ``net_terms`` of None means a card or bank account is charged; a customer
    with ``pays`` off never pays at all.
    """

    decline: float
    recover: float
    lateness: float
    net_terms: int | None = None
    eom: bool = False
    slow_bank: bool = False
    pays: bool = True


@dataclass(eq=False, repr=False, slots=True)
class Customer:
    """One Recurly account. ``key`` names it for ever, whatever happens to its record; ``tenant`` is
    the business's own name for the customer, however its custom field spells it.

    ``bills`` are its charges, ``credits`` its open credits, ``issued`` all invoices it ever got;
    ``unbilled`` are line items waiting for the next one; ``others`` are further records, with their kinds, that embed its small form.
    """

    site: "Site"
    key: str
    record: Record
    mini: Record
    country: Country
    city: City
    rate: Decimal
    currency: str
    manner: Manner
    life: Random
    pay: Random
    parent: "Customer | None" = None
    tenant: str | None = None
    held: list[Held] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    credits: list[Bill] = field(default_factory=list)
    issued: list[Bill] = field(default_factory=list)
    unbilled: list[Record] = field(default_factory=list)
    others: list[tuple[str, Record]] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    past_due: set[str] = field(default_factory=set)
    closed: bool = False
    removed: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def identity(self, kind: str) -> Identity:
        """The identity of this customer's next object of a kind."""
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        return identity(self.site.seed, self.site.spec.subdomain, kind, self.key, count)

    def dice(self, purpose: str) -> Random:
        """A fresh stream of this customer's own."""
        return stream(self.site.seed, self.site.spec.subdomain, self.key, purpose)

    @property
    def payer(self) -> "Customer":
        """Who receives the invoices: the parent when the account says so."""
        billed_to_parent = self.parent is not None and self.record["bill_to"] == "parent"
        return self.parent if self.parent and billed_to_parent else self


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """One Recurly site to simulate. ``share`` is its part of all customers."""

    subdomain: str
    key: str
    region: str = "us"
    mode: str = "production"
    share: float = 1.0
    currencies: tuple[str, ...] = ("USD", "EUR", "GBP", "JPY", "KWD")


@dataclass(eq=False, repr=False)
class Site:
    """A site's customers and catalogue, and the records that changed since the last publication."""

    spec: SiteSpec
    seed: int
    opened: datetime
    queue: Queue
    store: SiteStore
    bump_on_time_events: bool = True
    customers: list[Customer] = field(default_factory=list)
    coupons: dict[str, Record] = field(default_factory=dict)
    items: dict[str, Record] = field(default_factory=dict)
    changed: dict[tuple[str, str], Record] = field(default_factory=dict)
    known: dict[str, "Customer | Held | Bill"] = field(default_factory=dict)
    last_number: int = 1000
    dunning_campaign_id: str = ""
    features: frozenset[str] = frozenset()
    plans: dict[str, SoldPlan] = field(init=False)

    def __post_init__(self) -> None:
        self.plans = catalogue(self.seed, self.spec.subdomain, self.opened)
        self.id = identity(self.seed, self.spec.subdomain, "site").id

    def touch(self, kind: str, record: Record, at: datetime | None = None) -> None:
        """Mark a record for publication; with ``at``, as updated then."""
        if at is not None:
            # A change that becomes visible late must not undo a newer stamp.
            record["updated_at"] = max(record["updated_at"] or "", wire(at))
        self.changed[kind, record["id"]] = record

    def touch_by_time(self, kind: str, record: Record, at: datetime) -> None:
        """``touch`` for what only the clock brought about, which Recurly may not stamp."""
        self.touch(kind, record, at if self.bump_on_time_events else None)

    def next_number(self) -> str:
        """The next invoice number of the site."""
        self.last_number += 1
        return str(self.last_number)

    def publish(self) -> None:
        """Hand every changed record to the store, once each, in the order of first change."""
        for (kind, _), record in self.changed.items():
            self.store.put(kind, record)
        self.changed.clear()

    def plan(self, at: datetime, event: Callable[..., Any], *args: object) -> None:
        """Let ``event(at, *args)`` happen at ``at``, in whole seconds as everything here."""
        self.queue.plan(at.replace(microsecond=0), lambda now: event(now, *args))
