"""Keeps a database and several children running until told to stop, then stops them all in time."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tenure.core.errors import TemporaryError, TenureError
from tenure.embedded import Server, attach
from tenure.processes.child import Child, how_it_ended
from tenure.processes.lifeline import dies_with_parent

TICK = 0.1
DATABASE_CHECK_SECONDS = 1.0
# With the database's own steps after it this stays under the ten seconds promised for a stop.
PATIENCE_SECONDS = 5.0
HOPELESS_DEATHS = 3  # within one wait for the program to come up
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class StopAsked(BaseException):
    """Somebody wants us to end. Not an Exception: no handler of ordinary errors may swallow it."""


class Supervisor:
    """The children of one TENURE_HOME. Everything it started is gone when ``running`` ends."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.children: list[Child] = []
        self._server: Server | None = None
        self._looked = 0.0
        self._stop_asked = False
        self._interruptible = False

    def start_database(self, home: Path) -> str:
        """Start (or join) the embedded server of the folder; its address."""
        with self._waiting_for_the_database():
            self._server = attach(home, child_setup=dies_with_parent(signal.SIGINT))
        return self._server.url()

    def ask_to_stop(self) -> None:
        """From a signal handler: everything ends at the next look, or at once out of a long wait."""
        self._stop_asked = True
        if self._interruptible:
            raise StopAsked

    def start(self, child: Child) -> Child:
        """Start a child and keep it running from now on."""
        self.children.append(child)
        child.start()
        return child

    def run_once(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path | None = None,
        *,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Run a command to its end, tending the others and calling ``meanwhile`` again and again.

        Raises TenureError with its last words when it fails.
        """
        once = Child(name, command, environment, log, once=True)
        self.children.append(once)
        once.start()
        try:
            while (status := once.exit_status()) is None:
                self.tend()
                meanwhile()
                time.sleep(TICK / 4)
        finally:
            self.children.remove(once)
            once.kill_group()
        if status:
            said = once.last_words() or how_it_ended(status)
            raise TenureError(
                f"{name} did not succeed: {said}.", next_step=f"Its log is {log}." if log else ""
            )

    def tend(self) -> None:
        """One look at everything; restarts what died and says so. Raises StopAsked when it is time."""
        if self._stop_asked:
            raise StopAsked
        for child in self.children:
            if not child.once and (news := child.tend()):
                self.say(news)
        if time.monotonic() - self._looked > DATABASE_CHECK_SECONDS:
            self._looked = time.monotonic()
            self._tend_database()

    def tend_until(self, done: Callable[[], bool], *, seconds: float, waiting_for: str) -> None:
        """Keep everything running until ``done``.

        Raises TemporaryError when that takes too long or a child ends again and again.
        """
        limit = time.monotonic() + seconds
        before = {child.name: child.deaths for child in self.children}
        while not done():
            if time.monotonic() > limit:
                raise TemporaryError(
                    f"{waiting_for} took longer than {seconds:.0f} s.",
                    next_step="Start again; if it happens again, look at the logs.",
                )
            for child in self.children:
                if child.deaths - before.get(child.name, 0) >= HOPELESS_DEATHS:
                    raise self._hopeless(child)
            self.tend()
            time.sleep(TICK)

    def tend_forever(self) -> None:
        """Until a stop is asked for; ends only by StopAsked."""
        while True:
            self.tend()
            time.sleep(TICK)

    def stop(self) -> None:
        """End all children, then the database; never longer than ten seconds."""
        for child in self.children:
            child.ask_to_stop()
        limit = time.monotonic() + PATIENCE_SECONDS
        while any(child.is_running() for child in self.children) and time.monotonic() < limit:
            time.sleep(TICK / 4)
        for child in self.children:
            child.kill_group()
        if self._server:
            self._server.leave()
            self._server = None

    def _hopeless(self, child: Child) -> TemporaryError:
        said = child.last_words() or "it said nothing"
        where = f" Its log is {child.log}." if child.log else ""
        return TemporaryError(
            f"{child.name} keeps ending: {said}.",
            next_step=f"Remove the cause and start again.{where}",
        )

    def _tend_database(self) -> None:
        if self._server is None or self._server.is_alive():
            return
        self.say("The database ended unexpectedly; starting it again.")
        try:
            with self._waiting_for_the_database():
                self._server.revive()
        except TenureError as error:
            self.say(str(error))

    @contextmanager
    def _waiting_for_the_database(self) -> Iterator[None]:
        """Recovery may take minutes, so a stop interrupts it.

        Elsewhere a stop only leaves a mark: an exception out of a signal handler may arrive inside
        a callback of the interpreter, which would swallow it.
        """
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False
        if self._stop_asked:
            raise StopAsked


@contextmanager
def running(say: Say) -> Iterator[Supervisor]:
    """A supervisor until the block ends or a stop is asked for; then everything is stopped.

    A stop that is asked for is no error: the block is left and the program goes on behind it.
    """
    supervisor = Supervisor(say)

    def ask(_number: int, _frame: FrameType | None) -> None:
        supervisor.ask_to_stop()

    before = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield supervisor
    except StopAsked:
        say("Stopping.")
    finally:
        # From here on a second Ctrl-C changes nothing: the stop has its own limit.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
