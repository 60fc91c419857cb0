"""The worked examples: those of the specification where it is at hand, and our own everywhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from tenure.metrics.vectors import ANSWERS, differences

HERE = Path(__file__).resolve().parent
SPECIFIED = HERE.parents[2] / "shared" / "metrics_vectors.json"
OURS = HERE / "golden.json"


def vectors_in(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text())["vectors"]) if path.exists() else []


@pytest.mark.skipif(not SPECIFIED.exists(), reason="the specification is not beside this checkout")
@pytest.mark.parametrize(
    "vector", [v for v in vectors_in(SPECIFIED) if v["fn"] in ANSWERS], ids=lambda v: str(v["id"])
)
def test_a_worked_example_of_the_specification_comes_out_right(vector: dict[str, Any]) -> None:
    assert not differences(vector), vector["why"]


@pytest.mark.parametrize("vector", vectors_in(OURS), ids=lambda v: str(v["id"]))
def test_a_worked_example_of_ours_comes_out_right(vector: dict[str, Any]) -> None:
    assert not differences(vector), vector["why"]
