"""A pin keeps what the source says out; somebody sees it, accepts it, or keeps their own."""

import pytest

from tenure.connections.models import Mode, Site
from tenure.customers import pins, write
from tenure.customers.models import Account, Change
from tenure.customers.outlook import NOBODY, outlook, outlooks
from tenure.customers.provenance import of_attribute
from tenure.customers.write import By, Pin, ValueRefused
from tests.builders import NOW, a_billing_account, a_site
from tests.customers.test_accounts import LATER, bring
from tests.customers.test_write import by_hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    made = a_site()
    bring(made, [a_billing_account(company="Old", email="old@acme.example")])
    return made


def the_account() -> Account:
    return Account.objects.get()


def pinned_against(site: Site, says: str) -> Account:
    """An account whose company is pinned to Ours while the source says something else."""
    write.edit([the_account().pk], {"company": "Ours"}, by_hand(), now=NOW, pin=Pin("Legal name"))
    bring(site, [a_billing_account(company=says, updated_at=LATER)])
    return the_account()


def test_daily_sync_would_put_its_word_in_the_place_of_an_edit(site: Site) -> None:
    told = outlook(the_account().pk, "company")
    assert (told.says, told.site, told.follows) == ("Old", site.subdomain, site.subdomain)
    assert told.replaces


def test_import_only_replaces_nothing(site: Site) -> None:
    Site.objects.update(accounts_mode=Mode.IMPORT)
    told = outlook(the_account().pk, "company")
    assert (told.says, told.follows, told.replaces) == ("Old", None, False)


def test_a_field_the_source_leaves_empty_is_replaced_only_once_it_has_a_value(site: Site) -> None:
    told = outlook(the_account().pk, "username")
    assert (told.says, told.follows, told.replaces) == (None, site.subdomain, False)


def test_an_owner_is_nobodys_to_replace(site: Site) -> None:
    assert outlook(the_account().pk, "owner") == NOBODY


def test_the_name_has_an_outlook_too(site: Site) -> None:
    assert outlook(the_account().pk, "name").says == "Old"


def test_a_site_without_pins_says_so(site: Site) -> None:
    Site.objects.update(allows_pins=False)
    assert not outlook(the_account().pk, "company").allows_pins


def test_outlooks_of_many_accounts_cost_the_same_queries(
    site: Site, django_assert_max_num_queries: object
) -> None:
    bring(site, [a_billing_account(f"more{n}") for n in range(6)])
    ids = list(Account.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(outlooks(ids, ["company"])) == 7


def test_what_a_pin_keeps_out_stands_beside_the_value(site: Site) -> None:
    account = pinned_against(site, "Theirs")
    kept = of_attribute(account, "company", ())
    assert account.attributes["company"] == "Ours"
    assert kept.held
    assert (kept.held.value, kept.held.kept) == ("Theirs", False)
    assert kept.pin
    assert kept.pin.reason == "Legal name"


def test_accepting_lets_the_source_have_the_value_and_ends_the_pin(site: Site) -> None:
    account = pinned_against(site, "Theirs")
    pins.accept(account.pk, "company", by_hand(), now=NOW, shown="Theirs")
    account.refresh_from_db()
    kept = of_attribute(account, "company", ())
    assert account.attributes["company"] == "Theirs"
    assert (kept.source, kept.site, kept.pinned) == ("sync", site.subdomain, False)
    assert Change.objects.latest("pk").changes == {"attributes.company": ["Ours", "Theirs"]}
    bring(site, [a_billing_account(company="Newer", updated_at=LATER.replace(hour=23))])
    assert the_account().attributes["company"] == "Newer"


def test_accepting_what_nobody_saw_is_refused(site: Site) -> None:
    account = pinned_against(site, "Theirs")
    with pytest.raises(ValueRefused, match="something else by now"):
        pins.accept(account.pk, "company", by_hand(), now=NOW, shown="What stood there before")
    account.refresh_from_db()
    assert account.attributes["company"] == "Ours"


def test_keeping_is_quiet_until_the_source_says_something_else(site: Site) -> None:
    account = pinned_against(site, "Theirs")
    pins.keep(account.pk, "company", shown="Theirs")
    held = of_attribute(the_account(), "company", ()).held
    assert held
    assert held.kept
    bring(site, [a_billing_account(company="Newer", updated_at=LATER.replace(hour=23))])
    held = of_attribute(the_account(), "company", ()).held
    assert held
    assert (held.value, held.kept) == ("Newer", False)


def test_nothing_waits_behind_a_value_without_a_pin(site: Site) -> None:
    with pytest.raises(ValueRefused, match="No value waits"):
        pins.keep(the_account().pk, "company", shown="Old")


def test_a_pin_on_a_synced_value_leaves_its_source_alone(site: Site) -> None:
    account = the_account()
    write.edit([account.pk], {"company": "Old"}, By(name="script"), now=NOW, pin=Pin("Contract"))
    account.refresh_from_db()
    kept = of_attribute(account, "company", ())
    assert (kept.source, kept.set_by, kept.pinned) == ("sync", None, True)
