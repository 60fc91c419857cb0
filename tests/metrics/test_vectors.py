"""The worked examples, through the plain formulas and through what is stored: those of the
specification where it is at hand, and our own everywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenure.core.errors import ConfigurationError
from tenure.metrics.vectors import ANSWERS, differences
from tools.vectors import judge, read, summary, try_out

HERE = Path(__file__).resolve().parent
SPECIFIED = HERE.parents[2] / "shared" / "metrics_vectors.json"
OURS = (HERE / "golden.json", HERE / "worked.json")

pytestmark = pytest.mark.django_db


def vectors_in(*paths: Path) -> list[Any]:
    return [
        pytest.param(vector, id=str(vector["id"]))
        for path in paths
        if path.exists()
        for vector in read(path)
    ]


@pytest.mark.skipif(not SPECIFIED.exists(), reason="the specification is not beside this checkout")
@pytest.mark.parametrize("vector", vectors_in(SPECIFIED))
def test_a_worked_example_of_the_specification_comes_out_right(vector: dict[str, Any]) -> None:
    assert not judge(vector), vector["why"]


@pytest.mark.parametrize("vector", vectors_in(*OURS))
def test_a_worked_example_of_ours_comes_out_right(vector: dict[str, Any]) -> None:
    assert not judge(vector), vector["why"]


def test_a_wrong_expectation_is_named_with_both_values() -> None:
    vector = {
        "id": "X",
        "fn": "receivables",
        "as_of": "2026-06-30T00:00:00Z",
        "input": {
            "invoices": [{"type": "charge", "state": "paid", "currency": "USD", "paid": "5"}]
        },
        "expected": {"USD": {"total_paid": "6.00", "total_due": "0.00"}, "invoice_status": "due"},
    }
    assert [str(found) for found in differences(vector, ANSWERS)] == [
        'X, USD.total_paid, "6.00", "5", pure',
        'X, invoice_status, "due", "paid", pure',
    ]


def test_flags_that_were_not_expected_are_a_difference() -> None:
    gift = {"state": "active", "currency": "USD", "unit_amount": "0", "quantity": 1}
    gift |= {"plan": {"interval_unit": "months", "interval_length": 1}, "started_with_gift": True}
    vector = {"id": "X", "fn": "subscription_mrr", "as_of": "2026-06-30T00:00:00Z", "input": gift}
    (found,) = differences(vector | {"expected": {"status": "free"}}, ANSWERS)
    assert (found.field, found.got) == ("flags", {"gift"})


def test_an_unknown_function_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="X: there is no function “magic”"):
        differences({"id": "X", "fn": "magic", "as_of": "", "input": {}, "expected": {}}, ANSWERS)


ODD = {
    "kind": ({"fn": "magic"}, "There is no function “magic”. Known are account_rollup,"),
    "state": ({"fn": "subscription_mrr"}, "It cannot be worked: "),
    "id": ({"fn": "movements", "input": {"accounts": [{}]}}, "“id” is missing or not known."),
    "shape": ({"fn": "retention", "input": {"accounts": "x"}}, "another shape than the format"),
    "number": (
        {"fn": "movements", "input": {"accounts": [{"id": "a", "start": "x"}]}},
        "Invalid literal for Fraction: 'x'.",
    ),
    "figure": ({"fn": "dso", "expected": {"shoes": "1"}}, "There is no figure “shoes”. Known are"),
    "zone": ({"fn": "dso", "settings": {"timezone": "Mars"}}, "There is no time zone “Mars”."),
    "choice": (
        {"fn": "dso", "settings": {"mrr_discounts": "x"}},
        "The setting “mrr_discounts” cannot be “x”. It is one of recurring,",
    ),
    "day": ({"fn": "dso", "as_of": "soon"}, "Invalid isoformat string: 'soon'."),
}


@pytest.mark.parametrize("name", ODD)
def test_what_an_example_says_wrong_is_a_sentence(name: str) -> None:
    odd, said = ODD[name]
    whole = {"id": "X", "as_of": "2026-06-30T00:00:00Z", "input": {}, "expected": {"end": "1"}}
    found = judge(whole | odd)
    assert found
    assert all(said in line and line.startswith("X, ") for line in found), found


def test_what_cannot_be_stored_and_what_is_not_known_is_said_beside_the_counts() -> None:
    finer = {"id": "a", "start": "0.1234567", "end": "1"}
    vector = {"id": "X", "fn": "movements", "as_of": "2026-06-30", "settings": {"hat": "1"}}
    tried = try_out(vector | {"input": {"accounts": [finer]}, "expected": {"end": "1"}})
    assert (tried.paths, tried.differences) == (["pure"], [])
    first, kind, setting, left = summary([tried])
    assert first == "1 examples (pure 1), 0 differences"
    assert kind == "  movements: 1 (pure 1)"
    assert setting.startswith("X: There is no setting “hat”: the default stands.")
    assert left == "X: not tried by what is stored: an amount is kept with six decimals."


@pytest.mark.parametrize("kind", ["movements", "retention", "mrr_history"])
def test_what_spans_days_goes_both_ways(kind: str) -> None:
    (vector,) = [one for one in read(OURS[1]) if one["id"] in ("W-V02", "W-V08", "W-R11")
                 if one["fn"] == kind]  # fmt: skip
    assert try_out(vector).paths == ["pure", "stored"]
    wrong = {
        key: {"a": "x"} if isinstance(old, dict) else "1" for key, old in vector["expected"].items()
    }
    found = judge({**vector, "expected": wrong})
    assert {line.rsplit(", ", 1)[1] for line in found} == {"pure", "stored"}


def test_a_bare_day_is_its_first_moment() -> None:
    trial = {"trial_started_at": "2026-06-01", "trial_ends_at": "2026-06-30T00:00:01"}
    plan = {"interval_unit": "months", "interval_length": 1}
    sub = {"state": "active", "currency": "USD", "unit_amount": "1", "plan": plan, **trial}
    vector = {"id": "X", "fn": "subscription_mrr", "as_of": "2026-06-30", "input": sub}
    assert not judge(vector | {"expected": {"status": "trial"}})


def test_the_program_runs_from_anywhere_and_names_both_ways(tmp_path: Path) -> None:
    example = {
        "id": "X",
        "fn": "dso",
        "input": {"receivable": "1", "billed_in_window": "3"},
        "expected": {"dso": "31.0"},
    }
    file = tmp_path / "some.json"
    file.write_text(json.dumps([example]))
    program = HERE.parents[1] / "tools" / "vectors.py"
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, program, file], cwd=tmp_path, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        'X, dso, "31.0", "30.0", pure',
        'X, dso, "31.0", "30.0", stored',
    ]
