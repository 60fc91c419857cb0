"""Worked examples of metrics through the product: ``./run vectors FILE``.

Each example goes through the plain formulas (path ``pure``), and where there is one through the
set-based path as well (``stored``): its records are decoded and stored like those of a sync, in a
throwaway database, and the figures are read from where pages read them. Every difference is a line
``id, field, expected, got, path``; the exit status is then 1. Below stands, kind by kind, which paths
were tried, and what of an example nobody here could use.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
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
        tried = [try_out(vector) for vector in vectors]
    found = [line for one in tried for line in one.differences]
    print("\n".join(found)) if found else None
    print("\n".join(summary(tried)), file=sys.stderr)
    return 1 if found else 0


def summary(tried: Sequence["Tried"]) -> list[str]:
    """What was tried: all in one line, then each kind with its ways, then what was left out and why."""
    differences = sum(len(one.differences) for one in tried)
    counts = _counted(path for one in tried for path in one.paths)
    lines = [f"{len(tried)} examples ({counts}), {differences} differences"]
    kinds: dict[str, list[Tried]] = {}
    for one in tried:
        kinds.setdefault(str(one.vector["fn"]), []).append(one)
    for kind, mine in kinds.items():
        ways = _counted(path for one in mine for path in one.paths) or "no way to compute it"
        lines.append(f"  {kind}: {len(mine)} ({ways})")
    return lines + [f"{one.vector['id']}: {note}" for one in tried for note in one.notes]


def _counted(paths: Iterable[str]) -> str:
    return ", ".join(f"{path} {count}" for path, count in sorted(Counter(paths).items()))


def read(path: Path) -> Sequence[Vector]:
    """The examples of a file: a list, or a document that holds one. Raises when it is neither."""
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    if isinstance(document, dict) and not isinstance(document.get("vectors"), list):
        raise TypeError("a document holds its examples as a list named “vectors”")
    vectors = document["vectors"] if isinstance(document, dict) else document
    if not isinstance(vectors, list):
        raise TypeError("it is neither a list of examples nor a document with one")
    for number, one in enumerate(vectors, 1):
        if not isinstance(one, dict) or "fn" not in one or not isinstance(one.get("input"), dict):
            raise TypeError(f"example {number} needs a fn and an input with names and values")
        if not isinstance(one.get("expected", {}), dict):
            raise TypeError(f"what example {number} expects has no names")
    return [
        {"id": f"#{n}", "as_of": "2026-06-30T00:00:00Z", "expected": {}} | one
        for n, one in enumerate(vectors, 1)
    ]


@dataclass(slots=True)
class Tried:
    """What became of an example: its differences, the ways it was computed, and what a person should
    know besides, such as why a way was left out."""

    vector: Vector
    differences: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def answers() -> Mapping[str, Mapping[str, Any]]:
    """The ways of computing, by name, and which functions each can answer."""
    # Models are read only now: the throwaway database must be named before Django is set up.
    from tenure.health import vectors as health  # noqa: PLC0415
    from tenure.metrics import vectors as metrics  # noqa: PLC0415
    from tools import stored_health, stored_over_time, stored_vectors  # noqa: PLC0415

    return {
        "pure": {**metrics.ANSWERS, **health.ANSWERS},
        "stored": {
            **stored_vectors.ANSWERS,
            **stored_over_time.ANSWERS,
            **stored_health.ANSWERS,
        },
    }


def judge(vector: Vector) -> list[str]:
    """A line for each difference, or one that says why the example cannot be worked."""
    return try_out(vector).differences


def try_out(vector: Vector) -> Tried:
    """The example by every way that can answer it."""
    from tenure.metrics.vectors import Difference, unknown_settings  # noqa: PLC0415

    tried, known = Tried(vector), answers()
    kind = vector["fn"]
    ways = [path for path, functions in known.items() if kind in functions]
    if not ways:
        functions = ", ".join(sorted({name for each in known.values() for name in each}))
        said = f"There is no function “{kind}”. Known are {functions}."
        tried.differences.append(str(Difference(vector["id"], "fn", kind, said, "none")))
    tried.notes += unknown_settings(vector.get("settings") or {})
    for path in ways:
        _by(path, known[path], tried)
    return tried


def _by(path: str, functions: Mapping[str, Any], tried: Tried) -> None:
    from tenure.metrics.vectors import Difference, differences  # noqa: PLC0415
    from tools.ledgered import NotStored  # noqa: PLC0415

    try:
        tried.differences += map(str, differences(tried.vector, functions, path))
        tried.paths.append(path)
    except NotStored as reason:
        tried.notes.append(f"not tried by what is stored: {reason}.")
    except Exception as error:  # noqa: BLE001 - one unusable example does not end the others
        said = f"It cannot be worked: {sentence(error)}"
        expected = tried.vector["expected"]
        tried.differences.append(str(Difference(tried.vector["id"], "", expected, said, path)))


def sentence(error: Exception) -> str:
    """What is wrong with an example, for whoever wrote it."""
    from tenure.core.errors import TenureError  # noqa: PLC0415

    if isinstance(error, TenureError):
        return str(error)
    if isinstance(error, KeyError):
        return f"“{error.args[0]}” is missing or not known."
    said = str(error).strip().splitlines() or ["no reason was given"]
    if isinstance(error, InvalidOperation):
        said = ["an amount is no number"]
    if isinstance(error, AttributeError | TypeError):
        said = [f"something in it has another shape than the format has: {said[0]}"]
    return f"{said[0].rstrip('.')}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
