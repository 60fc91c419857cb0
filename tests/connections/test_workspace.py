"""The settings of figures: what they may be, presets, and who changed what."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tenure.connections import workspace
from tenure.connections.workspace import SettingRefused
from tenure.metrics import settings
from tenure.metrics.inputs import Settings
from tests.builders import a_site

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def test_what_nobody_chose_is_the_specification_s_default() -> None:
    assert settings.current() == Settings()
    assert workspace.values()["days_per_month"] == "365/12"
    assert workspace.values()["preset"] == "none"


def test_the_first_site_s_currency_is_the_workspace_s_until_one_is_chosen() -> None:
    a_site(default_currency="EUR")
    assert settings.current().currency == "EUR"
    workspace.change({"currency": "usd"}, now=NOW)
    assert settings.current().currency == "USD"


def test_every_setting_reaches_the_formulas() -> None:
    chosen = {
        "currency": "GBP",
        "zone": "Europe/Berlin",
        "derive_rates": "on",
        "days_per_month": "30",
        "mrr_discounts": "none",
        "drop_after_days": "30",
        "churn_recognition": "at_cancel",
        "pause_as_churn": "on",
        "min_coverage": "0.25",
    }
    workspace.change(chosen, now=NOW)
    found = settings.current()
    assert (found.currency, found.zone.key, found.derive_rates) == ("GBP", "Europe/Berlin", True)
    assert (found.days_per_month, found.mrr_discounts) == (30, "none")
    assert (found.drop_after_days, found.churn_recognition) == (30, "at_cancel")
    assert (found.pause_as_churn, found.min_coverage) == (True, Fraction(1, 4))
    assert {name: workspace.values()[name] for name in chosen} == chosen


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("currency", "dollars", "Workspace currency cannot be “dollars”. Give the three letters"),
        ("zone", "Mars/Olympus", "Time zone of days cannot be “Mars/Olympus”. Use an IANA name"),
        ("days_per_month", "1/0", "Days in a month cannot be “1/0”"),
        ("days_per_month", "365", "Days in a month cannot be “365”"),
        ("mrr_discounts", "some", "Choose recurring, forever_only, all or none"),
        ("drop_after_days", "-1", "Give a number of days, or never"),
        ("min_coverage", "50", "Give a share from 0 to 1"),
        ("colour", "red", "There is no setting “colour”. Known are currency"),
        ("preset", "magic", "Choose one of none, recurly_parity"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_sentence(name: str, text: str, said: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        workspace.change({"pause_as_churn": "on", name: text}, now=NOW)
    assert said in str(refused.value)
    assert refused.value.field == name
    assert workspace.values()["pause_as_churn"] == "off"


def test_a_preset_sets_several_and_is_left_by_changing_one_of_them() -> None:
    workspace.change({"preset": "recurly_parity"}, now=NOW)
    found = workspace.values()
    assert (found["days_per_month"], found["mrr_discounts"]) == ("30", "all")
    assert found["preset"] == "recurly_parity"
    workspace.change({"zone": "Asia/Tokyo"}, now=NOW)
    assert workspace.values()["preset"] == "recurly_parity"
    workspace.change({"mrr_discounts": "none"}, now=NOW)
    found = workspace.values()
    assert (found["preset"], found["days_per_month"]) == ("none", "30")


def test_every_change_is_remembered_and_saving_the_same_again_is_none() -> None:
    changed = workspace.change({"drop_after_days": "60"}, now=NOW)
    assert [(c.setting, c.old, c.new) for c in changed] == [("drop_after_days", "never", "60")]
    assert workspace.change({"drop_after_days": "60"}, now=NOW) == []
    assert [str(c) for c in workspace.history()] == ["drop_after_days: never → 60"]
