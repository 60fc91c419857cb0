"""Finding processes that should be gone."""

import os
from pathlib import Path


def processes_naming(home: Path) -> list[str]:
    """Command lines of live processes whose environment or arguments name this home."""
    found = []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            told = proc.joinpath("environ").read_bytes() + proc.joinpath("cmdline").read_bytes()
            state = proc.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            command = proc.joinpath("cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if str(home).encode() in told and state != "Z" and proc.name != str(os.getpid()):
            found.append(command)
    return found
