"""Figures of the time before the first sync, made out from dates, against what was really seen then."""

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tenure import flow
from tenure.alerts.backtest import backtest
from tenure.connections.models import Site
from tenure.metrics import explain, past_facts
from tenure.metrics.as_of import figures_at, moment_of
from tenure.metrics.days import local_day
from tenure.metrics.explain import values
from tenure.metrics.explain.calculation import calculation_at
from tenure.metrics.models import AccountFacts, FactsPast, FactsVersion, VersionKind
from tenure.metrics.past_facts import _exchange_on, _pasts
from tenure.metrics.past_facts import figures_at as made_at
from tenure.metrics.settings import current
from tenure.simulator.server import Served
from tests.flows.conftest import TODAY, Sync
from tests.flows.test_later_syncs import live

pytestmark = pytest.mark.django_db(transaction=True)
LATER = TODAY + timedelta(days=60)
# What no date tells: reminders, and a payment that was on its way.
TOLD = (
    "invoices_count billed net_billed total_paid total_due past_due past_due_count not_yet_due"
    " oldest_past_due_days last_invoice_date payment_failures_90d written_off total_refunded"
).split()


def test_what_is_made_out_is_what_was_seen_then(us: Site, sync: Sync, served: Served) -> None:
    """The same accounts, sixty days later: their figures of the first day, out of their dates."""
    sync(us)
    seen = {facts.pk: facts for facts in AccountFacts.objects.all()}
    live(served, 60)
    sync(us)
    settings = current()
    pasts = _pasts(dict.fromkeys(seen, LATER))
    wrong: dict[str, list[object]] = {}
    for account_id, facts in seen.items():
        made = made_at(
            account_id, pasts[account_id], TODAY, settings, lambda day: _exchange_on(settings, day)
        )
        for name in TOLD:
            if made[name] != getattr(facts, name):
                wrong.setdefault(name, []).append((account_id, made[name], getattr(facts, name)))
    assert not wrong
    assert any(facts.past_due_count for facts in seen.values())


def test_every_account_gets_a_past_that_ends_where_measuring_began(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    for _ in range(50):
        if not flow.look_back(TODAY):
            break
    assert FactsPast.objects.count() == AccountFacts.objects.count()
    made = FactsVersion.objects.filter(kind=VersionKind.RECONSTRUCTED)
    assert made.count() > AccountFacts.objects.count()
    for facts in AccountFacts.objects.all()[:10]:
        versions = list(made.filter(account_id=facts.pk).order_by("valid_from"))
        for one, following in itertools.pairwise(versions):
            assert one.valid_to == following.valid_from
        assert not versions or versions[-1].valid_to == facts.updated_at
        assert not versions or versions[0].valid_from >= TODAY - timedelta(days=367)
    assert flow.look_back(TODAY) == past_facts.look_back(TODAY, current()) == 0
    _opens_what_was_made_out(list(made.order_by("pk")[::40]))


def _opens_what_was_made_out(versions: Sequence[FactsVersion]) -> None:
    """Figures made out of a day open into parts that come to them."""
    settings, wrong = current(), []
    for version in versions:
        moment = moment_of(local_day(version.valid_from, settings.zone), TODAY, settings)
        assert moment is not None
        pk = version.account_id
        assert figures_at([pk], moment)[pk] == version
        for figure in (*explain.FIGURES, *values.FIGURES):
            found = calculation_at(pk, figure, version, moment, settings)
            if found.differs:
                wrong.append((pk, moment.day, figure, found, getattr(version, figure, None)))
    assert not wrong


def test_a_back_test_sees_the_year_before_the_first_sync(us: Site, sync: Sync) -> None:
    sync(us)
    while flow.look_back(TODAY):
        pass
    found = backtest("past_due_count > 0", (TODAY - timedelta(days=200)).date(), now=TODAY)
    assert found.firings
    assert found.known_since is not None
    assert found.known_since < TODAY - timedelta(days=200)
