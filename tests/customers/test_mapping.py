"""The mapping is changed with history, checked before it is saved, and says how it fits."""

from datetime import timedelta

import pytest

from tenure.connections.models import Site, Workspace
from tenure.connections.read import workspace
from tenure.customers import fits, mapping, overview
from tenure.customers.models import Account, Attribute, Change, SourceField
from tenure.customers.previewing import preview
from tenure.customers.write import By, ValueRefused
from tests.builders import NOW, a_billing_account, a_site, a_subscription
from tests.sync.landed import land_accounts, land_subscriptions

pytestmark = pytest.mark.django_db
BY = By(name="test")


def tiers(site: Site, *values: str) -> None:
    """A billing account with each of these in its custom field ``tier``."""
    land_accounts(
        site,
        [
            a_billing_account(f"t{i}", custom_fields=f'{{"tier": "{value}"}}'.encode())
            for i, value in enumerate(values)
        ],
    )


def test_an_attribute_is_made_with_what_its_field_suggests() -> None:
    tiers(a_site(default_currency="EUR"), "12", "7")
    Attribute.objects.filter(name="tier").delete()
    SourceField.objects.create(
        site=Site.objects.get(),
        object_kind="account",
        name="tier",
        label="Tier level",
        first_seen=NOW,
        last_seen=NOW,
    )
    changed = mapping.set_attribute("tier", "account.custom_fields.tier", by=BY, now=NOW)
    assert (changed.attribute.kind, changed.attribute.label) == ("number", "Tier level")
    assert changed.filling == ("tier",)
    assert mapping.set_attribute("tier", "account.custom_fields.tier", by=BY, now=NOW).filling == ()


def test_every_change_is_history_and_saving_the_same_is_none() -> None:
    mapping.set_attribute("tier", "account.custom_fields.tier", by=BY, now=NOW)
    mapping.set_attribute("tier", "account.custom_fields.tier", kind="list", by=BY, now=NOW)
    again = mapping.set_attribute("tier", "account.custom_fields.tier", by=BY, now=NOW)
    assert again.change_set is None
    newest, first = mapping.history()
    assert newest.changes["kind"] == ["text", "list"]
    assert first.changes["source_field"] == [None, "account.custom_fields.tier"]
    assert newest.change_set.origin == "manual"


def test_a_decision_ends_mapping_by_itself_until_it_is_turned_on_again() -> None:
    site = a_site()
    mapping.set_attribute("city", "account.address.city", by=BY, now=NOW)
    assert not workspace().maps_new_fields
    tiers(site, "gold")
    assert not Attribute.objects.filter(name="tier").exists()
    changed = mapping.map_new_fields(on=True, by=BY, now=NOW)
    assert changed.filling == ("tier",)
    assert Workspace.objects.get().maps_new_fields
    assert mapping.history()[0].changes == {"maps_new_fields": [False, True]}


