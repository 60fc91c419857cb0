"""Everything that is checked without running the product: ``./run check``.

All checks run even when one fails, so that one round shows everything.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKED = ["tenure", "tests", "tools", "benchmarks", "run"]

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", *CHECKED],
    "lint": ["-m", "ruff", "check", *CHECKED],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as check; check()"],
    "types": ["-m", "mypy"],
    "migrations": ["-m", "django", "makemigrations", "--check", "--dry-run"],
}


def main() -> int:
    """Run them all; the exit status is 1 when any of them failed."""
    names = sys.argv[1:] or list(CHECKS)
    unknown = set(names) - set(CHECKS)
    if unknown:
        print(f"{', '.join(sorted(unknown))}: no such check; there are {', '.join(CHECKS)}.")
        return 2
    with tempfile.TemporaryDirectory() as home:
        failed = [name for name in names if not passes(name, home)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def passes(name: str, home: str) -> bool:
    """Run one check, showing its output only when it has something to say."""
    began = time.monotonic()
    result = subprocess.run(
        [sys.executable, *CHECKS[name]],
        cwd=ROOT,
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    verdict = "ok" if result.returncode == 0 else "FAILED"
    print(f"{name:<12}{verdict} ({time.monotonic() - began:.1f} s)", flush=True)
    if result.returncode:
        print(result.stdout, result.stderr, sep="\n")
    return result.returncode == 0


def clean_environment(home: str) -> dict[str, str]:
    """No setting of the person who checks may change the outcome, and none of their data is touched."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENURE_")}
    return {
        **kept,
        "TENURE_HOME": home,
        "DJANGO_SETTINGS_MODULE": "tenure.config.settings",
        # Comparing models with migrations needs no database, only an address to not reach.
        "TENURE_DATABASE_URL": f"postgresql://nobody@/none?host={home}",
    }


if __name__ == "__main__":
    sys.exit(main())
