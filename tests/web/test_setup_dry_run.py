"""The last steps of the set-up: the dry run, the making of accounts, the end, and leaving it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure.connections import setups
from tenure.connections.models import Mode, SetUp, Site
from tenure.connections.setups import Step
from tenure.customers.models import BillingAccount
from tenure.sync import activation
from tenure.sync.activation import State
from tenure.sync.models import Mark, Plan, PlanEntry, PlanState, Run, RunState
from tests.connections.vendor import Vendor
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_run
from tests.web.setting_up import (
    HUB,
    NEW,
    a_site,
    at,
    reach,
)


@pytest.fixture
def dry(setup: SetUp) -> SetUp:
    """A set-up that came to the dry run, its site read."""
    [site] = setups.sites_of(setup)
    a_run(site)
    Mark.objects.create(site=site, stream="accounts", loaded_at=NOW, mark=NOW)
    return reach(setup, Step.DRY_RUN)


def planned(setup: SetUp, **values: Any) -> Plan:
    """The plan the page asked for, worked out as told."""
    kept = {"state": PlanState.READY, "counts": {"objects": {"account": {"create": 7}}}}
    Plan.objects.update(**{**kept, **values})
    return Plan.objects.get()


def test_the_dry_run_is_worked_out_in_the_background(signed_in: Client, dry: SetUp) -> None:
    text = signed_in.get(at(dry, "dry-run")).text
    assert "Working it out. Nothing is written." in text
    assert 'hx-trigger="every 1s"' in text
    assert ProcrastinateJob.objects.filter(task_name="work_out_plan").count() == 1
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 1


def test_the_dry_run_shows_counts_and_lost_edits_first(signed_in: Client, dry: SetUp) -> None:
    signed_in.get(at(dry, "dry-run"))
    plan = planned(dry, counts={"objects": {"account": {"create": 7, "override": 1, "leave": 2}}})
    common = {"plan": plan, "object_kind": "account", "identifier": "BW-1", "account_id": 1}
    told = {"attributes.seats": {"source": "manual", "set_by": "ada@example.com"}}
    PlanEntry.objects.create(
        position=1,
        verb="override",
        changes={"attributes.seats": ["12", "30"]},
        overridden=told,
        **common,
    )
    text = signed_in.get(at(dry, "dry-run")).text
    assert "1 account has values set by hand that would be replaced" in text
    assert "Set by ada@example.com" in text
    assert '<del class="isolate" dir="auto">12</del>' in text
    assert "Make 7 accounts" in text
    assert "and 7 more" in text
    assert f"/sync/plans/{plan.pk}/plan.csv" in text
    assert f'value="{plan.pk}:1"' in text


def test_what_a_row_would_lose_is_kept_by_a_pin_and_the_dry_run_made_anew(
    signed_in: Client, dry: SetUp
) -> None:
    account = a_customer("Acme", identifier="BW-1")
    signed_in.get(at(dry, "dry-run"))
    plan = planned(dry, counts={"objects": {"account": {"override": 1}}})
    PlanEntry.objects.create(
        plan=plan,
        position=1,
        verb="override",
        object_kind="account",
        account_id=account.pk,
        identifier="BW-1",
        changes={"attributes.seats": ["12", "30"]},
        overridden={"attributes.seats": {"source": "manual"}},
    )
    kept = {"keep": f"{plan.pk}:1", "reason": "Agreed by phone"}
    told = signed_in.post(at(dry, "dry-run"), kept, follow=True)
    assert "1 value pinned. The dry run is worked out with them." in told.text
    account.refresh_from_db()
    assert account.sources["seats"]["pin"]["reason"] == "Agreed by phone"
    assert Plan.objects.count() == 2


def test_only_the_dry_runs_of_this_set_up_are_kept_from(signed_in: Client, dry: SetUp) -> None:
    signed_in.get(at(dry, "dry-run"))
    planned(dry)
    other = Plan.objects.create(site=rows.a_site("other"), state=PlanState.READY, created_at=NOW)
    signed_in.post(at(dry, "dry-run"), {"keep": f"{other.pk}:all"})
    assert Plan.objects.count() == 2


def test_a_dry_run_that_failed_says_why_and_is_worked_out_again(
    signed_in: Client, dry: SetUp
) -> None:
    signed_in.get(at(dry, "dry-run"))
    planned(dry, state=PlanState.FAILED, reason="The key was refused.", next_step="Replace it.")
    text = signed_in.get(at(dry, "dry-run")).text
    assert "The key was refused." in text
    assert "every 1s" not in text
    assert signed_in.post(at(dry, "dry-run"), {"again": "1"}).status_code == 302
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 2


def test_another_mode_makes_another_dry_run(signed_in: Client, dry: SetUp) -> None:
    signed_in.get(at(dry, "dry-run"))
    Site.objects.update(accounts_mode=Mode.IMPORT)
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 2


def test_the_dry_run_waits_for_the_end_of_reading(signed_in: Client, dry: SetUp) -> None:
    Run.objects.update(state=RunState.RUNNING, finished_at=None)
    text = signed_in.get(at(dry, "dry-run")).text
    assert "The dry run is worked out as soon as everything is here." in text
    assert not Plan.objects.exists()


def test_accounts_are_made_only_after_a_dry_run_that_is_ready(
    signed_in: Client, dry: SetUp
) -> None:
    signed_in.get(at(dry, "dry-run"))
    signed_in.post(at(dry, "dry-run"), {})
    assert activation.of(setups.get(dry.pk)) is None
    planned(dry)
    assert signed_in.post(at(dry, "dry-run"), {}).url == at(dry, "progress")
    going = activation.of(setups.get(dry.pk))
    assert going is not None
    assert going.state == State.QUEUED


# --- Progress and Done --------------------------------------------------------------------------


def activated(setup: SetUp, state: State, **more: Any) -> SetUp:
    reach(setup, Step.PROGRESS)
    started = (NOW - timedelta(seconds=10)).isoformat()
    kept = {"state": state, "rows": {"1": [50, 200]}, "started_at": started, **more}
    setups.note(setup, activation=kept)
    return setup


def test_the_progress_shows_real_counts_and_can_be_paused(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.RUNNING)
    text = signed_in.get(at(setup, "progress")).text
    assert "50 of 200 records" in text
    assert 'value="25"' in text
    signed_in.post(at(setup, "progress"), {"pause": "1"})
    assert "Paused" in signed_in.get(at(setup, "progress")).text
    signed_in.post(at(setup, "progress"), {"resume": "1"})
    going = activation.of(setups.get(setup.pk))
    assert going is not None
    assert going.state == State.QUEUED
    assert ProcrastinateJob.objects.filter(task_name="activate").count() == 1


def test_a_failure_is_told_with_what_to_do(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.FAILED, reason="The disk is full.", next_step="Free some space.")
    text = signed_in.get(at(setup, "progress")).text
    assert "The disk is full." in text
    assert "Free some space." in text
    assert "Go on" in text


def test_the_end_says_what_is_here_and_finishes_the_set_up(signed_in: Client, setup: SetUp) -> None:
    [site] = setups.sites_of(setup)
    a_customer("Northwind Robotics", site=site)
    activated(setup, State.RUNNING)
    assert "Northwind Robotics" in signed_in.get(at(setup, "progress")).text
    activated(setup, State.COMPLETE)
    text = signed_in.get(at(setup, "progress")).text
    assert "Everything is here" in text
    text = signed_in.get(at(setup, "done")).text
    assert "1 account is here" in text
    assert setups.get(setup.pk).finished_at
    assert "Continue set-up" not in signed_in.get(HUB).text


# --- Coming back, going astray, cancelling ------------------------------------------------------


def test_the_hub_leads_back_to_where_it_was_left(signed_in: Client, moded: SetUp) -> None:
    hub = signed_in.get(HUB).text
    assert "Set-up of northwind-us" in hub
    assert "Being set up" in hub
    assert signed_in.get(f"{NEW}{moded.pk}/").url == at(moded, "mode")
    for step in ("test", "sample"):
        assert signed_in.get(at(moded, step)).status_code == 200


def test_a_step_not_reached_yet_leads_to_the_one_that_is(signed_in: Client, setup: SetUp) -> None:
    assert signed_in.get(at(setup, "mode")).url == at(setup, "test")
    assert signed_in.get(at(setup, "progress")).url == at(setup, "test")


def test_once_accounts_are_made_the_choices_are_behind(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.RUNNING)
    assert signed_in.get(at(setup, "mode")).url == at(setup, "progress")
    assert "being made already" in signed_in.get(at(setup, "cancel")).text
    signed_in.post(at(setup, "cancel"))
    assert SetUp.objects.exists()


def test_there_is_no_such_set_up(signed_in: Client) -> None:
    answer = signed_in.get(f"{NEW}77/test/")
    assert answer.status_code == 404
    assert "There is no set-up 77" in answer.text


def test_cancelling_says_what_goes_and_takes_it_with_a_run_in_hand(
    signed_in: Client, setup: SetUp
) -> None:
    [site] = setups.sites_of(setup)
    other = a_customer("Stays", site=rows.a_site("other"))
    rows.a_billing_account(other, site=site)
    BillingAccount.objects.filter(site=site).update(account=None)
    a_run(site, RunState.RUNNING)
    text = signed_in.get(at(setup, "cancel")).text
    assert "1 billing account" in text
    assert BillingAccount.objects.filter(site=site).exists()
    assert signed_in.post(at(setup, "cancel")).url == HUB
    assert not Site.objects.filter(subdomain="northwind-us").exists()
    assert not SetUp.objects.exists()
    other.refresh_from_db()


def test_a_site_that_had_accounts_before_stays_when_its_set_up_is_cancelled(
    signed_in: Client, vendor: Vendor
) -> None:
    site = a_site(staged=False)
    setup = setups.begin([site], [], member=None, now=NOW)
    assert "stays connected" in signed_in.get(at(setup, "cancel")).text
    signed_in.post(at(setup, "cancel"))
    assert Site.objects.filter(pk=site.pk).exists()


def test_a_staged_site_says_so_on_its_runs_and_is_no_stale_data(
    signed_in: Client, setup: SetUp
) -> None:
    [site] = setups.sites_of(setup)
    run = a_run(site)
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert "no account is made of them until the set-up says so" in text
    assert "Not synced yet" not in signed_in.get("/accounts/").text
