"""The attributes of a subscription as they stand: each value with where it came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from tenure.customers.models import Attribute, Subscription
from tenure.customers.provenance import Back, Pinned, of_agreed
from tenure.web import moments
from tenure.web.values import EMPTY


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute of a subscription. ``pin_over`` says that the pin's day has come."""

    name: str
    label: str
    kind: str
    unit: str
    value: Any
    source: str
    site: str
    field: str
    set_by: str
    set_at: datetime | None
    change_set: int | None
    pin: Pinned | None
    pin_over: bool
    back: Back | None
    editable: bool

    @property
    def has_value(self) -> bool:
        """Whether there is anything to show."""
        return self.value not in EMPTY

    @property
    def is_long(self) -> bool:
        """A text that is cut where room is short."""
        return isinstance(self.value, str) and len(self.value) > 40


def value_of(row: Subscription, attribute: Attribute, *, editable: bool) -> Value:
    """The attribute of this subscription as it stands."""
    origin, now = of_agreed(row, attribute.name), settings.TENURE_CLOCK.now()
    return Value(
        name=attribute.name,
        label=attribute.label,
        kind=attribute.kind,
        unit=attribute.unit,
        value=row.attributes.get(attribute.name),
        source=origin.source,
        site=origin.site or "",
        field=attribute.source_field,
        set_by=origin.set_by or "",
        set_at=moments.instant_of(origin.set_at),
        change_set=origin.change_set,
        pin=origin.pin,
        pin_over=origin.pin is not None and not origin.pin.holds(now),
        back=origin.back,
        editable=editable,
    )
