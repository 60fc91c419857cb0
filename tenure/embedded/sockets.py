"""The short private folder of a server's socket. Whoever may enter it may use the database."""

import hashlib
import stat
import tempfile
from pathlib import Path

from tenure.core.errors import ConfigurationError
from tenure.embedded.account import Account

LONGEST = 103  # bytes of the socket's path, the final NUL not counted: 108 on Linux, 104 on macOS
SOCKET = ".s.PGSQL.5432"
ATTEMPTS = 5


def folder_for(data: Path, account: Account) -> Path:
    """The folder for the server of ``data``: always the same one, so addresses survive a restart.

    A name somebody else has taken (anyone may write to /tmp) is passed over for the next.
    Nothing is created; see ``prepare``.
    """
    # TMPDIR is not asked: it differs between the programs that must find each other, and is
    # long on macOS.
    base = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
    for attempt in range(ATTEMPTS):
        name = hashlib.sha256(f"{data.resolve()}\0{attempt}".encode()).hexdigest()[:12]
        folder = base / f"tenure-{name}"
        if _is_free(folder, account):
            return _short_enough(folder)
    raise ConfigurationError(
        f"Every folder name for the database socket in {base} is taken by another user.",
        next_step="Remove the foreign tenure-* folders there, or set TENURE_HOME to another path.",
    )


def prepare(folder: Path, account: Account) -> None:
    """Make the folder, private to the account and empty; only for a server that does not run.

    One that a cleaner of /tmp removed is made again. What a killed server left in it goes: the
    process its lock file names may be anybody by now.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)
    folder.chmod(0o700)
    for stale in (SOCKET, f"{SOCKET}.lock"):
        (folder / stale).unlink(missing_ok=True)


def _is_free(folder: Path, account: Account) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid


def _short_enough(folder: Path) -> Path:
    if len(str(folder / SOCKET).encode()) > LONGEST:
        raise ConfigurationError(
            f"The temporary folder {folder.parent} is too deep for a database socket.",
            next_step="Set TMPDIR to a shorter path.",
        )
    return folder
