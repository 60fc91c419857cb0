"""How well a field of the source is filled and which type its values have: said before it is mapped."""

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.expressions import Expression
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from tenure.customers import fields
from tenure.customers.convert import Unreadable, typed
from tenure.customers.models import AttributeKind, BillingAccount, Subscription

MODELS: Mapping[str, type[BillingAccount | Subscription]] = {
    fields.ACCOUNT: BillingAccount,
    fields.SUBSCRIPTION: Subscription,
}
SAMPLES = 3
PROBLEMS = 5
SUGGESTING = 2_000  # different values a suggestion looks at


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot be read as the type, how often it is there, and how it should look."""

    value: str
    count: int
    reason: str


@dataclass(slots=True)
class Fit:
    """How a field suits a type: of ``total`` records ``filled`` have a value, and ``unreadable`` of
    those cannot be read as ``kind``. ``problems`` are the most frequent of them."""

    field: str
    kind: str
    total: int = 0
    filled: int = 0
    unreadable: int = 0
    different: int = 0
    samples: list[str] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)

    @property
    def readable(self) -> int:
        """How many records give the attribute a value."""
        return self.filled - self.unreadable

    @property
    def sentence(self) -> str:
        """What a person should know before saving."""
        if not self.filled:
            return "No record has a value in this field."
        told = f"{self.filled:,} of {self.total:,} records have a value"
        kind = AttributeKind(self.kind).label.lower()
        if not self.unreadable:
            return f"{told}; all can be read as {kind}."
        examples = ", ".join(f"{p.value!r} ({p.count:,})" for p in self.problems)
        return (
            f"{told}; {self.unreadable:,} of them cannot be read as {kind} and would stay empty:"
            f" {examples}."
        )


def rows(object_kind: str, sites: Collection[int] | None = None) -> QuerySet[Any]:
    """The stored records an attribute of this kind is read from."""
    found = MODELS[object_kind].objects.filter(removed_at=None)
    return found if sites is None else found.filter(site_id__in=sites)


def expression(path: str) -> Expression | F:
    """The value at this path, for a query."""
    column, *keys = fields.place(path)
    found: Expression | F = F(column)
    for depth, key in enumerate(keys, 1):
        made = KeyTextTransform if depth == len(keys) else KeyTransform
        found = made(key, found)
    return found


def fit(field_name: str, kind: str, sites: Collection[int] | None = None) -> Fit:
    """How the stored values of a field suit a type; exact, whatever there is."""
    object_kind, path = fields.split(fields.canonical(field_name))
    found = rows(object_kind, sites)
    told = Fit(field_name, kind, total=found.count())
    counted = found.annotate(said=expression(path)).exclude(said=None).values_list("said")
    values = counted.annotate(times=Count("pk")).order_by("-times", "said")
    for raw, times in values.iterator(chunk_size=5_000):
        _weigh(told, fields.plain(raw), times)
    return told


def _weigh(told: Fit, value: Any, times: int) -> None:
    if value == "" or (isinstance(value, str) and value.isspace()):
        return
    told.filled += times
    told.different += 1
    if len(told.samples) < SAMPLES:
        told.samples.append(str(value)[:80])
    try:
        typed(value, told.kind)
    except Unreadable as error:
        told.unreadable += times
        if len(told.problems) < PROBLEMS:
            told.problems.append(Problem(str(value)[:80], times, str(error)))


def suggestion(field_name: str, sites: Collection[int] | None = None) -> str:
    """The narrowest type that all of the field's most frequent values have."""
    object_kind, path = fields.split(fields.canonical(field_name))
    known = fields.standard(fields.canonical(field_name))
    if known is not None:
        return str(known.kind)
    found = rows(object_kind, sites).annotate(said=expression(path)).exclude(said=None)
    counted = found.values_list("said").annotate(times=Count("pk")).order_by("-times", "said")
    return suggest(path, [str(value) for value, _ in counted[:SUGGESTING]])


MONEY = re.compile(r"(^|_)(amount|arr|mrr|price|fee|revenue|budget|cost|spend)(_|$)", re.IGNORECASE)
NAMES = re.compile(r"(^|_)(id|code|zip|postal|phone|number|no|ref)(_|$)|(id|Id|ID)$")
WORDS_OF_TRUTH = {"true", "false", "yes", "no"}


def suggest(path: str, values: Sequence[str]) -> str:
    """The type these values seem to have. Pure. What looks like a name stays text: 007 is not 7."""
    name = path.rpartition(".")[2]
    said = [value.strip() for value in values if value.strip()]
    if not said:
        return AttributeKind.TEXT
    if all(value.lower() in WORDS_OF_TRUTH for value in said):
        return AttributeKind.BOOLEAN
    if _all(said, AttributeKind.NUMBER) and not NAMES.search(name) and not _padded(said):
        return AttributeKind.MONEY if MONEY.search(name) else AttributeKind.NUMBER
    if _all(said, AttributeKind.DATE) and not all(value.isdigit() for value in said):
        return AttributeKind.DATE
    if _is_list(said):
        return AttributeKind.LIST
    return AttributeKind.TEXT


def _all(values: Iterable[str], kind: str) -> bool:
    try:
        return all(typed(value, kind) is not None for value in values)
    except Unreadable:
        return False


def _padded(values: Sequence[str]) -> bool:
    return any(len(value) > 1 and value[0] == "0" and value[1] != "." for value in values)


def _is_list(values: Sequence[str]) -> bool:
    """Whether most hold several short parts, and parts come back: ``eu,beta`` and ``beta``."""
    parts = [[part.strip() for part in re.split(r"[,;]", value)] for value in values]
    several = sum(1 for some in parts if len(some) > 1)
    short = all(0 < len(part) <= 24 and " " not in part for some in parts for part in some)
    return short and several * 3 >= len(values)
