"""The columns of the account list: those shown from the start, those to choose, and any attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenure.customers.models import Attribute, AttributeKind

ATTRIBUTE = "attributes."
MOST = 30
NUMBERS = (AttributeKind.NUMBER, AttributeKind.MONEY)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table. ``sort`` is the order it offers; ``first`` how its first click sorts.

    A column of an attribute carries it: ``attribute`` names the value its cells show.
    """

    key: str
    label: str
    sort: str = ""
    first: str = ""
    number: bool = False
    attribute: str = ""
    kind: str = ""
    unit: str = ""


ACCOUNT = Column("account", "Account", "name", "name")
BUILT_IN = (
    Column("status", "Status", "status", "status"),
    Column("health", "Health", "health", "health"),
    Column("mrr", "MRR", "mrr", "-mrr", number=True),
    Column("plans", "Plans"),
    Column("quantity", "Quantity", number=True),
    Column("next_renewal", "Next renewal", "next_renewal", "next_renewal"),
    Column("past_due", "Overdue", "past_due", "-past_due", number=True),
    Column("alerts", "Alerts", number=True),
    Column("invoices", "Invoices"),
    Column("sites", "Sites"),
    Column("changed", "Changed"),
    Column("owner", "Owner"),
    Column("arr", "ARR", number=True),
    Column("total_due", "Due", "total_due", "-total_due", number=True),
    Column("subscriptions", "Subscriptions", number=True),
    Column("next_bill", "Next bill"),
    Column("last_paid", "Last paid", "last_paid", "-last_paid"),
    Column("customer_since", "Customer since"),
    Column("state", "Account state"),
    Column("created", "Created", "created", "-created"),
)
SHOWN = (
    "health", "status", "mrr", "plans", "quantity", "next_renewal", "past_due", "alerts", "sites", "changed",
)  # fmt: skip


def offered(defined: Sequence[Attribute]) -> Mapping[str, Column]:
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
    return {column.key: column for column in (*BUILT_IN, *custom)}


def chosen(text: str, known: Mapping[str, Column]) -> list[Column]:
    """The columns an address names, in its order; those shown from the start when it names none.

    A name that is no column any more, as of an attribute that was removed, is passed over.
    """
    names = [name for name in dict.fromkeys(text.split(",")) if name in known] or SHOWN
    return [ACCOUNT, *(known[name] for name in names[:MOST])]
