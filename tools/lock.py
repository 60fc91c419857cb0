"""Refresh both lock files from pyproject.toml: ``python tools/lock.py``; needs uv on PATH.

Versions move to the newest that pyproject.toml allows. The locks hold for every supported Python
and system, carry the hash of every file, and name no registry. Development's lock is made against
the product's, so that both install the same versions.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
HOW = (
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--upgrade",
    "--quiet",
    "--python-version=3.11",
)


def main() -> int:
    """Write both locks; the exit status of the first failure."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv was not found on PATH. Install it to refresh the locks.", file=sys.stderr)
        return 1
    product = ["--extra=embedded", f"--output-file={PRODUCT}"]
    development = [
        "--extra=embedded",
        "--extra=dev",
        f"--constraint={PRODUCT}",
        f"--output-file={DEVELOPMENT}",
    ]
    for wanted in (product, development):
        command = [uv, "pip", "compile", *HOW, *wanted, "pyproject.toml"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