@pytest.mark.parametrize(
    ("name", "field", "how", "at_fault"),
    [
        ("owner", "account.email", {}, "name"),
        ("2fast", "account.email", {}, "name"),
        ("tenant-id", "account.email", {}, "name"),
        ("naïve", "account.email", {}, "name"),
        ("Email", "account.company", {}, "name"),
        ("x" * 81, "account.email", {}, "name"),
        ("tier", "account.custom_fields.", {}, "field"),
        ("tier", "account.nothing", {}, "field"),
        ("tier", "invoice.total", {}, "field"),
        ("tier", "account.custom_fields." + "x" * 120, {}, "field"),
        ("tier", "account.email", {"kind": "colour"}, "type"),
        ("tier", "account.email", {"kind": "money", "unit": "dollars"}, "unit"),
        ("tier", "account.email", {"label": "  "}, "label"),
        ("tier", "account.email", {"object_kind": "subscription"}, "field"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    name: str, field: str, how: dict[str, str], at_fault: str
) -> None:
    a_site()
    mapping.set_attribute("seen", "account.company", by=BY, now=NOW)
    before = list(Attribute.objects.values())
    with pytest.raises(ValueRefused) as refusal:
        mapping.set_attribute(name, field, **how, by=BY, now=NOW)
    assert refusal.value.field == at_fault
    assert list(Attribute.objects.values()) == before


def test_money_takes_the_currency_of_the_first_site_unless_one_is_named() -> None:
    a_site(default_currency="EUR")
    field = "account.custom_fields.arr"
    assert mapping.set_attribute("arr", field, kind="money", by=BY, now=NOW).attribute.unit == "EUR"
    named = mapping.set_attribute("arr", field, kind="money", unit="usd", by=BY, now=NOW)
    assert named.attribute.unit == "USD"


def test_a_removed_mapping_leaves_its_values_to_be_changed_by_hand() -> None:
    tiers(a_site(), "gold")
    mapping.remove("tier", "account", BY, NOW)
    assert Attribute.objects.get(name="tier").source_field == ""
    assert Account.objects.get().attributes["tier"] == "gold"
    assert [one.status for one in overview.listing() if one.attribute.name == "tier"] == ["by_hand"]
    tiers(Site.objects.get(), "silver")  # the same record, changed
    assert Account.objects.get().attributes["tier"] == "gold"


def test_a_removed_attribute_that_nobody_has_is_gone() -> None:
    a_site()
    mapping.set_attribute("city", "account.address.city", by=BY, now=NOW)
    mapping.remove("city", "account", BY, NOW)
    assert not Attribute.objects.filter(name="city").exists()
    with pytest.raises(ValueRefused):
        mapping.remove("city", "account", BY, NOW)


def test_the_list_says_how_many_have_a_value_and_shows_some() -> None:
    tiers(a_site(), "gold", "gold", "silver", "")
    found = next(one for one in overview.listing() if one.attribute.name == "tier")
    assert (found.fill.count, found.fill.total) == (3, 4)
    assert set(found.fill.samples) == {"gold", "silver"}


def test_while_a_site_is_staged_the_list_tells_of_its_records() -> None:
    tiers(a_site(staged=True), "gold", "silver", "")
    found = next(one for one in overview.listing() if one.attribute.name == "tier")
    assert (found.fill.count, found.fill.total) == (2, 3)


def test_unmapped_fields_are_listed_fullest_first_with_a_type_and_a_free_name() -> None:
    site = a_site()
    mapping.map_new_fields(on=False, by=BY, now=NOW)
    land_accounts(
        site,
        [
            a_billing_account(
                "a", custom_fields=b'{"seats": "12", "email": "x", "tenant-id": "1"}'
            ),
            a_billing_account("b", custom_fields=b'{"seats": "7"}'),
        ],
    )
    land_subscriptions(site, [a_subscription(custom_fields=b'{"go_live": "2026-03-31"}')])
    found = {one.field: one for one in overview.unmapped()}
    assert [one.object_kind for one in found.values()][-1] == "subscription"
    seats = found["account.custom_fields.seats"]
    assert (seats.kind, seats.fill.count, seats.fill.total) == ("number", 2, 2)
    assert next(iter(found)) == seats.field
    assert found["account.custom_fields.email"].name == "email_2"
    assert found["account.custom_fields.tenant-id"].name == "tenant_id"
    assert found["account.custom_fields.tenant-id"].kind == "text"
    assert found["subscription.custom_fields.go_live"].kind == "date"
    mapping.map_each(found.values(), by=BY, now=NOW)
    assert overview.unmapped() == []


def test_a_type_that_does_not_fit_is_said_beforehand_with_counts() -> None:
    tiers(a_site(), "12", "n/a", "n/a", "many", "")
    fit = fits.fit("account.custom_fields.tier", "number")
    assert (fit.total, fit.filled, fit.unreadable, fit.readable) == (5, 4, 3, 1)
    assert [(p.value, p.count) for p in fit.problems] == [("n/a", 2), ("many", 1)]
    assert fit.sentence == (
        "4 of 5 records have a value; 3 of them cannot be read as number and would stay empty:"
        " 'n/a' (2), 'many' (1)."
    )


@pytest.mark.parametrize(
    ("path", "values", "kind"),
    [
        ("custom_fields.seats", ["12", "3"], "number"),
        ("custom_fields.arr_usd", ["1200.50", "3"], "money"),
        ("custom_fields.tenant_id", ["12", "3"], "text"),
        ("custom_fields.seats", ["007", "3"], "text"),
        ("custom_fields.ok", ["true", "No"], "boolean"),
        ("custom_fields.go_live", ["2026-03-31", "2026-04-01T10:00:00Z"], "date"),
        ("custom_fields.modules", ["crm,erp", "erp", "crm"], "list"),
        ("custom_fields.about", ["Hello, world of text", "Fine"], "text"),
        ("custom_fields.none", [], "text"),
    ],
)
def test_the_suggested_type_is_the_narrowest_that_fits(
    path: str, values: list[str], kind: str
) -> None:
    assert fits.suggest(path, values) == kind


def test_the_preview_shows_the_best_the_typical_and_the_worst_filled() -> None:
    land_accounts(
        a_site(),
        [
            a_billing_account(
                "best", email="a@x.example", custom_fields=b'{"tier": "12", "b": "c"}'
            ),
            a_billing_account("mid", custom_fields=b'{"tier": "gold"}'),
            a_billing_account("worst", company=None),
        ],
    )
    shown = preview("account.custom_fields.tier", "number", name="tier")
    assert [(e.place, e.said, e.value) for e in shown.examples] == [
        ("best", "12", "12"),
        ("typical", "gold", None),
        ("worst", None, None),
    ]
    assert shown.examples[1].problem == "'gold' is not a number such as 1250 or 12.50"
    assert shown.examples[1].now == "gold"
    assert shown.fit.unreadable == 1


def test_a_field_that_every_site_dropped_is_vanished_and_its_new_name_is_told() -> None:
    one, two = a_site("one"), a_site("two")
    tiers(one, "gold")
    for site, gone in ((one, NOW), (two, None)):
        SourceField.objects.create(
            site=site,
            object_kind="account",
            name="tier",
            upstream_id="d1",
            first_seen=NOW,
            last_seen=NOW,
            vanished_at=gone,
        )
    listed = {one.attribute.name: one for one in overview.listing()}
    assert listed["tier"].status == "mapped"
    SourceField.objects.filter(site=two).update(vanished_at=NOW + timedelta(days=1))
    SourceField.objects.create(
        site=one,
        object_kind="account",
        name="level",
        upstream_id="d1",
        first_seen=NOW,
        last_seen=NOW,
    )
    listed = {one.attribute.name: one for one in overview.listing()}
    assert (listed["tier"].status, listed["tier"].renamed_to) == ("vanished", "level")
    assert "is called level now" in listed["tier"].note
    assert Change.objects.count() == 0
