"""The inputs of worked examples, in the vendor's field names, as the formulas take them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import msgspec

from tenure.connections.workspace import NO_PRESET, presets
from tenure.core.errors import ConfigurationError
from tenure.metrics.discounts import DURATIONS
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.inputs import (
    DEFAULTS,
    Interval,
    Invoice,
    Payment,
    Settings,
    Subscription,
    zone_named,
)

Document = Mapping[str, Any]


def settings_of(named: Document) -> Settings:
    """Workspace settings by their names in the specification; what is not named is the default."""
    chosen = {**_preset(named.get("preset")), **named}

    def of(*names: str, default: Any = None) -> Any:
        found = (chosen[name] for name in names if chosen.get(name) is not None)
        return next(found, default)

    drop = of("drop_after_days")
    return Settings(
        days_per_month=Fraction(str(of("days_per_month", default=DEFAULTS.days_per_month))),
        mrr_discounts=_one_of(
            "mrr_discounts", of("mrr_discounts", default=DEFAULTS.mrr_discounts), DURATIONS
        ),
        churn_recognition=_churn(of("churn_recognition", default="at_end")),
        drop_after_days=None if drop in (None, "never") else int(drop),
        pause_as_churn=_on(of("pause_as_churn")),
        fixed_discounts_first=str(of("discount_order", default="")).startswith("fixed"),
        derive_rates=_on(of("derive_rates")),
        min_coverage=Fraction(str(of("min_coverage", default=DEFAULTS.min_coverage))),
        currency=of("currency", "workspace_currency", default=DEFAULTS.currency),
        zone=zone_named(of("timezone", "time_zone", "zone", default="UTC")),
    )


_NAMES = frozenset(
    "preset days_per_month mrr_discounts churn_recognition drop_after_days pause_as_churn"
    " discount_order derive_rates min_coverage currency workspace_currency timezone time_zone"
    " zone".split()
)


def unknown_settings(named: Document) -> list[str]:
    """A sentence for each setting that nothing here knows."""
    return [
        f"There is no setting “{name}”: the default stands. Known are {', '.join(sorted(_NAMES))}."
        for name in named
        if name not in _NAMES
    ]


def with_instants(given: Any) -> Any:
    """The input with a zone to every instant in it: of a bare day its first moment, in UTC as all."""
    if isinstance(given, Mapping):
        return {
            name: _instant(value) if name.endswith("_at") else with_instants(value)
            for name, value in given.items()
        }
    return [with_instants(one) for one in given] if isinstance(given, list) else given


def _instant(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    at = datetime.fromisoformat(value)
    return value if at.tzinfo else at.replace(tzinfo=UTC).isoformat()


def _one_of(name: str, value: Any, known: Collection[str]) -> Any:
    if value not in known:
        raise ConfigurationError(
            f"The setting “{name}” cannot be “{value}”.",
            next_step=f"It is one of {', '.join(known)}.",
        )
    return value


def _preset(name: str | None) -> Mapping[str, str]:
    if name in (None, "", NO_PRESET, "default"):
        return {}
    known = presets()
    if name not in known:
        raise ConfigurationError(
            f"There is no preset “{name}”.", next_step=f"Known are {', '.join(known)}."
        )
    return known[str(name)]


def _churn(word: str) -> Any:
    return "at_cancel" if word in ("at_cancel", "canceled_at", "cancel") else "at_end"


def _on(value: Any) -> bool:
    return value is True or str(value).lower() in ("on", "true", "1", "yes")


def subscription_of(document: Document) -> Subscription:
    """A subscription with its plan's interval inside ``plan``. Add-ons and coupons that are not
    mentioned are none, unless a total of add-ons is all there is."""
    plan, tax = document.get("plan") or {}, document.get("tax_info") or {}
    pending = document.get("pending_change") or {}
    named = {
        "plan_code": plan.get("code"),
        "plan_name": plan.get("name"),
        "interval": interval_of(plan),
        "pending_interval": interval_of(pending.get("plan") or {}),
        "tax_rate": tax.get("rate"),
        "redemptions": document.get("coupon_redemptions") or (),
        "add_ons": document.get("add_ons"),
        "quantity": document.get("quantity", 1),
        "unit_amount": exact_amount(document),
    }
    if named["add_ons"] is None and document.get("add_ons_total") is None:
        named["add_ons"] = ()
    known = {k: v for k, v in document.items() if k in Subscription.__struct_fields__}
    return msgspec.convert({"id": "", **known, **named}, Subscription, strict=False)


def exact_amount(document: Document) -> Any:
    """The unit price, from its text where that is given."""
    exact = document.get("unit_amount_decimal")
    return document.get("unit_amount") if exact is None else exact


def interval_of(plan: Document) -> Interval | None:
    """A plan's interval; None when it says none, or one that is neither in days nor months."""
    unit, length = plan.get("interval_unit"), plan.get("interval_length")
    if unit not in ("days", "months") or not length:
        return None
    return msgspec.convert({"unit": unit, "length": length}, Interval, strict=False)


def invoices_of(given: Document) -> list[Invoice]:
    """The invoices of an example."""
    found = [{"id": "", "currency": "USD", **one} for one in given.get("invoices") or ()]
    return msgspec.convert(found, list[Invoice], strict=False)


def payments_of(given: Document) -> list[Payment]:
    """The transactions of an example; one without a currency is in the first invoice's."""
    currency = next((one.currency for one in invoices_of(given)), "USD")
    found = [{"currency": currency, **one} for one in given.get("transactions") or ()]
    return msgspec.convert(found, list[Payment], strict=False)


def entered_rates(given: Document) -> Iterable[Rate]:
    """The rates of an example; one without a day has always been in force."""
    for one in given.get("fx") or ():
        day = date.fromisoformat(one.get("date") or "1970-01-01")
        yield Rate(one["from"], one["to"], day, Fraction(str(one["rate"])))


def rates_of(given: Document, settings: Settings) -> Rates:
    """The rates of an example, for looking up."""
    return Rates(entered_rates(given), derive=settings.derive_rates)
