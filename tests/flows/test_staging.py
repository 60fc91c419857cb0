"""A staged site: its records are read and make no account until it is activated."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure import flow
from tenure.connections import setups
from tenure.connections.models import Mode, SetUp, Site
from tenure.connections.write import add_site
from tenure.core.clock import FrozenClock
from tenure.core.secrets import Secret
from tenure.customers.models import Account, BillingAccount, Invoice
from tenure.simulator.server import Served
from tenure.sync import activation, replay, schedule
from tenure.sync.activation import State
from tenure.sync.apply import Applier
from tenure.sync.models import Run, RunState, Trigger
from tenure.sync.purge import withdraw
from tenure.sync.write import request_run
from tests.flows.conftest import TODAY, US, Sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staged(served: Served, transactional_db: None) -> Site:
    """The US site, staged."""
    return add_site("recurly", US.subdomain, "us", Secret(US.key), staged=True, now=TODAY)


def a_setup(site: Site) -> SetUp:
    return setups.begin([site], [], member=None, now=TODAY)


def accounts() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is shown of each account."""
    rows = Account.objects.values_list("identifier", "name", "attributes")
    return {identifier: (name, attributes) for identifier, name, attributes in rows}


def state_of(setup: SetUp) -> State:
    going = activation.of(setups.get(setup.pk))
    assert going is not None
    return going.state


def test_a_staged_site_is_read_whole_and_makes_no_account(staged: Site, sync: Sync) -> None:
    assert sync(staged).state == RunState.COMPLETE
    assert BillingAccount.objects.filter(account=None).count() > 20
    assert Invoice.objects.exists()
    assert not Account.objects.exists()


def test_activating_makes_what_a_plain_sync_would_have_made(
    staged: Site, sync: Sync, served: Served
) -> None:
    sync(staged)
    setup = a_setup(staged)
    activation.ask(setup)
    flow.activate(setup.pk, FrozenClock(TODAY))
    assert state_of(setup) == State.COMPLETE
    made = accounts()
    assert len(made) > 20
    assert Run.objects.filter(state=RunState.QUEUED).count() == 1  # what changed meanwhile
    withdraw(Site.objects.get(), now=TODAY)
    assert not Account.objects.exists()
    sync(add_site("recurly", US.subdomain, "us", Secret(US.key), now=TODAY))
    assert accounts() == made


def test_link_only_activates_to_no_account(staged: Site, sync: Sync) -> None:
    sync(staged)
    Site.objects.update(accounts_mode=Mode.LINK)
    setup = a_setup(staged)
    activation.ask(setup)
    activation.carry_out(setup.pk, FrozenClock(TODAY))
    assert state_of(setup) == State.COMPLETE
    assert not Account.objects.exists()


@pytest.mark.parametrize("mode", [Mode.DAILY, Mode.LINK])
def test_an_activation_in_the_middle_of_the_first_run_leaves_nothing_behind(
    staged: Site, sync: Sync, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    plain = Applier.apply
    done: list[int] = []

    def apply(applier: Applier, *page: Any) -> Any:
        if not done:
            done.append(1)
            Site.objects.update(accounts_mode=mode)
            replay.activate(Site.objects.get(), by=replay.By(), now=TODAY)
        return plain(applier, *page)

    monkeypatch.setattr(Applier, "apply", apply)
    assert sync(staged).state == RunState.COMPLETE
    left = BillingAccount.objects.filter(account=None).count()
    assert (left == 0) == (mode == Mode.DAILY)
    assert Account.objects.exists() == (mode == Mode.DAILY)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Activation in chunks of five rows, each noted; something may happen after the first."""
    monkeypatch.setattr(replay, "CHUNK", 5)
    monkeypatch.setattr(activation, "NOTED_EVERY", timedelta(0))
    plain = activation._Watch.__call__

    def after_the_first(act: Callable[[], None]) -> None:
        acted: list[int] = []

        def watch(self: activation._Watch, done: int, total: int) -> None:
            if not acted:
                acted.append(1)
                act()
            plain(self, done, total)

        monkeypatch.setattr(activation._Watch, "__call__", watch)

    return after_the_first


def test_an_activation_is_paused_after_the_rows_in_hand_and_goes_on_from_there(
    staged: Site, sync: Sync, small_steps: Callable[[Callable[[], None]], None]
) -> None:
    sync(staged)
    setup = a_setup(staged)
    small_steps(lambda: activation.pause(setup))
    activation.ask(setup)
    activation.carry_out(setup.pk, FrozenClock(TODAY))
    going = activation.of(setups.get(setup.pk))
    assert going is not None
    assert (going.state, going.done) == (State.PAUSED, 5)
    assert 0 < Account.objects.count() <= 5
    activation.ask(setup)
    activation.carry_out(setup.pk, FrozenClock(TODAY))
    assert state_of(setup) == State.COMPLETE
    assert not BillingAccount.objects.filter(account=None).exists()


def test_an_activation_that_breaks_off_says_why_and_can_be_gone_on_with(
    staged: Site, sync: Sync, small_steps: Callable[[Callable[[], None]], None]
) -> None:
    sync(staged)
    setup = a_setup(staged)

    def break_off() -> None:
        raise OSError("the disk is full")

    small_steps(break_off)
    activation.ask(setup)
    activation.carry_out(setup.pk, FrozenClock(TODAY))
    going = activation.of(setups.get(setup.pk))
    assert going is not None
    assert (going.state, going.reason) == (State.FAILED, "OSError: the disk is full")
    activation.ask(setup)
    activation.carry_out(setup.pk, FrozenClock(TODAY))
    assert state_of(setup) == State.COMPLETE
    assert not BillingAccount.objects.filter(account=None).exists()


def test_an_activation_nobody_does_any_more_is_taken_up(staged: Site) -> None:
    setup = a_setup(staged)
    activation.ask(setup)
    jobs = ProcrastinateJob.objects.filter(task_name="activate")
    jobs.delete()
    now = datetime.now(UTC)
    activation.revive(now + timedelta(seconds=5))
    assert not jobs.exists()
    activation.revive(now + timedelta(minutes=1))
    assert jobs.count() == 1


def test_a_staged_site_waits_for_whoever_sets_it_up(staged: Site) -> None:
    assert schedule.start_due(TODAY + timedelta(days=9)) == []
    assert schedule.next_start(staged) is None
    Site.objects.update(staged=False)
    assert [run.site_id for run in schedule.start_due(TODAY)] == [staged.pk]


def test_a_withdrawn_site_takes_its_run_with_it(staged: Site) -> None:
    request_run(staged, Trigger.FIRST)
    withdraw(staged, now=TODAY)
    assert not Site.objects.exists()
    assert not Run.objects.exists()
