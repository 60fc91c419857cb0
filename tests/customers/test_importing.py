"""In Import Only what one import makes does not depend on which page a record stood on."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from tenure.connections.models import Mode, Site
from tenure.customers import accounts, tables, write
from tenure.customers.contacts import write as contacts
from tenure.customers.landing import Batch, land
from tenure.customers.making import Claim
from tenure.customers.models import Account, Contact
from tenure.customers.write import By
from tenure.sources import records
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_site

pytestmark = pytest.mark.django_db


def three() -> list[records.BillingAccount]:
    """Billing accounts of one customer, the youngest first, that disagree about it."""
    ages = ("c", "b", "a")
    said: list[dict[str, Any]] = [
        {"company": "Youngest", "vat_number": "3", "first_name": "Y", "state": "active"},
        {"company": None, "vat_number": None, "first_name": "Mid", "cc_emails": "bob@acme.example"},
        {"company": "Oldest", "vat_number": None, "first_name": None, "state": "closed"},
    ]
    return [
        a_billing_account(
            name,
            code="SHARED",
            email="ann@acme.example",
            created_at=EARLIER - timedelta(days=place),
            **more,
        )
        for place, (name, more) in enumerate(zip(ages, said, strict=True))
    ]


def bring(site: Site, page: Sequence[records.BillingAccount], batch: Batch) -> None:
    """A page of the import that this batch is."""
    land(tables.BILLING_ACCOUNTS, page, batch)
    accounts.follow(site, page, {r.upstream_id: Claim(r.code, None) for r in page}, batch)


def outcome() -> tuple[Any, ...]:
    """The one account and its contacts as they show."""
    account = Account.objects.get()
    people = Contact.objects.order_by("identifier").values_list("identifier", "name", "is_named")
    return account.name, account.state, account.attributes, list(people)


def importing(subdomain: str = "northwind-us") -> Site:
    return a_site(subdomain, accounts_mode=Mode.IMPORT)


def test_an_account_made_on_one_page_is_completed_by_the_next() -> None:
    site = importing()
    bring(site, three(), a_batch(site))
    whole = outcome()
    assert whole[0] == "Oldest"
    for order in permutations(three()):
        Contact.objects.all().delete()
        Account.objects.all().delete()
        tables.BILLING_ACCOUNTS.model.objects.all().delete()
        batch = a_batch(site)
        for record in order:
            bring(site, [record], batch)
        assert outcome() == whole


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_account_that_was_here_takes_the_same_values_whatever_came_first(
    order: Sequence[int],
) -> None:
    account = write.create("SHARED", {"name": "Ours"}, By(name="api"), now=NOW)
    site = importing()
    batch = a_batch(site)
    for place in order:
        bring(site, [three()[place]], batch)
    account.refresh_from_db()
    assert account.name == "Ours"
    assert account.attributes["company"] == "Oldest"
    assert account.attributes["vat_number"] == "3"
    assert Contact.objects.get(identifier="ann@acme.example").name == "Mid"


def test_what_a_person_set_between_two_pages_stays() -> None:
    site = importing()
    batch = a_batch(site)
    first, second, third = three()
    bring(site, [first], batch)
    account, ann = Account.objects.get(), Contact.objects.get()
    write.edit([account.pk], {"company": "Mine"}, By(name="api"), now=NOW)
    contacts.edit(ann.pk, {"name": "Annie"}, By(name="api"), now=NOW)
    bring(site, [second], batch)
    bring(site, [third], batch)
    account.refresh_from_db()
    ann.refresh_from_db()
    assert (account.attributes["company"], ann.name) == ("Mine", "Annie")
    assert account.name == "Oldest"


def test_a_later_import_settles_nothing_that_an_earlier_one_made() -> None:
    site = importing()
    first, second, third = three()
    bring(site, [first], a_batch(site))
    bring(site, [second, third], a_batch(site))
    account = Account.objects.get()
    assert (account.name, account.attributes["vat_number"]) == ("Youngest", "3")
    assert Contact.objects.get(identifier="bob@acme.example").name == ""


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_first_value_comes_from_what_joins_not_from_what_was_imported_before(
    order: Sequence[int],
) -> None:
    account = write.create("SHARED", {"name": "Ours"}, By(name="api"), now=NOW)
    site = importing()
    first, second, third = three()
    bring(site, [second], a_batch(site))
    later = {"updated_at": EARLIER + timedelta(hours=1), "vat_number": "changed since"}
    changed = a_billing_account("b", code="SHARED", created_at=second.created_at, **later)
    batch = a_batch(site)
    pages = ([changed], [first, third])
    for place in order:
        bring(site, pages[place], batch)
    account.refresh_from_db()
    assert account.attributes["vat_number"] == "3"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("mode", [Mode.IMPORT, Mode.DAILY])
def test_an_address_is_spelled_as_the_first_billing_account_has_it_whatever_the_order(
    mode: Mode, order: Sequence[int]
) -> None:
    site = a_site("northwind-us", accounts_mode=mode)
    shared = a_billing_account("a", code="SHARED", created_at=EARLIER, email="Ann@acme.example")
    younger = {"upstream_id": "b", "created_at": NOW, "email": "ann@ACME.example"}
    both = (shared, msgspec.structs.replace(shared, **younger))
    batch = a_batch(site)
    for place in order:
        bring(site, [both[place]], batch)
    assert Contact.objects.get().email == "Ann@acme.example"
    later = msgspec.structs.replace(shared, email="ANN@acme.example", updated_at=NOW)
    bring(site, [later], a_batch(site))
    assert Contact.objects.get().email == "Ann@acme.example"  # capitals alone are no change
