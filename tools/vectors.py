"""Worked examples of metrics through the product's formulas: ``./run vectors FILE``.

Prints every figure that comes out otherwise than the file says; the exit status is then 1.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenure.core.errors import TenureError
from tenure.health import vectors as health
from tenure.metrics import vectors as metrics

WRONG_USAGE = 2
ANSWERS = {**metrics.ANSWERS, **health.ANSWERS}


def main(words: list[str]) -> int:
    """Check the file named; 0 when all agree, 1 when something differs, 2 for wrong usage."""
    if len(words) != 1:
        print("Name one file of worked examples: ./run vectors FILE", file=sys.stderr)
        return WRONG_USAGE
    try:
        vectors = read(Path(words[0]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{words[0]} holds no worked examples: {error}.", file=sys.stderr)
        return WRONG_USAGE
    found = [said for vector in vectors for said in judge(vector)]
    print("\n".join([*found, f"{len(vectors)} examples, {len(found)} differences"]))
    return 1 if found else 0


def read(path: Path) -> list[Mapping[str, Any]]:
    """The examples of a file. Raises when it is not of the format."""
    return list(json.loads(path.read_text())["vectors"])


def judge(vector: Mapping[str, Any]) -> list[str]:
    """A line for each difference, or one that says why the example cannot be worked."""
    try:
        return [str(difference) for difference in metrics.differences(vector, ANSWERS)]
    except TenureError as error:
        return [str(error)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
