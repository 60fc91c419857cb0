"""Plans over the API: their entries by the page, and plans that cannot be made or applied."""

import pytest

from tenure.sync.models import Plan, PlanEntry
from tests.api.conftest import Caller
from tests.metrics.rows import NOW, a_site
from tests.web.builders import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> Plan:
    made = Plan.objects.create(
        site=a_site("northwind"),
        created_at=NOW,
        counts={"objects": {"account": {"override": 1, "update": 3}}},
        digest="d",
    )
    for position, verb in enumerate(("override", "update", "update", "update")):
        PlanEntry.objects.create(
            plan=made,
            position=position,
            verb=verb,
            object_kind="account",
            identifier=f"T-{position}",
        )
    return made


def test_a_plan_has_its_counts_and_needs_a_person(reader: Caller, plan: Plan) -> None:
    shown = reader.get(f"plans/{plan.pk}").json()
    assert (shown["counts"]["override"], shown["needs_attention"]) == (1, True)
    assert reader.get("plans", site="northwind").json()["data"] == [shown]


def test_entries_go_on_by_cursor_and_by_verb(reader: Caller, plan: Plan) -> None:
    path = f"plans/{plan.pk}/entries"
    first = reader.get(path, limit=3).json()
    rest = reader.get(path, limit=3, cursor=first["next"]).json()
    names = [one["identifier"] for one in first["data"] + rest["data"]]
    assert names == ["T-0", "T-1", "T-2", "T-3"]
    assert rest["next"] is None
    only = reader.get(path, verb="override").json()["data"]
    assert [one["identifier"] for one in only] == ["T-0"]
    assert reader.get(path, verb="guess").status_code == 400
    assert reader.get(path, verb="update", cursor=first["next"]).status_code == 400


def test_a_site_that_was_never_read_cannot_be_planned(writer: Caller) -> None:
    a_site("northwind")
    answer = writer.post("plans", {"site": "northwind"})
    assert answer.status_code == 409
    assert answer.json()["next_step"]


def test_a_plan_is_not_applied_while_a_run_goes_on(writer: Caller, plan: Plan) -> None:
    a_run(plan.site, "running")
    assert writer.post(f"plans/{plan.pk}/apply").status_code == 409


def test_a_run_that_changed_nothing_is_not_taken_back(writer: Caller, plan: Plan) -> None:
    run = a_run(plan.site)
    for path, body in (("revert/preview", None), ("revert", {})):
        answer = writer.post(f"runs/{run.pk}/{path}", body)
        assert answer.status_code == 409
        assert "changed nothing" in answer.json()["detail"]
