"""Pages of plans, of taking a run back and of drift."""

import json

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure.access.models import Member, Role
from tenure.connections.models import Mode, Site
from tenure.customers.models import Account, Attribute, BillingAccount, Change, ChangeSet, Origin
from tenure.sync.models import Plan, PlanState, Run
from tenure.sync.planning import entries
from tenure.sync.planning.entries import Entry
from tests.metrics.rows import NOW, a_site
from tests.web.builders import LOST, a_customer, a_member, a_plan, a_run


@pytest.fixture
def site(db: None) -> Site:
    return a_site("northwind")


def test_a_plan_shows_counts_first_and_manual_edits_before_the_rest(
    signed_in: Client, site: Site
) -> None:
    text = signed_in.get(f"/sync/plans/{a_plan(site).pk}/").text
    assert "Manual edits about to be lost first" in text
    assert "Set by ann@example.com" in text
    assert text.index("manual edits lost") < text.index("=cmd()") < text.index("Made Up")


def test_entries_are_filtered_by_what_happens(signed_in: Client, site: Site) -> None:
    text = signed_in.get(f"/sync/plans/{a_plan(site).pk}/?verb=create").text
    assert "Made Up" in text
    assert "=cmd()" not in text


def test_a_plan_asked_for_is_worked_out_in_the_background(
    signed_in: Client, site: Site, settings: object
) -> None:
    site.marks.create(stream="accounts", loaded_at=NOW, mark=NOW)
    answer = signed_in.post(f"/sync/sites/{site.pk}/plan/", follow=True)
    plan = Plan.objects.filter(site=site).first()
    if plan is None:  # the test's site has no key that opens: the page says so
        assert "key" in answer.text
        return
    assert plan.state == PlanState.WORKING
    assert ProcrastinateJob.objects.filter(task_name="work_out_plan").count() == 1
    assert 'hx-trigger="every 1s"' in answer.text


def test_a_plan_that_failed_says_why(signed_in: Client, site: Site) -> None:
    plan = a_plan(site, state=PlanState.FAILED, reason="The key was refused.", next_step="Rekey.")
    text = signed_in.get(f"/sync/plans/{plan.pk}/").text
    assert "The key was refused." in text
    assert "Rekey." in text


def test_a_download_is_safe_in_a_spreadsheet(signed_in: Client, site: Site) -> None:
    plan = a_plan(site)
    answer = signed_in.get(f"/sync/plans/{plan.pk}/plan.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("verb,object,identifier")
    assert lines[1].startswith("override,account,T-1,'=cmd()")
    assert "ann@example.com" in lines[1]
    whole = signed_in.get(f"/sync/plans/{plan.pk}/plan.json")
    document = json.loads(b"".join(whole.streaming_content))  # type: ignore[attr-defined]
    assert [entry["verb"] for entry in document["entries"]] == ["override", "create"]
    assert document["counts"]["leave"] == 7


def test_keeping_a_row_pins_what_it_would_lose(signed_in: Client, site: Site) -> None:
    account = a_customer(site=site)
    account.attributes["company"] = "By hand"
    account.sources["company"] = LOST
    account.save()
    plan = a_plan(site, account)
    first = plan.entries.get(verb="override")
    data = {"position": first.position, "reason": "Theirs is old"}
    signed_in.post(f"/sync/plans/{plan.pk}/keep/", data)
    account.refresh_from_db()
    assert account.sources["company"]["pin"]["reason"] == "Theirs is old"


def test_applying_asks_for_a_run_with_the_plan(signed_in: Client, site: Site) -> None:
    plan = a_plan(site)
    signed_in.post(f"/sync/plans/{plan.pk}/apply/")
    assert Run.objects.get(site=site).plan == plan


def test_a_manager_may_look_at_a_plan_and_not_apply_it(client: Client, site: Site) -> None:
    client.force_login(a_member(Role.CSM, "cleo@example.com"))
    plan = a_plan(site)
    assert "Apply exactly this" not in client.get(f"/sync/plans/{plan.pk}/").text
    assert client.post(f"/sync/plans/{plan.pk}/apply/").status_code == 403


def test_a_refused_run_shows_the_difference(signed_in: Client, site: Site) -> None:
    plan = a_plan(site)
    run = a_run(site, "failed", plan=plan, reason="It no longer holds.")
    again = Plan.objects.create(site=site, created_at=NOW, replaces=plan)
    entries.keep(
        again,
        [Entry("create", "account", "acc9", None, "T-9", "Made Up", {"name": [None, "Other"]})],
    )
    plan.outcome = {
        "run": run.pk,
        "held": False,
        "plan": again.pk,
        "counts": {"added": 0, "gone": 1, "changed": 1},
    }
    plan.save()
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert "Where it differs from what was shown" in text
    assert "Shown otherwise" in text
    assert "Shown, not there any more" in text
    assert "This plan no longer held" in signed_in.get(f"/sync/plans/{plan.pk}/").text


@pytest.fixture
def ended(site: Site, member: Member) -> tuple[Run, Account]:
    """A run that changed a company name, and the account."""
    account = a_customer(site=site)
    change_set = ChangeSet.objects.create(origin=Origin.SYNC, created_at=NOW)
    account.attributes["company"] = "New"
    account.save()
    Change.objects.create(
        change_set=change_set,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes={"attributes.company": ["Old", "New"]},
        at=NOW,
    )
    return a_run(site, change_set=change_set), account


def test_a_revert_is_shown_before_it_is_done(signed_in: Client, ended: tuple[Run, Account]) -> None:
    run, account = ended
    text = signed_in.get(f"/sync/runs/{run.pk}/revert/").text
    assert "Daily Sync: its next run brings its own values back" in text
    assert "Old" in text
    account.refresh_from_db()
    assert account.attributes["company"] == "New"
    signed_in.post(f"/sync/runs/{run.pk}/revert/", {"reason": "A wrong export"})
    account.refresh_from_db()
    assert account.attributes["company"] == "Old"
    assert "taken back already" in signed_in.get(f"/sync/runs/{run.pk}/revert/").text


def test_a_pin_on_what_is_restored_needs_a_reason(
    signed_in: Client, ended: tuple[Run, Account]
) -> None:
    run, account = ended
    answer = signed_in.post(f"/sync/runs/{run.pk}/revert/", {"pin": "1"})
    assert answer.status_code == 422
    assert "A pin needs a reason" in answer.text
    signed_in.post(f"/sync/runs/{run.pk}/revert/", {"pin": "1", "reason": "Right here"})
    account.refresh_from_db()
    assert account.sources["company"]["pin"]["reason"] == "Right here"


def test_drift_is_shown_and_accepted(signed_in: Client, site: Site) -> None:
    account = a_customer(site=site)
    Site.objects.update(accounts_mode=Mode.IMPORT)
    Attribute.objects.update(source_field="")
    payer = BillingAccount.objects.filter(account=account).first()
    assert payer
    payer.company = "Says So"
    payer.save()
    text = signed_in.get("/sync/drift/").text
    assert "Says So" in text
    signed_in.post("/sync/drift/accept/", {"account": account.pk, "field": "name"})
    account.refresh_from_db()
    assert account.name == "Says So"


def test_without_an_import_there_is_no_drift(signed_in: Client, site: Site) -> None:
    assert "Nothing is imported only" in signed_in.get("/sync/drift/").text
