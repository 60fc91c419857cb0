"""One running server for one TENURE_HOME, shared by every program that uses that folder."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from tenure.core.errors import TemporaryError
from tenure.core.locks import FileLock, alone
from tenure.embedded import postmaster, sockets
from tenure.embedded.account import for_data
from tenure.embedded.cluster import (
    DATABASE,
    ROLE,
    THROWAWAY,
    Cluster,
    cannot_write,
    open_cluster,
)

log = logging.getLogger(__name__)

LOG_LIMIT = 10_000_000
TICK = 0.02
GATE_SECONDS = 1.0
LINGER_SECONDS = 60  # how long a killed server's children may keep its memory before we give up
# A stop asks politely (transactions are rolled back, buffers written), then bluntly (the next
# start recovers from the log), then kills. Together less than the ten seconds a stop may take.
STOP_STEPS = ((signal.SIGINT, 2.5), (signal.SIGQUIT, 0.6), (signal.SIGKILL, 0.6))

ChildSetup = Callable[[], None]


class Server:
    """Our hold on the server of one TENURE_HOME. Made by ``attach``; let go with ``leave``."""

    def __init__(self, cluster: Cluster, *, child_setup: ChildSetup | None = None) -> None:
        self.cluster = cluster
        self.socket_folder = sockets.folder_for(cluster.data, cluster.account)
        self._child_setup = child_setup
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()
        self._use: FileLock | None = None

    def url(self, database: str = DATABASE) -> str:
        """The address for psycopg; the same for the whole life of the TENURE_HOME."""
        return _url(self.socket_folder, database)

    def enter(self) -> None:
        """Count us among the users and see that the server runs.

        Raises TemporaryError with the server's own last words when it does not start.
        """
        with self._gate():
            use = FileLock(self.cluster.folder / "users.lock").share()
            try:
                self._ensure()
            except BaseException:
                use.release()
                raise
            self._use = use

    def leave(self) -> None:
        """Stop using the server; the last user stops it. A forked child has nothing to leave."""
        if self._use is None or os.getpid() != self._pid:
            return
        gate = FileLock(self.cluster.folder / "start.lock")
        try:
            # Whoever holds the gate for long is waiting for the server and will be its last user.
            free = gate.try_own_within(GATE_SECONDS)
            self._use.release()
            self._use = None
            if free:
                self._stop_if_last()
        finally:
            gate.release()

    def is_alive(self) -> bool:
        """True when the server runs and its socket is there to be reached."""
        if self._process and self._process.poll() is not None:
            return False
        found = postmaster.of(self.cluster.data)
        return bool(found and found.ready and (self.socket_folder / sockets.SOCKET).exists())

    def revive(self) -> bool:
        """Start the server again if it died or lost its socket; True when that was needed."""
        if self.is_alive():
            return False
        with self._gate():
            self._ensure()
        return True

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """Starting, stopping and counting users happen one at a time, in all processes together."""
        try:
            with alone(self.cluster.folder / "start.lock"):
                yield
        except OSError as error:
            raise cannot_write(self.cluster.home, error) from error

    def _ensure(self) -> None:
        give_up = time.monotonic() + LINGER_SECONDS
        while not self._adopt():
            said = self._start()
            if said is None:
                return
            # The children of a killed server hold its memory until they notice; wait for them.
            lingering = "shared memory block" in said and time.monotonic() < give_up
            if not lingering:
                raise self._did_not_start(said)
            time.sleep(0.2)

    def _adopt(self) -> bool:
        """Take over a server that already runs on our data; one without its socket is stopped."""
        socket = self.socket_folder / sockets.SOCKET
        while found := postmaster.of(self.cluster.data):
            if found.ready and socket.exists():
                return True
            if found.ready:
                self._stop()
                return False
            time.sleep(TICK)
        return False

    def _start(self) -> str | None:
        """Start it and wait until it answers; what it said last when it ended instead.

        No limit of time: recovery after a crash takes as long as there is log to replay.
        """
        cluster = self.cluster
        self._bury()
        postmaster.discard_stale(cluster.data)
        sockets.prepare(self.socket_folder, cluster.account)
        with _open_log(cluster.log) as output:
            begin = output.tell()
            self._process = process = subprocess.Popen(
                [cluster.binaries.program("postgres"), *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in order
                preexec_fn=self._child_setup,  # noqa: PLW1509
                **cluster.run_options(cluster.data),
            )
        asked = time.monotonic()
        while process.poll() is None:
            found = postmaster.of(cluster.data)
            if found and found.pid == process.pid and found.ready:
                return None
            if time.monotonic() - asked > 5:
                log.info("The database is recovering after an unclean stop; please wait.")
                asked = time.monotonic() + 25
            time.sleep(TICK)
        self._process = None
        return _tail(cluster.log, begin)

    def _bury(self) -> None:
        """Wait for our former server: while it is a zombie, PostgreSQL takes its locks for held."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _arguments(self) -> list[str]:
        settings = [
            f"unix_socket_directories={self.socket_folder}",
            "listen_addresses=",
            "port=5432",
        ]
        if not self.cluster.durable:
            settings += THROWAWAY
        data = self.cluster.data_argument(self.cluster.data)
        return ["-D", data, *(word for setting in settings for word in ("-c", setting))]

    def _did_not_start(self, said: str) -> TemporaryError:
        if "No space left" in said:
            trouble, step = "its disk is full", "Free some space and start again."
        else:
            trouble, step = said.strip() or "it said nothing", "Remove the cause and start again."
        return TemporaryError(
            f"The database of {self.cluster.home} did not start: {trouble}.",
            next_step=f"{step} Its whole log is {self.cluster.log}.",
        )

    def _stop_if_last(self) -> None:
        last = FileLock(self.cluster.folder / "users.lock")
        try:
            if last.try_own():
                self._stop()
            elif self._process:
                # It lives on for the others; left open, the handle would complain about that.
                self._process.returncode = 0
        finally:
            last.release()

    def _stop(self) -> None:
        for number, patience in STOP_STEPS:
            found = postmaster.of(self.cluster.data)
            if not found or not postmaster.signal(found.pid, number):
                break
            if self._gone_within(found.pid, patience):
                break
        if self._process:
            self._process.wait()
            self._process = None
        with suppress(OSError):
            self.socket_folder.rmdir()

    def _gone_within(self, pid: int, seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self._process:
                self._process.poll()  # buries the child, which otherwise would look alive
            if not postmaster.is_postgres(pid, self.cluster.data):
                return True
            time.sleep(TICK)
        return False


def attach(home: Path, *, durable: bool = True, child_setup: ChildSetup | None = None) -> Server:
    """Use the server of this TENURE_HOME, starting it if nobody has; end with ``leave``.

    ``durable=False`` is for tests alone: the data may not survive a crash. ``child_setup`` runs in
    the server's process before PostgreSQL does.
    Raises TenureError with a sentence for every reason it cannot run.
    """
    home = home.expanduser().absolute()
    server = Server(_opened(home, durable), child_setup=child_setup)
    server.enter()
    return server


@contextmanager
def running(home: Path, *, durable: bool = True) -> Iterator[Server]:
    """``attach`` for the length of a block."""
    server = attach(home, durable=durable)
    try:
        yield server
    finally:
        server.leave()


def url_of(home: Path, database: str = DATABASE) -> str:
    """The address the server of this TENURE_HOME has when it runs; starts and makes nothing."""
    data = home.expanduser().absolute() / "postgres" / "data"
    return _url(sockets.folder_for(data, for_data(data)), database)


def _opened(home: Path, durable: bool) -> Cluster:
    # Two first starts at once must not both make the data folder.
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        for folder in (home, home / "postgres"):
            folder.mkdir(mode=0o700, exist_ok=True)
        with alone(home / "postgres" / "start.lock"):
            return open_cluster(home, durable=durable)
    except OSError as error:
        raise cannot_write(home, error) from error


def _url(socket_folder: Path, database: str) -> str:
    return f"postgresql://{ROLE}@/{quote(database)}?host={quote(str(socket_folder), safe='')}"


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _tail(path: Path, begin: int) -> str:
    """What was written since ``begin``, its last lines only, in one line."""
    with path.open("rb") as written:
        written.seek(begin)
        lines = written.read().decode("utf-8", "replace").strip().splitlines()
    return " / ".join(lines[-6:])
