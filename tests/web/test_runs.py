"""Sync: how sites stand, runs while they go on and when they have ended, quarantine."""

from datetime import timedelta

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure.connections.models import Site, SiteState
from tenure.core.clock import SystemClock
from tenure.sync.models import Run, RunState
from tenure.sync.standing import standings
from tenure.web.runs.freshness import freshness
from tests.metrics.rows import a_site
from tests.web.builders import a_quarantined, a_run

LIVE = {"HX-Request": "true", "HX-Target": "run-live"}


@pytest.fixture
def site(db: None) -> Site:
    return a_site("northwind")


def test_without_a_site_the_page_leads_to_the_hub(signed_in: Client) -> None:
    assert "Open the Integrations Hub" in signed_in.get("/sync/").text


def test_a_site_shows_its_last_good_run_and_the_next(signed_in: Client, site: Site) -> None:
    a_run(site)
    text = signed_in.get("/sync/").text
    assert "Last good run" in text
    assert "every day at 00:00 UTC" in text


def test_a_running_run_polls_and_shows_real_totals(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.RUNNING)
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert 'hx-trigger="every 1s"' in text
    assert "3 of about 4 records read, 75 per cent." in text
    assert 'aria-live="polite"' in text


def test_an_ended_run_stops_polling(signed_in: Client, site: Site) -> None:
    run = a_run(site)
    text = signed_in.get(f"/sync/runs/{run.pk}/", headers=LIVE).text
    assert "hx-trigger" not in text
    assert "Everything upstream had is here" in text


def test_a_run_is_never_said_to_be_read_whole_before_it_is(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.RUNNING)
    run.streams.update(read=4)
    answer = signed_in.get(f"/sync/runs/{run.pk}/")
    assert answer.context["p"].share == 99


def test_a_run_that_waits_for_the_rate_limit_says_until_when(signed_in: Client, site: Site) -> None:
    later = SystemClock().now() + timedelta(minutes=3)
    run = a_run(site, RunState.RUNNING, waiting_until=later, rate_limit=5000, rate_remaining=12)
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert "Waiting for the rate limit of northwind until" in text
    assert "12 <span" in text


@pytest.mark.parametrize("state", [RunState.INCOMPLETE, RunState.FAILED])
def test_a_run_that_ended_badly_says_why_and_what_to_do(
    signed_in: Client, site: Site, state: str
) -> None:
    run = a_run(site, state, reason="The key was refused.", next_step="Replace the key.")
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert "The key was refused." in text
    assert "Replace the key." in text


def test_a_queued_run_says_what_it_waits_for(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.QUEUED, started_at=None)
    assert "Waiting for a worker" in signed_in.get(f"/sync/runs/{run.pk}/").text


def test_sync_now_asks_for_one_run_and_shows_it(signed_in: Client, site: Site) -> None:
    answer = signed_in.post("/sync/now/", {"site": site.pk})
    run = Run.objects.get()
    assert answer.headers["Location"] == f"/sync/runs/{run.pk}/"
    assert ProcrastinateJob.objects.filter(task_name="pull").count() == 1


def test_sync_now_joins_a_run_that_is_going_on(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.RUNNING)
    answer = signed_in.post("/sync/now/", {"site": site.pk})
    assert answer.headers["Location"] == f"/sync/runs/{run.pk}/"
    assert Run.objects.count() == 1


def test_a_paused_site_is_not_synced(signed_in: Client, site: Site) -> None:
    Site.objects.update(state=SiteState.PAUSED)
    answer = signed_in.post("/sync/now/", follow=True)
    assert "No site can be synced now" in answer.text
    assert not Run.objects.exists()


def test_a_run_is_asked_to_stop(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.RUNNING)
    signed_in.post(f"/sync/runs/{run.pk}/stop/")
    run.refresh_from_db()
    assert run.cancel_asked


def test_there_is_no_such_run(signed_in: Client) -> None:
    assert signed_in.get("/sync/runs/77/").status_code == 404


def test_a_quarantined_record_is_shown_with_its_reason(signed_in: Client, site: Site) -> None:
    a_quarantined(site, reason="It has no <id>.")
    text = signed_in.get("/sync/quarantine/").text
    assert "broken-1" in text
    assert "It has no &lt;id&gt;." in text


def test_an_empty_quarantine_says_so(signed_in: Client) -> None:
    assert "Nothing in quarantine" in signed_in.get("/sync/quarantine/").text


@pytest.mark.parametrize(("hours", "tone"), [(1, "good"), (25, "good"), (30, "warn"), (60, "bad")])
def test_the_chip_tells_the_worst_age(site: Site, hours: int, tone: str) -> None:
    now = SystemClock().now()
    a_run(site, finished_at=now - timedelta(hours=hours))
    other = a_site("southwind")
    a_run(other, finished_at=now - timedelta(minutes=1))
    found = freshness(now, standings())
    assert found
    assert found.tone == tone


def test_a_site_that_needs_a_key_outweighs_everything(site: Site) -> None:
    a_run(site)
    Site.objects.update(state=SiteState.NEEDS_KEY)
    found = freshness(SystemClock().now(), standings())
    assert found
    assert (found.words, found.tone) == ("northwind needs a new key", "bad")


def test_without_a_site_there_is_nothing_to_be_fresh(db: None) -> None:
    assert freshness(SystemClock().now(), standings()) is None
