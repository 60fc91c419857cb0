"""Which system account runs the server. PostgreSQL refuses root, so root lends it another one."""

import os
import pwd
import shutil
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenure.core.errors import ConfigurationError
from tenure.embedded.binaries import Binaries

UNPRIVILEGED = ("postgres", "nobody")
SHARED_FOLDERS = (Path("/var/lib/tenure"), Path("/run/tenure"))


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group the server runs as; ``lent`` when it is not who we are ourselves."""

    name: str
    uid: int
    gid: int
    lent: bool

    def popen_options(self) -> dict[str, Any]:
        """What ``subprocess`` needs to start a program as this account."""
        if not self.lent:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give the path to this account."""
        if self.lent:
            os.chown(path, self.uid, self.gid)


def for_data(folder: Path) -> Account:
    """Who must run the server whose data lies in ``folder``, which need not exist yet.

    Raises ConfigurationError when the data belongs to somebody we cannot act for.
    """
    us = os.geteuid()
    owner = folder.stat().st_uid if folder.exists() else None
    if us != 0:
        if owner not in (None, us):
            raise ConfigurationError(
                f"The database in {folder} belongs to user {_name(owner)}, and you are {_name(us)}.",
                next_step="Run this as that user, or set TENURE_HOME to a folder of your own.",
            )
        return Account(_name(us), us, os.getegid(), lent=False)
    if owner:
        return _lent(_entry(owner))
    for name in UNPRIVILEGED:
        try:
            return _lent(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ConfigurationError(
        "PostgreSQL does not run as root, and neither of the users postgres and nobody exists.",
        next_step="Run Tenure as a normal user, or set TENURE_DATABASE_URL.",
    )


def runnable_by(account: Account, binaries: Binaries) -> Binaries:
    """The same programs at a place the account can reach: copied once when they lie in a private folder.

    Only root comes here with a lent account, so the copy goes to a folder only root can write.
    """
    if not account.lent or not binaries.root or _reaches(account, binaries.folder):
        return binaries
    trouble = ""
    for shared in SHARED_FOLDERS:
        target = shared / f"postgresql-{binaries.version}"
        try:
            _copy_once(binaries.root, target)
        except OSError as error:
            trouble = str(error)
            continue
        folder = target / binaries.root.name / binaries.folder.relative_to(binaries.root)
        return replace(binaries, folder=folder, root=target / binaries.root.name)
    raise ConfigurationError(
        f"User {account.name} cannot read PostgreSQL's programs in {binaries.folder}, and no copy "
        f"could be made for it ({trouble}).",
        next_step="Install Tenure outside a private folder, or run it as a normal user.",
    )


def _copy_once(root: Path, target: Path) -> None:
    """Copy the package and the libraries beside it; a half-made copy is never seen under its name."""
    if target.exists():
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for source in (root, root.with_name(f"{root.name}.libs")):
        if source.exists():
            unneeded = shutil.ignore_patterns("__pycache__", "include", "*.a")
            shutil.copytree(source, partial / source.name, ignore=unneeded)
    _open_to_all(partial)
    try:
        partial.rename(target)
    except OSError:
        # Another process made the same copy first; theirs is as good as ours.
        shutil.rmtree(partial, ignore_errors=True)
        if not target.exists():
            raise


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)


def _reaches(account: Account, folder: Path) -> bool:
    """True when every folder on the way down, and the last one, lets the account through."""
    return all(_enters(account, step.stat()) for step in (folder, *folder.resolve().parents))


def _enters(account: Account, folder: os.stat_result) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _lent(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, lent=True)


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        # A folder brought from another machine or container: the number alone is enough to run as.
        return pwd.struct_passwd((str(uid), "", uid, uid, "", "/", ""))


def _name(uid: int | None) -> str:
    return _entry(uid or 0).pw_name
