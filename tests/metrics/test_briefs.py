"""Every account's brief says what its account, its figures and its score say, whoever wrote them."""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection, transaction

from tenure.customers.models import Account
from tenure.health import write as scores
from tenure.health.models import HealthScore, HealthVersion
from tenure.health.scoring import score
from tenure.metrics import write
from tenure.metrics.models import AccountBrief, AccountFacts, FactsVersion
from tests.metrics.briefs import CHANGING, differing
from tests.metrics.rows import NOW, a_version, an_account
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db


def test_an_account_has_its_brief_from_the_first_moment_and_figures_when_it_is_measured() -> None:
    new = an_account("New")
    assert (AccountBrief.objects.get().measured, differing()) == (False, [])
    measured = a_customer("Measured")
    brief = AccountBrief.objects.get(pk=measured.pk)
    assert (brief.measured, brief.mrr_sort, brief.past_due_count) == (True, Decimal(198), 1)
    assert brief.score is None
    score([new.pk, measured.pk], NOW)
    assert AccountBrief.objects.get(pk=measured.pk).score is not None
    assert differing() == []


def test_it_follows_every_change_of_figures_and_scores() -> None:
    one, two = a_customer("One"), a_customer("Two")
    score([one.pk, two.pk], NOW)
    AccountFacts.objects.filter(pk=one.pk).update(
        mrr_sort=5, mrr_converted=None, next_renewal_date=None, past_due_count=7
    )
    HealthScore.objects.filter(pk=two.pk).update(score=1, band="red", state="ended")
    assert differing() == []
    brief = AccountBrief.objects.get(pk=one.pk)
    assert (brief.mrr_sort, brief.mrr_known, brief.past_due_count) == (Decimal(5), False, 7)
    assert AccountBrief.objects.get(pk=two.pk).ended
    write.close([one.pk], NOW)
    scores.drop([two.pk])
    assert differing() == []
    assert not AccountBrief.objects.get(pk=one.pk).measured
    assert AccountBrief.objects.get(pk=two.pk).band is None


def test_a_removed_account_is_live_again_when_it_is_back() -> None:
    account = a_customer("Once more")
    for removed_at in (NOW, None):
        account.removed_at = removed_at
        account.save()
        assert AccountBrief.objects.get().live is (removed_at is None)
        assert differing() == []
    Account.objects.all().delete()
    assert not AccountBrief.objects.exists()


def test_accounts_that_were_here_before_get_theirs_when_the_base_is_migrated() -> None:
    account, _, ended = a_customer("Before"), an_account("Never measured"), a_customer("Over")
    score([account.pk, ended.pk], NOW)
    HealthScore.objects.filter(pk=ended.pk).update(state="ended")
    AccountBrief.objects.exclude(pk=account.pk).delete()
    AccountBrief.objects.update(mrr_sort=1, band="red", live=False)
    assert len(differing()) == 3
    migration = import_module("tenure.health.migrations.0005_scores_in_brief")
    with connection.cursor() as db:
        db.execute(migration.FILLED)
    assert differing() == []


def test_it_says_since_when_figures_and_scores_are_what_they_are() -> None:
    account = a_customer("Moved")
    score([account.pk], NOW)
    later, before = NOW + timedelta(days=3), NOW - timedelta(days=30)
    brief = AccountBrief.objects.get()
    assert not any(getattr(brief, f"{name}_changed_at") for name in CHANGING)
    # What was before we measured it is learned afterwards.
    a_version(FactsVersion, AccountFacts.objects.get(), before, mrr_converted=5)
    brief.refresh_from_db()
    assert (brief.mrr_changed_at, brief.past_due_changed_at) == (before, None)
    facts = {**AccountFacts.objects.values().get(), "past_due_count": 4, "updated_at": later}
    assert write.save([facts | {"as_of": later}]) == 1
    HealthScore.objects.update(band="red", updated_at=later)
    brief.refresh_from_db()
    assert (brief.mrr_changed_at, brief.past_due_count_changed_at) == (before, later)
    assert (brief.score_changed_at, brief.band_changed_at) == (None, later)
    # Within the same instant no version is kept, and the figure is another all the same.
    assert write.save([facts | {"mrr_converted": 7}]) == 1
    brief.refresh_from_db()
    assert (brief.mrr_changed_at, FactsVersion.objects.count()) == (later, 2)
    assert differing() == []


def test_changes_of_before_are_in_the_briefs_of_a_base_that_is_migrated() -> None:
    account = a_customer("Before")
    score([account.pk], NOW)
    before = NOW - timedelta(days=30)
    a_version(FactsVersion, AccountFacts.objects.get(), before, subscription_status="trial")
    a_version(HealthVersion, HealthScore.objects.get(), before, score=1)
    told = AccountBrief.objects.values().get()
    AccountBrief.objects.update(subscription_status_changed_at=None, score_changed_at=None)
    assert differing() == [account.pk] * 2
    for name in ("metrics.migrations.0015", "health.migrations.0006"):
        with connection.cursor() as db:
            db.execute(import_module(f"tenure.{name}_changes_in_brief").FILLED)
    assert AccountBrief.objects.values().get() == told
    assert told["score_changed_at"] == told["subscription_status_changed_at"] == before


def test_what_is_undone_leaves_no_trace_in_it() -> None:
    account = a_customer("Steady")
    with transaction.atomic():
        AccountFacts.objects.update(mrr_sort=1)
        transaction.set_rollback(True)
    assert AccountBrief.objects.get(pk=account.pk).mrr_sort == Decimal(198)
    with connection.cursor() as db:  # as somebody who deletes rows by hand does
        db.execute("DELETE FROM metrics_accountfacts")
    assert differing() == []
