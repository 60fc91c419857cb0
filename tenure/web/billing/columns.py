"""The columns of the lists across accounts: those shown from the start and those to choose."""

from collections.abc import Mapping, Sequence

from tenure.customers.models import Attribute
from tenure.web.accounts.columns import ATTRIBUTE, MOST, NUMBERS, Column

SUBSCRIPTION = Column("subscription", "Subscription")
SUBSCRIPTIONS: tuple[Column, ...] = (
    Column("account", "Account"),
    Column("status", "Status"),
    Column("mrr", "MRR", "mrr", "-mrr", number=True),
    Column("quantity", "Quantity", number=True),
    Column("unit", "Unit price", number=True),
    Column("interval", "Interval"),
    Column("next_renewal", "Next renewal", "renewal", "renewal"),
    Column("ends", "Ends", "end", "end"),
    Column("site", "Site"),
    Column("plan_code", "Plan code"),
    Column("term_left", "Term left"),
    Column("period", "Current period"),
    Column("next_bill", "Next bill", "bill", "bill"),
    Column("add_ons", "Add-ons"),
    Column("trial", "Trial"),
    Column("renews", "Renews itself"),
    Column("paused", "Paused"),
    Column("canceled", "Cancelled"),
    Column("started", "Started", "started", "-started"),
    Column("currency", "Currency"),
    Column("po", "PO number"),
    Column("fields", "Custom fields"),
    Column("id", "Id at the source"),
)
SUBSCRIPTIONS_SHOWN = (
    "account", "status", "mrr", "quantity", "unit", "interval", "next_renewal", "ends", "site",
)  # fmt: skip

INVOICE = Column("invoice", "Invoice")
INVOICES: tuple[Column, ...] = (
    Column("account", "Account"),
    Column("status", "Status"),
    Column("issued", "Issued", "issued", "-issued"),
    Column("due", "Due", "due", "due"),
    Column("total", "Total", "total", "-total", number=True),
    Column("paid", "Paid", number=True),
    Column("balance", "Balance", "balance", "-balance", number=True),
    Column("attempts", "Attempts"),
    Column("site", "Site"),
    Column("late", "Days late", number=True),
    Column("paid_on", "Paid on", "paid_on", "-paid_on"),
    Column("type", "Type"),
    Column("origin", "Origin"),
    Column("dunning", "Dunning"),
    Column("refunded", "Refunded", number=True),
    Column("credited", "Credit used", number=True),
    Column("plans", "Subscriptions"),
    Column("currency", "Currency"),
    Column("po", "PO number"),
    Column("id", "Id at the source"),
)
INVOICES_SHOWN = (
    "account", "status", "issued", "due", "total", "paid", "balance", "attempts", "site",
)  # fmt: skip


def with_attributes(
    columns: Sequence[Column], defined: Sequence[Attribute]
) -> Mapping[str, Column]:
    """Every column there is to choose, by its name in the address."""
    custom = [
        Column(
            f"{ATTRIBUTE}{one.name}",
            one.label,
            number=one.kind in NUMBERS,
            attribute=one.name,
            kind=one.kind,
            unit=one.unit,
        )
        for one in defined
    ]
    return {column.key: column for column in (*columns, *custom)}


def chosen(
    text: str, known: Mapping[str, Column], first: Column, shown: Sequence[str]
) -> list[Column]:
    """The columns an address names, in its order; those shown from the start when it names none."""
    names = [name for name in dict.fromkeys(text.split(",")) if name in known] or shown
    return [first, *(known[name] for name in names[:MOST])]
