"""What the business sells, in dollars: its add-ons and plans."""

from dataclasses import dataclass
from decimal import Decimal

from tenure.simulator.world.prices import Tier, unit_price


@dataclass(frozen=True, slots=True)
class AddOnOffer:
    """An add-on in dollars. ``tiers`` are (ending quantity, dollars) rows, the last without an end."""

    code: str
    name: str
    dollars: str = "0"
    tier_type: str = "flat"
    tiers: tuple[tuple[int | None, str], ...] = ()
    usage: str | None = None
    percentage: str | None = None

    def tiers_in(self, currency: str) -> list[Tier]:
        """The tiers restated in a currency."""
        return [Tier(end, unit_price(Decimal(usd), currency)) for end, usd in self.tiers]


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan in dollars. ``ramp`` are (starting billing cycle, dollars) rows of a ramp plan."""

    code: str
    name: str
    dollars: str
    unit: str = "months"
    length: int = 1
    trial_days: int = 0
    setup_dollars: str = "0"
    cycles: int = 1
    add_ons: tuple[str, ...] = ()
    ramp: tuple[tuple[int, str], ...] = ()
    retired: bool = False
    tax_inclusive: tuple[str, ...] = ()


ADD_ON_OFFERS = {
    a.code: a
    for a in (
        AddOnOffer("extra-storage", "Extra storage, 100 GB", "8"),
        AddOnOffer(
            "api-calls",
            "API calls, thousands",
            "0",
            "tiered",
            ((10, "2"), (50, "1.5"), (None, "1")),
        ),
        AddOnOffer(
            "field-devices", "Field devices", "0", "volume", ((25, "6"), (100, "5"), (None, "4"))
        ),
        AddOnOffer(
            "premium-support",
            "Premium support, hours",
            "0",
            "stairstep",
            ((5, "150"), (20, "480"), (None, "900")),
        ),
        AddOnOffer("text-messages", "Text messages", "0.0075", usage="price"),
        AddOnOffer(
            "page-scans",
            "Scanned pages",
            "0",
            "tiered",
            ((1000, "0.02"), (10000, "0.012"), (None, "0.008")),
            usage="price",
        ),
        AddOnOffer("card-volume", "Card payment volume", usage="percentage", percentage="0.35"),
    )
}
_TEAM_ADD_ONS = ("extra-storage", "api-calls", "text-messages")
_BUSINESS_ADD_ONS = (*_TEAM_ADD_ONS, "field-devices", "premium-support", "page-scans")
_ALL_ADD_ONS = (*_BUSINESS_ADD_ONS, "card-volume")

OFFERS = {
    o.code: o
    for o in (
        Offer("free", "Free", "0"),
        Offer("starter-monthly", "Starter (monthly)", "49", trial_days=14, tax_inclusive=("JPY",)),
        Offer("team-monthly", "Team (monthly)", "29", trial_days=30, add_ons=_TEAM_ADD_ONS),
        Offer("team-annual", "Team (annual)", "290", length=12, add_ons=_TEAM_ADD_ONS),
        Offer(
            "business-monthly",
            "Business (monthly)",
            "59",
            trial_days=30,
            cycles=12,
            add_ons=_BUSINESS_ADD_ONS,
        ),
        Offer(
            "business-annual",
            "Business (annual)",
            "590",
            length=12,
            setup_dollars="500",
            add_ons=_BUSINESS_ADD_ONS,
        ),
        Offer("business-quarterly", "Business (quarterly)", "168", length=3, add_ons=_TEAM_ADD_ONS),
        Offer(
            "enterprise-annual",
            "Enterprise (annual)",
            "360",
            length=12,
            setup_dollars="2500",
            add_ons=_ALL_ADD_ONS,
        ),
        Offer("outlet-weekly", "Outlet (weekly)", "19", unit="days", length=7),
        Offer("season-90", "Season pass (90 days)", "240", unit="days", length=90),
        Offer(
            "launch-ramp",
            "Launch (ramped)",
            "0",
            cycles=12,
            ramp=((1, "99"), (4, "199"), (7, "299")),
        ),
        Offer("classic-monthly", "Classic", "25", retired=True),
    )
}
