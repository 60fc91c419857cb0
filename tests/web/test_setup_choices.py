"""What is chosen in a set-up before anything is made: names of accounts, types and maps, modes."""

import pytest
from django.test import Client

from tenure.connections import setups
from tenure.connections.models import IdentifierRule, Mode, SetUp, Site
from tenure.connections.read import workspace
from tenure.connections.setups import Step
from tenure.customers.models import Account, Attribute, Change
from tenure.sync import activation
from tests.connections.vendor import Vendor
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer
from tests.web.setting_up import (
    a_site,
    at,
    modes,
    reach,
)


@pytest.fixture
def naming(setup: SetUp) -> SetUp:
    """A set-up that came to the identifier, with records read that a custom field names."""
    [site] = setups.sites_of(setup)
    for number in range(12):
        payer = rows.a_billing_account(rows.an_account(f"x{number}"), site=site, code=f"c-{number}")
        payer.custom_fields, payer.account = {"tenant_id": f"T-{1000 + number}"}, None
        payer.save()
    Account.objects.all().delete()
    return reach(setup, Step.IDENTIFIER)


OURS = {"field": "account.custom_fields.tenant_id", "truth": "tenant", "sites": "join"}


def test_the_recommended_field_is_chosen_already(signed_in: Client, naming: SetUp) -> None:
    text = signed_in.get(at(naming, "identifier")).text
    assert 'value="account.custom_fields.tenant_id" aria-label="account.custom_fields.tenant_id" checked' in text  # fmt: skip
    assert "It names every billing account" in text
    assert not IdentifierRule.objects.exists()


def test_before_the_first_record_one_goes_on_with_the_account_code(
    signed_in: Client, setup: SetUp
) -> None:
    page = at(reach(setup, Step.IDENTIFIER), "identifier")
    text = signed_in.get(page, headers={"HX-Request": "true", "HX-Target": "identifier-live"}).text
    assert "No records are here yet" in text
    assert 'value="account.code" aria-label="account.code" checked' in text
    told = {"field": "account.code", "truth": "source", "sites": "apart"}
    assert signed_in.post(page, told).url == at(setup, "map")


def test_going_on_puts_the_choice_in_force_once(signed_in: Client, naming: SetUp) -> None:
    assert signed_in.post(at(naming, "identifier"), OURS).url == at(naming, "map")
    signed_in.post(at(naming, "identifier"), OURS)
    rule = IdentifierRule.objects.get()
    assert (rule.field, rule.truth, rule.joins) == (
        "account.custom_fields.tenant_id",
        "tenant",
        True,
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"field": ""}, "No field is chosen."),
        ({"field": "account.email"}, "identifies no account"),
        ({"truth": "the moon"}, "“Source of truth” has no choice “the moon”"),
    ],
)
def test_a_field_that_names_nobody_is_refused(
    signed_in: Client, naming: SetUp, wrong: dict[str, str], told: str
) -> None:
    answer = signed_in.post(at(naming, "identifier"), OURS | wrong)
    assert answer.status_code == 400
    assert told in answer.text
    assert not IdentifierRule.objects.exists()


def test_what_goes_with_another_field_is_shown_when_it_is_chosen(
    signed_in: Client, naming: SetUp
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "identifier-terms"}
    answer = signed_in.get(at(naming, "identifier"), {"field": "account.code"}, headers=headers)
    assert "<html" not in answer.text
    assert "account.code" in answer.text
    assert '<option value="source" selected>' in answer.text


def test_where_accounts_are_their_rule_holds_for_the_new_site_too(
    signed_in: Client, naming: SetUp
) -> None:
    a_customer("Here Before", site=rows.a_site("other"))
    text = signed_in.get(at(naming, "identifier")).text
    assert "Customers are recognised by account.code" in text
    assert 'type="radio"' not in text
    assert signed_in.post(at(naming, "identifier"), {}).url == at(naming, "map")
    assert not IdentifierRule.objects.exists()


@pytest.fixture
def mapped(setup: SetUp) -> SetUp:
    """A set-up that came to the mapping, with records read and a field nobody maps yet."""
    [site] = setups.sites_of(setup)
    for seats, tier in (("12", "gold"), ("30", "silver"), ("7", "gold")):
        row = rows.a_billing_account(rows.an_account("x"), site=site, company=f"Acme {seats}")
        row.custom_fields, row.account = {"seats": seats, "tier": tier}, None
        row.save()
    Account.objects.all().delete()
    Attribute.objects.create(
        name="seats",
        object_kind="account",
        source_field="account.custom_fields.seats",
        kind="text",
        label="Seats",
    )
    return reach(setup, Step.MAP)


