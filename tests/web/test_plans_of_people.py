"""Pages of plans that are about contacts and subscriptions, and about a mapping that changed."""

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure.connections.models import Site
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Contact, Subscription
from tenure.sync.models import Plan, Replay, Trigger
from tenure.sync.planning import entries, holding, making
from tenure.sync.planning.entries import Entry
from tests.metrics.rows import NOW, a_site
from tests.web.builders import LOST, a_customer

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 2


@pytest.fixture
def site(db: None) -> Site:
    return a_site("northwind")


@pytest.fixture
def plan(site: Site) -> Plan:
    """A plan that loses an edit of a contact and one of a subscription, and makes a contact."""
    account = a_customer(site=site)
    contact = Contact.objects.create(
        account=account,
        identifier="ann@acme.example",
        email="ann@acme.example",
        name="Annie",
        sources={"name": LOST},
        is_named=True,
        edited=True,
        created_at=NOW,
        updated_at=NOW,
    )
    agreement = Subscription.objects.filter(account=account).earliest("pk")
    agreement.sources = {"tier": LOST}
    agreement.save()
    made = Plan.objects.create(site=site, created_at=NOW)
    mine = {"account_id": account.pk, "belongs_to": account.identifier}
    made.counts = entries.keep(
        made,
        [
            Entry(
                "override",
                "contact",
                identifier=contact.identifier,
                name=contact.name,
                changes={"name": ["Annie", LONG], "named": [False, True]},
                overridden={"name": LOST},
                **mine,
            ),
            Entry(
                "override",
                "subscription",
                upstream_id=agreement.upstream_id,
                name="Team (monthly)",
                changes={"attributes.tier": ["gold", "silver"]},
                overridden={"attributes.tier": LOST},
                **mine,
            ),
            Entry("create", "contact", identifier="bob@acme.example", name="Bob", **mine),
        ],
    )
    made.save()
    return made


def test_edits_of_contacts_and_subscriptions_are_among_the_lost(
    signed_in: Client, plan: Plan
) -> None:
    text = signed_in.get(f"/sync/plans/{plan.pk}/").text
    assert "Manual edits about to be lost first" in text
    assert text.count("Set by ann@example.com") == 2
    assert "Named by billing" in text
    assert text.index("Annie") < text.index("Bob")
    only = signed_in.get(f"/sync/plans/{plan.pk}/?kind=subscription").text
    assert "Team (monthly)" in only
    assert "Annie" not in only


def test_all_of_them_are_kept_at_once(signed_in: Client, plan: Plan) -> None:
    plan.site.marks.create(stream="accounts", loaded_at=NOW, mark=NOW)
    signed_in.post(f"/sync/plans/{plan.pk}/keep/", {"position": "all", "reason": "Ours"})
    contact = Contact.objects.get()
    agreement = Subscription.objects.exclude(sources={}).get()
    assert contact.sources["name"]["pin"]["reason"] == "Ours"
    assert agreement.sources["tier"]["pin"]["reason"] == "Ours"
    assert agreement.sources["tier"]["source"] == "manual"


def test_a_row_that_is_gone_cannot_be_kept_and_says_so(signed_in: Client, plan: Plan) -> None:
    Contact.objects.all().delete()
    position = plan.entries.get(object_kind="contact", verb="override").position
    data = {"position": position}
    answer = signed_in.post(f"/sync/plans/{plan.pk}/keep/", data, follow=True)
    assert "is no contact here any more" in answer.text


@pytest.fixture
def changed(site: Site) -> Replay:
    """A change of the mapping that nobody has gone through yet."""
    site.marks.create(stream="accounts", loaded_at=NOW, mark=NOW)
    return Replay.objects.create(reason="Tier is mapped", requested_at=NOW, filling=["tier"])


def test_a_plan_includes_a_change_of_the_mapping_by_itself(site: Site, changed: Replay) -> None:
    plan = making.begin(site, member=None, now=NOW)
    assert plan.whole
    assert plan.pending == [
        {"at": NOW.isoformat(), "by": None, "reason": "Tier is mapped", "trouble": None}
    ]
    plan.state = "ready"
    plan.save()
    with pytest.raises(ConfigurationError, match="still being gone through"):
        holding.apply(plan, Trigger.CLI, member=None)
    changed.finished_at = NOW
    changed.save()
    after = making.begin(site, member=None, now=NOW)
    assert (after.whole, after.pending) == (False, [])


def test_the_page_says_that_the_mapping_changed_and_offers_the_other_plan(
    signed_in: Client, site: Site, changed: Replay
) -> None:
    plan = making.begin(site, member=None, now=NOW, whole=False)
    plan.state = "ready"
    plan.save()
    text = signed_in.get(f"/sync/plans/{plan.pk}/").text
    assert "The mapping changed" in text
    assert "Include what it will change" in text
    plan.whole = True
    plan.save()
    text = signed_in.get(f"/sync/plans/{plan.pk}/").text
    assert "Plan without it" in text
    assert "Apply exactly this" not in text
    signed_in.post(f"/sync/sites/{site.pk}/plan/", {"whole": "no"})
    assert ProcrastinateJob.objects.filter(task_name="work_out_plan").count() <= 1
