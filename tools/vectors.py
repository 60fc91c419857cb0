"""Worked examples of metrics through the product: ``./run vectors FILE``.

Each example goes through the plain formulas (path ``pure``), and where there is one through the
set-based path as well (``stored``): its records are decoded and stored like those of a sync, in a
throwaway database, and the figures are read from where pages read them. Every difference is a line
``id, field, expected, got, path``; the exit status is then 1.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

# As a script it is started from wherever the person stands.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.database import fresh_database

WRONG_USAGE = 2
Vector = Mapping[str, Any]


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
    with fresh_database(durable=False):
        found = [line for vector in vectors for line in judge(vector)]
        tried = Counter(path for vector in vectors for path in paths_of(vector))
    print("\n".join(found)) if found else None
    counts = ", ".join(f"{path} {count}" for path, count in sorted(tried.items()))
    print(f"{len(vectors)} examples ({counts}), {len(found)} differences", file=sys.stderr)
    return 1 if found else 0


def read(path: Path) -> Sequence[Vector]:
    """The examples of a file: a list, or a document that holds one. Raises when it is neither."""
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    vectors = document["vectors"] if isinstance(document, dict) else document
    if not all(isinstance(one, dict) and "fn" in one and "input" in one for one in vectors):
        raise ValueError("every example needs a fn and an input")
    return [
        {"id": f"#{n}", "as_of": "2026-06-30T00:00:00Z", "expected": {}} | one
        for n, one in enumerate(vectors, 1)
    ]


def answers() -> Mapping[str, Mapping[str, Any]]:
    """The ways of computing, by name, and which functions each can answer."""
    # Models are read only now: the throwaway database must be named before Django is set up.
    from tenure.health import vectors as health  # noqa: PLC0415
    from tenure.metrics import vectors as metrics  # noqa: PLC0415
    from tools import stored_health, stored_vectors  # noqa: PLC0415

    return {
        "pure": {**metrics.ANSWERS, **health.ANSWERS},
        "stored": {**stored_vectors.ANSWERS, **stored_health.ANSWERS},
    }


def paths_of(vector: Vector) -> list[str]:
    """The ways this example is computed."""
    return [path for path, known in answers().items() if vector["fn"] in known]


def judge(vector: Vector) -> list[str]:
    """A line for each difference, or one that says why the example cannot be worked."""
    known = answers()
    return [line for path in paths_of(vector) or ["pure"] for line in _judged(vector, known, path)]


def _judged(vector: Vector, known: Mapping[str, Any], path: str) -> Iterator[str]:
    from tenure.core.errors import TenureError  # noqa: PLC0415
    from tenure.metrics.vectors import Difference, differences  # noqa: PLC0415
    from tools.stored_vectors import NotStored  # noqa: PLC0415

    try:
        yield from (str(one) for one in differences(vector, known[path], path))
    except NotStored:
        return
    except Exception as error:  # noqa: BLE001 - one unusable example does not end the others
        said = str(error) if isinstance(error, TenureError) else f"{type(error).__name__}: {error}"
        yield str(Difference(vector["id"], "", vector["expected"], said, path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
