"""Kinds of customer: what they buy, how many seats, how they pay and how reliably."""

from dataclasses import dataclass
from random import Random

from tenure.simulator.world.chance import weighted
from tenure.simulator.world.state import Customer, Manner


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of customer. ``on_terms`` is the share that pays invoices by transfer."""

    name: str
    plans: tuple[tuple[float, str], ...]
    seats: tuple[int, int]
    on_terms: float = 0.0
    subscriptions: tuple[int, int] = (1, 1)


SMALL = Profile(
    "small",
    ((5, "starter-monthly"), (5, "team-monthly"), (2, "team-annual"), (1, "launch-ramp")),
    (1, 9),
    on_terms=0.08,
)
MIDDLE = Profile(
    "middle",
    (
        (5, "business-monthly"),
        (4, "business-annual"),
        (2, "business-quarterly"),
        (3, "team-annual"),
        (1, "season-90"),
    ),
    (8, 60),
    on_terms=0.5,
)
LARGE = Profile("large", ((1, "enterprise-annual"),), (80, 600), on_terms=0.9)
FREE = Profile("free", ((1, "free"),), (1, 2))
CLASSIC = Profile("classic", ((1, "classic-monthly"),), (2, 12), on_terms=0.1)
CHAIN = Profile("chain", ((1, "outlet-weekly"),), (1, 4), subscriptions=(2, 5))
RESELLER = Profile(
    "reseller", ((2, "team-monthly"), (1, "business-annual")), (3, 20), 0.5, subscriptions=(5, 11)
)

_MIX = ((52, SMALL), (31, MIDDLE), (8, LARGE), (4, FREE), (2, CHAIN))


def profile_for(index: int, dice: Random, *, early: bool) -> Profile:
    """The kind of the customer with this number; every eightieth is a reseller."""
    if index % 80 == 44:
        return RESELLER
    if early and dice.random() < 0.12:
        return CLASSIC
    return weighted(dice, _MIX)


def manner_for(profile: Profile, dice: Random) -> Manner:
    """How this customer pays: four in five reliably."""
    decline, recover = weighted(dice, ((80, (0.02, 0.6)), (15, (0.13, 0.35)), (5, (0.4, 0.12))))
    lateness = weighted(dice, ((50, 0.15), (32, 0.4), (13, 0.75), (5, 0.97)))
    if dice.random() >= profile.on_terms:
        return Manner(decline, recover, lateness, slow_bank=dice.random() < 0.12)
    return Manner(
        decline,
        recover,
        lateness,
        net_terms=dice.choice((15, 30, 30, 30, 45, 60)),
        eom=dice.random() < 0.12,
    )


@dataclass(slots=True)
class Newcomer:
    """What is decided about a customer before its account exists."""

    index: int
    key: str
    code: str
    profile: Profile
    tenant: str | None
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    parent: Customer | None = None
    manner: Manner | None = None
