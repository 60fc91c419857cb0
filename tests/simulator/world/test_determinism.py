"""The same seed and instant give the same world, however it got there."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.simulator.world import World, build
from tests.simulator.world.conftest import EU, START, US, snapshot

MIDDLE = START + timedelta(days=120)
END = START + timedelta(days=240)


def fresh(seed: int = 5) -> World:
    return build([US, EU], seed=seed, accounts=12, start=START, until=MIDDLE)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0, 120), max_size=40))
def test_the_number_of_steps_makes_no_difference(days: list[float]) -> None:
    at_once, in_steps = fresh(), fresh()
    at_once.advance_to(END)
    for day in sorted(days):
        in_steps.advance_to(MIDDLE + timedelta(days=day))
    in_steps.advance_to(END)
    assert snapshot(in_steps) == snapshot(at_once)


def test_another_seed_gives_another_world() -> None:
    assert snapshot(fresh(5)) != snapshot(fresh(6))


def test_customers_keep_coming_after_the_built_time() -> None:
    world = fresh()
    before = sum(store.count("accounts") for store in world.sites.values())
    world.advance_to(END)
    assert sum(store.count("accounts") for store in world.sites.values()) > before


def test_only_real_changes_are_published(monkeypatch: pytest.MonkeyPatch) -> None:
    world = fresh()
    puts: list[str] = []
    store = world.sites["acme-us"]
    monkeypatch.setattr(store, "put", lambda kind, _: puts.append(kind))
    world.advance_to(world.now() + timedelta(seconds=1))
    assert puts == []


def test_without_bumps_only_stamps_differ_and_only_backwards() -> None:
    silent = build([US], seed=11, accounts=60, start=START, until=END, bump_on_time_events=False)
    stamped = build([US], seed=11, accounts=60, start=START, until=END)
    loud = snapshot(stamped)["acme-us"]
    differing = set()
    for name, made in snapshot(silent)["acme-us"].items():
        twin = loud[name]
        assert {n for n in made if made[n] != twin[n]} <= {"updated_at"}
        assert made["updated_at"] <= twin["updated_at"]
        if made["updated_at"] < twin["updated_at"]:
            differing.add(name.partition("/")[0])
    assert {"accounts", "subscriptions"} <= differing
