"""The data folder of the embedded server: made once, checked before every start."""

import errno
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenure.core.errors import ConfigurationError, TenureError
from tenure.embedded import account as accounts
from tenure.embedded import binaries as programs
from tenure.embedded.account import Account
from tenure.embedded.binaries import Binaries

ROLE = "tenure"
DATABASE = "tenure"
OTHER_DATABASE = "Or set TENURE_DATABASE_URL to a PostgreSQL server you have."

SETTINGS = """
# Written once by Tenure; change what you like. Address and port are given at each start.
max_connections = 100
shared_buffers = 192MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
idle_in_transaction_session_timeout = 10min
timezone = 'UTC'
log_timezone = 'UTC'
"""
# A test server is thrown away after use, so nothing of it needs to reach the disk.
THROWAWAY = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_wal_size=512MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "wal_compression=off",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder with the programs that fit it and the account that runs them."""

    home: Path
    binaries: Binaries
    account: Account
    durable: bool = True

    @property
    def folder(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "postgres.log"

    def run_options(self, data: Path) -> dict[str, Any]:
        """How to start a program on this data folder: as whom, and in which folder."""
        return {"cwd": data, **self.account.popen_options()}

    def data_argument(self, data: Path) -> str:
        """What to call the data folder when talking to PostgreSQL's programs.

        A lent account cannot walk through root's private folders. It need not: the program starts
        inside its data folder and knows it only as "where I am", so TENURE_HOME stays closed.
        """
        here = self.account.lent and sys.platform == "linux"
        return "/proc/self/cwd" if here else str(data)


def open_cluster(home: Path, *, durable: bool = True) -> Cluster:
    """The cluster of this TENURE_HOME, made now if there is none.

    Raises ConfigurationError when the folder cannot be written, belongs to somebody else, holds
    data of a major version no program here can read, or the machine has no PostgreSQL at all.
    """
    data = home / "postgres" / "data"
    try:
        for folder in (home, home / "postgres", home / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = accounts.for_data(data)
        major = _major_of(data)
    except OSError as error:
        raise cannot_write(home, error) from error
    found = _programs_for(data, major)
    cluster = Cluster(home, accounts.runnable_by(account, found), account, durable)
    if major is None:
        _create(cluster)
    return cluster


def cannot_write(home: Path, error: OSError) -> ConfigurationError:
    """The sentence for a TENURE_HOME that refuses a file."""
    if error.errno == errno.ENOSPC:
        return ConfigurationError(
            f"The disk that holds {home} is full.",
            next_step="Free some space, or set TENURE_HOME to a folder on another disk.",
        )
    return ConfigurationError(
        f"TENURE_HOME {home} cannot be used: {error.strerror or error}.",
        next_step="Make the folder writable, or set TENURE_HOME to one that is.",
    )


def _major_of(data: Path) -> int | None:
    """The major version of the data, or None when there is no data yet."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ConfigurationError(
            f"{data} does not hold a PostgreSQL database: its PG_VERSION is damaged.",
            next_step="Restore TENURE_HOME from a backup, or set it to another folder.",
        ) from error


def _programs_for(data: Path, major: int | None) -> Binaries:
    try:
        return programs.find(major)
    except ConfigurationError as error:
        if major is None:
            raise
        raise ConfigurationError(
            f"The database in {data} was made by PostgreSQL {major}. {error.message}",
            next_step=f"Install PostgreSQL {major}, or restore a backup into a new TENURE_HOME.",
        ) from error


def _create(cluster: Cluster) -> None:
    """Make the data folder under another name and rename it, so that a half-made one is never used."""
    partial = cluster.folder / "data.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        cluster.account.own(partial)
        _initdb(cluster, partial)
        with (partial / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        _single_user(cluster, partial, f"CREATE DATABASE {DATABASE}")
        partial.rename(cluster.data)
    except OSError as error:
        raise cannot_write(cluster.home, error) from error


def _initdb(cluster: Cluster, data: Path) -> None:
    # The builtin locale sorts alike on every system; PostgreSQL 15 and 16 do not have it, and
    # their plain C locale compares the same bytes but knows no letters beyond ASCII.
    builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    _run(
        cluster,
        data,
        "initdb",
        f"--pgdata={cluster.data_argument(data)}",
        f"--username={ROLE}",
        "--auth=trust",  # safe because only the 0700 socket folder leads here
        "--encoding=UTF8",
        "--locale=C",
        *(builtin if cluster.binaries.major >= 17 else ()),
        "--data-checksums",
        *(() if cluster.durable else ("--no-sync",)),
    )


def _single_user(cluster: Cluster, data: Path, statement: str) -> None:
    argument = cluster.data_argument(data)
    _run(cluster, data, "postgres", "--single", "-D", argument, "postgres", told=statement)


def _run(cluster: Cluster, data: Path, name: str, *arguments: str, told: str = "") -> None:
    answer = subprocess.run(
        [cluster.binaries.program(name), *arguments],
        input=f"{told}\n",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **cluster.run_options(data),
    )
    if answer.returncode == 0:
        return
    said = answer.stderr.strip().splitlines()[-8:]
    if any("No space left" in line for line in said):
        raise OSError(errno.ENOSPC, "No space left on device")
    raise TenureError(
        f"PostgreSQL could not make its database in {data}: {' / '.join(said) or name}.",
        next_step=f"Remove the cause and start again. {OTHER_DATABASE}",
    )
