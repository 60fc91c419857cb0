"""The workspace's settings of its figures: what each may be, what it is now, and changing it.

One table says everything pages, commands and the API need of a setting. A value is read from text
and shown as text, the same everywhere. A preset sets several at once; changing one of those by hand
afterwards leaves the preset.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction

from tenure.access.models import Member
from tenure.connections.models import Site, Workspace, WorkspaceChange
from tenure.connections.read import workspace
from tenure.core.errors import ConfigurationError
from tenure.sources import registry

NO_PRESET = "none"
FALLBACK_CURRENCY = "USD"


class SettingRefused(ConfigurationError):
    """A value that a setting cannot take. ``field`` is the setting's name."""

    def __init__(self, field: str, message: str, next_step: str) -> None:
        self.field = field
        super().__init__(message, next_step=next_step)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, what people read about it, and how its text becomes a stored value.

    ``choices`` maps each allowed text to its words; empty when any text that ``parse`` takes is good.
    ``parse`` raises ValueError for what cannot be.
    """

    name: str
    label: str
    words: str
    parse: Callable[[str], Any]
    hint: str
    choices: Mapping[str, str] | None = None

    def read(self, text: str) -> Any:
        """The stored value of this text. Raises SettingRefused."""
        tidy = text.strip()
        try:
            if self.choices is not None and tidy not in self.choices:
                raise ValueError(tidy)
            return self.parse(tidy)
        except (ValueError, InvalidOperation, ZeroDivisionError):
            raise SettingRefused(
                self.name, f"{self.label} cannot be “{tidy}”.", self.hint
            ) from None


def shown(value: Any) -> str:
    """A stored value as the text ``read`` takes."""
    if value is None:
        return "never"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _currency(text: str) -> str:
    code = text.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValueError(text)
    return code


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(text)
    return ZoneInfo(text).key


def _month(text: str) -> str:
    days = Fraction(text.replace(" ", ""))
    if not 28 <= days <= 31:
        raise ValueError(text)
    return str(days)


def _days(text: str) -> int | None:
    if text.lower() in ("", "never"):
        return None
    days = int(text)
    if not 0 <= days <= 3650:
        raise ValueError(text)
    return days


def _share(text: str) -> Decimal:
    share = Decimal(text)
    if not (share.is_finite() and 0 <= share <= 1 and share == round(share, 4)):
        raise ValueError(text)
    return share


def _switch(text: str) -> bool:
    return text == "on"


SWITCH = {"on": "On", "off": "Off"}
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "currency",
        "Workspace currency",
        "The currency that converted totals are in. Amounts are always shown in their own currency"
        " first; a converted total stands beside them when every rate is known.",
        _currency,
        "Give the three letters of a currency, such as USD.",
    ),
    Setting(
        "zone",
        "Time zone of days",
        "Where a day begins and ends: for days overdue, renewal dates, months of the revenue page.",
        _zone,
        "Use an IANA name such as Europe/Berlin.",
    ),
    Setting(
        "derive_rates",
        "Derive missing rates",
        "When there is no rate from A to B, use the inverse of B to A, or go through one third"
        " currency. Derived rates are shown as derived.",
        _switch,
        "Say on or off.",
        SWITCH,
    ),
    Setting(
        "days_per_month",
        "Days in a month",
        "What brings plans that bill by days to a month. 365/12 is exact over a year; 30 is what some"
        " billing dashboards use.",
        _month,
        "Give a number of days from 28 to 31, or the fraction 365/12.",
    ),
    Setting(
        "mrr_discounts",
        "Discounts in MRR",
        "Which coupons lower MRR while they are active.",
        str,
        "Choose recurring, forever_only, all or none.",
        {
            "recurring": "Recurring: forever, for a time, or for some billing periods",
            "forever_only": "Only those that last forever",
            "all": "All, single-use ones too",
            "none": "None: MRR before discounts",
        },
    ),
    Setting(
        "drop_after_days",
        "Drop MRR when overdue",
        "A subscription whose oldest overdue invoice is later than this many days stops counting in"
        " MRR. Never: it counts until it ends.",
        _days,
        "Give a number of days, or never.",
    ),
    Setting(
        "churn_recognition",
        "When churn happens",
        "Whether a cancelled subscription counts until its paid term ends, or stops at once.",
        str,
        "Choose at_end or at_cancel.",
        {"at_end": "When the subscription ends", "at_cancel": "When it is cancelled"},
    ),
    Setting(
        "pause_as_churn",
        "Pauses are churn",
        "Whether an account that pauses everything is a lost customer or a contraction.",
        _switch,
        "Say on or off.",
        SWITCH,
    ),
    Setting(
        "min_coverage",
        "Least coverage of a health score",
        "The share of a score's weights that must be known before there is a score.",
        _share,
        "Give a share from 0 to 1, such as 0.5.",
    ),
)
BY_NAME: Mapping[str, Setting] = {one.name: one for one in SETTINGS}


def presets() -> Mapping[str, Mapping[str, str]]:
    """What each preset sets: for every source, the choices that come closest to its own dashboard."""
    near = {f"{key}_parity": source.parity for key, source in registry.SOURCES.items()}
    return {name: values for name, values in near.items() if values}


def currency_of(kept: Workspace) -> str:
    """The currency of converted totals: the one chosen, else the first site's own."""
    if kept.currency:
        return kept.currency
    site = Site.objects.exclude(default_currency="").first()
    return site.default_currency if site else FALLBACK_CURRENCY


