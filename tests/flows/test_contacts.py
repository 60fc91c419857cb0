"""People at a customer, from the simulated business to the account and after its changes."""

import pytest

from tenure.connections.models import Site
from tenure.customers.contacts import write
from tenure.customers.contacts.people import addresses_in, fold
from tenure.customers.models import BillingAccount, Contact
from tenure.customers.write import By
from tenure.simulator.server import Served
from tests.flows.conftest import TODAY, Sync
from tests.flows.test_later_syncs import live
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_address_upstream_is_a_contact_of_its_account(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    theirs = {
        (record["code"], fold(address))
        for record in upstream(served, us.subdomain, "accounts").values()
        for address in addresses_in(f"{record['email']} , {record['cc_emails'] or ''}")
    }
    ours = set()
    for contact in Contact.objects.select_related("account"):
        ours.add((contact.account.identifier, contact.identifier))
    assert theirs <= ours
    assert len(ours) > BillingAccount.objects.count() / 2


def test_a_hand_set_name_is_taken_back_by_the_next_run_without_any_change_upstream(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    contact = Contact.objects.exclude(name="").earliest("pk")
    write.edit(contact.pk, {"name": "By hand"}, By(), now=TODAY)
    before = contact.name
    run = sync(us)
    contact.refresh_from_db()
    assert contact.name == before
    assert sum(stream.overridden for stream in run.streams.all()) == 1


def test_a_changed_address_leaves_the_old_person_marked(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    record = next(r for r in upstream(served, us.subdomain, "accounts").values() if r["email"])
    live(served, 1)
    spec = {"kind": "accounts", "id": record["id"], "set": {"email": "new@person.example"}}
    served.call(lambda s: s.world.change({"site": us.subdomain, **spec}))
    sync(us)
    known = Contact.objects.filter(account__billing_accounts__upstream_id=record["id"])
    assert known.get(identifier="new@person.example").is_named
    old = known.get(identifier=fold(record["email"]))
    assert (old.is_named, old.removed_at) == (False, None)
