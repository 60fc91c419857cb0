"""What a run would do about subscriptions: the facts that follow, and the attributes read from them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.core.chunks import chunks
from tenure.customers import agreements, fields, history, retyping, tables
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Decision, Terms
from tenure.customers.models import BillingAccount, Subscription
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sync import edits
from tenure.sync.planning.entries import CHUNK, Entry
from tenure.sync.planning.pending import Pending
from tenure.sync.planning.telling import lost_of, pins_of, together, verb_of
from tenure.sync.planning.upstream import Upstream

NOTHING = Decision()


@dataclass(frozen=True, slots=True)
class Agreements:
    """The subscriptions as a run of ``site`` would leave them. ``whole`` looks at the attributes of all
    that are stored, as ``pending`` changes of the mapping do."""

    site: Site
    upstream: Upstream
    mapping: Sequence[Mapped]
    gone: Collection[str]
    now: datetime
    whole: bool = False
    pending: Pending = field(default_factory=Pending)

    def entries(self) -> Iterator[Entry]:
        """Every subscription something would become of, in no order."""
        written = self._written()
        for some in chunks(written.values(), CHUNK):
            yield from self._arrived(some)
        for ids in self._looked_at():
            yield from self._stored(ids, written)

    def _written(self) -> Mapping[str, records.Subscription]:
        arriving = self.upstream.subscriptions
        if self.site.subscriptions_mode != Mode.IMPORT:
            return arriving
        known = self.upstream.known.get(Stream.SUBSCRIPTIONS, set())
        return {i: row for i, row in arriving.items() if i not in known}

    @property
    def _has_attributes(self) -> bool:
        return bool(self.mapping) and self.site.subscriptions_mode != Mode.LINK

    def _arrived(self, written: Sequence[records.Subscription]) -> Iterator[Entry]:
        """New subscriptions, and those whose record changed."""
        known = self.upstream.known.get(Stream.SUBSCRIPTIONS, set())
        rows = self._rows(
            upstream_id__in=[r.upstream_id for r in written if r.upstream_id in known]
        )
        stored = {row.upstream_id: row for row in rows}
        ids = {name: row.pk for name, row in stored.items()}
        changed = history.would_change(tables.SUBSCRIPTIONS, ids, written)
        new = [record for record in written if record.upstream_id not in stored]
        payers = self._payers({record.account_upstream_id for record in new})
        read = fields.reader(one.path for one in self.mapping)
        terms = self._terms()
        for record in written:
            row = stored.get(record.upstream_id)
            if row is None:
                yield self._made(record, payers.get(record.account_upstream_id), read)
                continue
            decision = self._decided(row, record, terms, read)
            yield from _told(row, record, changed.get(record.upstream_id, {}), {}, decision)

    def _made(
        self, record: records.Subscription, payer: tuple[int, str] | None, read: fields.Read
    ) -> Entry:
        account_id, identifier = payer or (None, "")
        values = agreements.values_of(record, self.mapping, read).values
        shown = values if self._has_attributes else {}
        return Entry(
            "create",
            "subscription",
            upstream_id=record.upstream_id,
            account_id=account_id,
            belongs_to=identifier,
            name=_name(record),
            changes={f"attributes.{name}": [None, value] for name, value in shown.items()},
        )

    def _looked_at(self) -> Iterator[list[int]]:
        """Those a run looks at although their record did not change, by our ids."""
        if not self._has_attributes:
            return
        last = 0
        if self.whole:
            rows = Subscription.objects.filter(site_id=self.site.pk, removed_at=None)
            ordered = rows.order_by("pk").values_list("pk", flat=True)
            while some := list(ordered.filter(pk__gt=last)[:CHUNK]):
                yield some
                last = some[-1]
        elif self.site.subscriptions_mode == Mode.DAILY:
            while some := edits.subscriptions_edited_of(self.site.pk, last):
                yield some
                last = some[-1]

    def _stored(self, ids: Sequence[int], written: Collection[str]) -> Iterator[Entry]:
        """What becomes of the attributes of these as they are stored."""
        rows = [row for row in self._rows(pk__in=ids) if row.upstream_id not in written]
        held = {row.pk: agreements.held(row) for row in rows}
        # The rows' own values are changed by the conversion; nobody looks at them after it.
        converted = retyping.convert_subscriptions(rows, held, self.pending.retyped)
        read = fields.reader(one.path for one in self.mapping)
        terms = self._terms()
        for row in rows:
            decision = self._decided(row, row, terms, read)
            yield from _told(row, row, {}, converted.get(row.pk, {}), decision)

    def _rows(self, **which: Any) -> list[Any]:
        columns = {*agreements.columns_of(self.mapping), "upstream_id", "plan_name", "plan_code"}
        rows = Subscription.objects.filter(site_id=self.site.pk, **which)
        return list(rows.values_list(*sorted(columns), "account__identifier", named=True))

    def _payers(self, names: Collection[str]) -> dict[str, tuple[int, str]]:
        rows = BillingAccount.objects.filter(
            site_id=self.site.pk, upstream_id__in=names, account__isnull=False
        )
        found = rows.values_list("upstream_id", "account_id", "account__identifier")
        return {name: (account, identifier) for name, account, identifier in found}

    def _terms(self) -> Terms:
        return agreements.terms_of(
            self.site, self.mapping, gone=self.gone, filling=self.pending.filling
        )

    def _decided(self, row: Any, source: Any, terms: Terms, read: fields.Read) -> Decision:
        if not self._has_attributes:
            return NOTHING
        composed = agreements.values_of(source, self.mapping, read)
        return agreements.decision_of(agreements.held(row), composed, terms, now=self.now)


def _told(
    row: Any,
    source: Any,
    changed: Mapping[str, list[Any]],
    converted: Mapping[str, list[Any]],
    decision: Decision,
) -> Iterator[Entry]:
    changes = {**changed, **together(converted, decision.changes)}
    verb = verb_of(changes, decision.overridden, decision.held)
    if verb:
        yield Entry(
            verb,
            "subscription",
            upstream_id=row.upstream_id,
            account_id=row.account_id,
            belongs_to=row.account__identifier or "",
            name=_name(source),
            changes=changes if verb != "pinned" else {},
            overridden=lost_of(decision.overridden),
            reason=pins_of(decision.held),
        )


def _name(row: Any) -> str:
    return str(row.plan_name or row.plan_code or "")[:300]