def values() -> dict[str, str]:
    """Every setting as text, by name, and the preset in force."""
    kept = workspace()
    found = {one.name: shown(getattr(kept, one.name)) for one in SETTINGS}
    return found | {"currency": currency_of(kept), "preset": kept.preset or NO_PRESET}


def change(
    wanted: Mapping[str, str], *, now: datetime, member: Member | None = None, author: str = ""
) -> list[WorkspaceChange]:
    """Set these; the answer is what changed. ``preset`` may be among them: what it sets is set first.
    Raises SettingRefused, and then nothing is changed."""
    named = _with_preset(wanted)
    read = {name: _setting(name).read(text) for name, text in named.items()}
    with transaction.atomic():
        kept = _held()
        preset = wanted.get("preset", kept.preset or NO_PRESET).strip()
        changes = [
            WorkspaceChange(
                setting=name,
                old=shown(_now(kept, name)),
                new=shown(value),
                member=member,
                author=author,
                at=now,
            )
            for name, value in read.items()
            if _now(kept, name) != value
        ]
        for name, value in read.items():
            setattr(kept, name, value)
        kept.preset = preset if _holds(preset, kept) else ""
        kept.save()
        return WorkspaceChange.objects.bulk_create(changes)


def history(limit: int = 50) -> list[WorkspaceChange]:
    """The newest changes of settings first, with who made them."""
    return list(WorkspaceChange.objects.select_related("member").order_by("-pk")[:limit])


def _held() -> Workspace:
    """The one row, locked; made where there is none yet."""
    if not Workspace.objects.exists():
        Workspace.objects.get_or_create(pk=1)
    return Workspace.objects.select_for_update().order_by("pk")[0]


def _now(kept: Workspace, name: str) -> Any:
    return currency_of(kept) if name == "currency" else getattr(kept, name)


def _with_preset(wanted: Mapping[str, str]) -> dict[str, str]:
    own = {name: text for name, text in wanted.items() if name != "preset"}
    preset = wanted.get("preset", NO_PRESET).strip() or NO_PRESET
    if preset == NO_PRESET:
        return own
    known = presets()
    if preset not in known:
        raise SettingRefused(
            "preset",
            f"There is no preset “{preset}”.",
            f"Choose one of {', '.join((NO_PRESET, *known))}.",
        )
    return {**known[preset], **own}


def _holds(preset: str, kept: Workspace) -> bool:
    """Whether the settings still are what the preset makes them."""
    made = presets().get(preset)
    return made is not None and all(
        BY_NAME[name].read(text) == getattr(kept, name) for name, text in made.items()
    )


def _setting(name: str) -> Setting:
    if name not in BY_NAME:
        raise SettingRefused(
            name, f"There is no setting “{name}”.", f"Known are {', '.join((*BY_NAME, 'preset'))}."
        )
    return BY_NAME[name]