def kinds(**values: str) -> dict[str, str]:
    return {f"kind-account.{name}": kind for name, kind in values.items()}


def test_types_are_suggested_from_what_was_read_and_shown_on_three_accounts(
    signed_in: Client, mapped: SetUp
) -> None:
    text = signed_in.get(at(mapped, "map")).text
    assert "1 type" in text
    assert '<option value="number" selected>' in text
    assert "Acme 30" in text
    assert "Best filled" in text
    assert not Change.objects.exists()


def test_going_on_keeps_types_and_maps_what_is_ticked(signed_in: Client, mapped: SetUp) -> None:
    sent = kinds(seats="number", tier="text") | {"take": "account.tier", "new_fields": "on"}
    assert signed_in.post(at(mapped, "map"), sent).url == at(mapped, "mode")
    assert Attribute.objects.get(name="seats").kind == "number"
    assert Attribute.objects.get(name="tier").source_field == "account.custom_fields.tier"
    assert workspace().maps_new_fields


def test_what_is_not_ticked_stays_unmapped(signed_in: Client, mapped: SetUp) -> None:
    signed_in.post(at(mapped, "map"), kinds(seats="text", tier="text"))
    assert not Attribute.objects.filter(name="tier").exists()
    assert not workspace().maps_new_fields


def test_the_preview_follows_the_choice_and_says_what_would_stay_empty(
    signed_in: Client, mapped: SetUp
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "map-preview"}
    sent = kinds(seats="number", tier="number") | {"take": "account.tier"}
    text = signed_in.post(at(mapped, "map"), sent, headers=headers).text
    assert "<html" not in text
    assert "3 of them cannot be read as number" in text
    assert not Attribute.objects.filter(name="tier").exists()


def test_a_type_that_is_none_changes_nothing(signed_in: Client, mapped: SetUp) -> None:
    sent = kinds(seats="colour", tier="text") | {"take": "account.tier"}
    answer = signed_in.post(at(mapped, "map"), sent)
    assert answer.status_code == 400
    assert "is not a type" in answer.text
    assert not Attribute.objects.filter(name="tier").exists()


def test_the_mode_says_what_it_does_and_is_kept(signed_in: Client, moded: SetUp) -> None:
    assert "overrides manual changes" in signed_in.get(at(moded, "mode")).text
    [site] = setups.sites_of(moded)
    sent = modes(site, mode="import", at="02:30", zone="Europe/Berlin", pins="-")
    assert signed_in.post(at(moded, "mode"), sent).status_code == 302
    site.refresh_from_db()
    assert (site.accounts_mode, site.subscriptions_mode) == (Mode.IMPORT, Mode.IMPORT)
    assert (site.schedule, site.allows_pins) == ("daily 02:30 Europe/Berlin", False)


def test_subscriptions_may_have_a_mode_of_their_own(signed_in: Client, moded: SetUp) -> None:
    [site] = setups.sites_of(moded)
    signed_in.post(at(moded, "mode"), modes(site, subscriptions="import"))
    site.refresh_from_db()
    assert (site.accounts_mode, site.subscriptions_mode) == (Mode.DAILY, Mode.IMPORT)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mode": "yearly"}, "“Mode” has no choice “yearly”"),
        ({"at": "25:00"}, "is not a time of day"),
        ({"zone": "Mars/Olympus"}, "“Time zone” has no choice “Mars/Olympus”"),
    ],
)
def test_a_mode_that_is_none_changes_nothing(
    signed_in: Client, moded: SetUp, wrong: dict[str, str], told: str
) -> None:
    [site] = setups.sites_of(moded)
    answer = signed_in.post(at(moded, "mode"), modes(site, **wrong))
    assert answer.status_code == 400
    assert told in answer.text
    assert activation.of(setups.get(moded.pk)) is None


@pytest.mark.parametrize("apart", [True, False])
def test_several_sites_are_kept_alike_unless_told_apart(
    signed_in: Client, vendor: Vendor, apart: bool
) -> None:
    sites = [a_site(), a_site("northwind-eu", "eu")]
    setup = reach(setups.begin(sites, [], member=None, now=NOW), Step.MODE)
    sent = modes(sites[0], mode="import") | modes(sites[1], mode="link")
    signed_in.post(at(setup, "mode"), sent | ({"apart": "on"} if apart else {}))
    kept = list(Site.objects.values_list("accounts_mode", flat=True))
    assert kept == ["import", "link" if apart else "import"]
