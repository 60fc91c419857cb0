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
from tools.vectors import judge, read

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
