"""How figures are offered to rules: one maker for each way in which an account's row keeps them."""

from collections.abc import Mapping
from dataclasses import replace

from tenure.metrics.briefs import changed
from tenure.metrics.rollup import STATUSES
from tenure.rules.catalogue import Attribute
from tenure.rules.indexes import Column, Index, Positive
from tenure.rules.operators import Type

FACTS = "figures"
REVENUE, RECEIVABLES, PAYMENTS = "Revenue", "Receivables", "Payments"
_CONVERTED = {
    "mrr": "mrr_converted",
    "arr": "arr_converted",
    "total_due": "due_converted",
    "past_due": "past_due_converted",
    "total_paid": "paid_converted",
    "billed": "billed_converted",
}
# For sorting: the converted total where there is one, null where nothing is there to convert.
_SORTED = {
    key: Column(f"b.{column}", or_null=True, known=f"b.{key}_known")
    for key, column in (
        ("mrr", "mrr_sort"),
        ("total_due", "due_sort"),
        ("past_due", "past_due_sort"),
    )
}
_SOMETHING_LATE = Positive("b.past_due_sort > 0")
_INDEXES: Mapping[str, Index] = {
    "past_due_count": _SOMETHING_LATE,
    "oldest_past_due_days": _SOMETHING_LATE,
    "oldest_past_due_since": _SOMETHING_LATE,
    "subscription_status": Column("b.status_rank", words=STATUSES, known="b.measured"),
    "next_renewal_date": Column("b.next_renewal_date"),
    "last_paid_date": Column("b.last_paid_date"),
}
_IN_BRIEF = {
    **{
        key: f"CASE WHEN {index.known} THEN coalesce({index.column}, 0) END"
        for key, index in _SORTED.items()
    },
    **{key: f"b.{key}" for key in ("next_renewal_date", "last_paid_date", "invoice_status")},
    **{key: f"b.{key}" for key in ("total_quantity", "past_due_count", "oldest_past_due_days")},
    "subscription_status": f"(ARRAY[{', '.join(map(repr, STATUSES))}])[b.status_rank + 1]",
}
# An open receivable has a balance above nothing (METRICS section 4); the others are counted.
_FROM_ZERO = frozenset(
    {"total_due", "past_due", "past_due_count", "oldest_past_due_days", "total_quantity"}
)
UNMEASURED = "Unknown until the account is measured."
RATE = "Unknown while a rate to the workspace's currency is missing."


def money(key: str, label: str, group: str, explains: str, *synonyms: str) -> Attribute:
    """An amount in each currency."""
    kept = _CONVERTED.get(key)
    made = _by_currency(key, label, group, explains, f"{{f}}.{key}", *synonyms)
    if not kept:
        return made
    index, brief = _SORTED.get(key), _IN_BRIEF.get(key, "")
    return replace(
        made,
        column=f"{{f}}.{kept}",
        index=index,
        brief=brief,
        changed=changed(key),
        from_zero=key in _FROM_ZERO,
    )


def _by_currency(
    key: str, label: str, group: str, explains: str, held: str, *synonyms: str
) -> Attribute:
    """Money that ``held`` has by currency, as the figures keep it."""
    summed = (
        "(SELECT CASE WHEN count(*) = count(one.amount) THEN coalesce(sum(one.amount), 0) END FROM"
        " (SELECT each.value::numeric * CASE each.key{converted} END AS amount"
        # A zero needs no rate.
        f" FROM jsonb_each_text({held}) each WHERE each.value::numeric <> 0) one)"
    )
    return Attribute(
        key,
        label,
        Type.MONEY,
        f"CASE WHEN {{f}}.account_id IS NOT NULL THEN {summed} END",
        by_currency=f"coalesce(({held} ->> {{currency}})::numeric,"
        " CASE WHEN {f}.account_id IS NOT NULL THEN 0 END)",
        explains=explains,
        missing=RATE,
        synonyms=synonyms,
        history=FACTS,
        group=group,
        figure=key,
    )


def aged(bucket: str, key: str, label: str, explains: str) -> Attribute:
    """What is owed by how late it is: one of METRICS section 4's ages."""
    held = (
        "(SELECT coalesce(jsonb_object_agg(age.key, age.value ->> '"
        f"{bucket}'), '{{}}') FROM jsonb_each({{f}}.ageing) age)"
    )
    made = _by_currency(f"ageing_{key}", label, RECEIVABLES, explains, held)
    return replace(made, figure=f"ageing.{bucket}")


def figure(
    key: str, label: str, kind: Type, group: str, explains: str, *synonyms: str, **more: str
) -> Attribute:
    """A number, day, list or yes and no, as the row has it; ``missing`` and ``unit`` by name."""
    cast = "::numeric" if kind is Type.NUMBER else ""
    cast = "::text[]" if kind is Type.LIST else cast
    return Attribute(
        key,
        label,
        kind,
        f"{{f}}.{key}{cast}",
        explains=explains,
        synonyms=synonyms,
        history=FACTS,
        group=group,
        figure=key,
        unit=more.get("unit", ""),
        missing=more.get("missing", UNMEASURED),
        index=_INDEXES.get(key),
        brief=_IN_BRIEF.get(key, ""),
        changed=changed(key),
        from_zero=key in _FROM_ZERO,
    )


def status(key: str, label: str, values: list[str], group: str, explains: str) -> Attribute:
    """One of a few words."""
    return Attribute(
        key,
        label,
        Type.ENUM,
        f"{{f}}.{key}",
        values=tuple(values),
        explains=explains,
        missing=UNMEASURED,
        history=FACTS,
        group=group,
        figure=key,
        index=_INDEXES.get(key),
        brief=_IN_BRIEF.get(key, ""),
        changed=changed(key),
    )


def derived(
    key: str,
    label: str,
    kind: Type,
    column: str,
    group: str,
    explains: str,
    *synonyms: str,
    missing: str = UNMEASURED,
) -> Attribute:
    """What is read out of a figure and is none itself, so that it has no calculation."""
    return Attribute(
        key,
        label,
        kind,
        column,
        explains=explains,
        missing=missing,
        synonyms=synonyms,
        history=FACTS,
        group=group,
    )
