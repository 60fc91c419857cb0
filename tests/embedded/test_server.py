"""The embedded server under ordinary use and under everything that can be done to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tenure.core.errors import ConfigurationError, TemporaryError
from tenure.embedded import Server, account, attach, binaries, postmaster, running, url_of

ATTACH_AND_WAIT = """
import sys, time
from pathlib import Path
from tenure.embedded import attach
print(attach(Path(sys.argv[1]), durable=False).url(), flush=True)
time.sleep(600)
"""

Open = Callable[..., Server]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_server() -> Iterator[Open]:
    """Attaches, and leaves again when the test is over."""
    opened: list[Server] = []

    def open_one(home: Path) -> Server:
        opened.append(attach(home, durable=False))
        return opened[-1]

    yield open_one
    for server in opened:
        server.leave()


def pid_of(server: Server) -> int:
    found = postmaster.of(server.cluster.data)
    assert found is not None
    return found.pid


def ask(server: Server, statement: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as session:
        row = session.execute(statement.encode())
        answer = row.fetchone() if row.description else None
        return answer[0] if answer else None


def eventually(done: Callable[[], bool], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def test_the_address_is_known_before_the_server_runs(home: Path, open_server: Open) -> None:
    foretold = url_of(home)
    assert open_server(home).url() == foretold


def test_the_home_and_the_socket_folder_are_private(home: Path, open_server: Open) -> None:
    server = open_server(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert server.socket_folder.stat().st_mode & 0o777 == 0o700


def test_it_listens_on_no_network_address(home: Path, open_server: Open) -> None:
    assert ask(open_server(home), "show listen_addresses") == ""


def test_a_real_server_writes_through_to_the_disk(home: Path) -> None:
    with running(home) as server:
        assert ask(server, "show fsync") == "on"
        assert ask(server, "show synchronous_commit") == "on"


def test_sorting_is_the_same_on_every_system(home: Path, open_server: Open) -> None:
    server = open_server(home)
    if server.cluster.binaries.major < 17:
        pytest.skip("the builtin locale came with PostgreSQL 17")
    assert ask(server, "select array_agg(x order by x) from unnest('{b,a,B,é,z}'::text[]) x") == (
        ["B", "a", "b", "z", "é"]
    )


def test_data_is_there_again_after_a_stop(home: Path) -> None:
    with running(home, durable=False) as server:
        ask(server, "create table kept as select 7 as n")
    with running(home, durable=False) as server:
        assert ask(server, "select n from kept") == 7


def test_nothing_is_left_running_or_lying_about(home: Path) -> None:
    with running(home, durable=False) as server:
        pid, folder = pid_of(server), server.socket_folder
    assert not postmaster.is_postgres(pid, server.cluster.data)
    assert not folder.exists()


def test_two_homes_run_side_by_side(tmp_path: Path, open_server: Open) -> None:
    first, second = open_server(tmp_path / "one"), open_server(tmp_path / "two")
    ask(first, "create table only_here ()")
    assert ask(second, "select to_regclass('only_here')") is None
    assert first.url() != second.url()


def test_a_second_user_joins_and_the_last_one_stops_it(home: Path) -> None:
    first, second = attach(home, durable=False), attach(home, durable=False)
    assert pid_of(first) == pid_of(second)
    first.leave()
    assert second.is_alive()
    second.leave()
    assert postmaster.of(home / "postgres" / "data") is None


def test_a_killed_server_is_started_again_with_all_it_had(home: Path, open_server: Open) -> None:
    server = attach(home)
    try:
        ask(server, "create table kept as select generate_series(1, 1000) as n")
        os.kill(pid_of(server), signal.SIGKILL)
        assert eventually(lambda: not server.is_alive())
        assert server.revive()
        assert ask(server, "select count(*) from kept") == 1000
    finally:
        server.leave()


def test_a_living_server_is_left_alone(home: Path, open_server: Open) -> None:
    server = open_server(home)
    pid = pid_of(server)
    assert not server.revive()
    assert pid_of(server) == pid


def test_a_server_whose_socket_was_cleaned_away_gets_a_new_one(
    home: Path, open_server: Open
) -> None:
    server = open_server(home)
    for file in server.socket_folder.iterdir():
        file.unlink()
    server.socket_folder.rmdir()
    assert server.revive()
    assert ask(server, "select 1") == 1


def test_an_orphan_of_a_killed_program_is_taken_over_and_stopped(home: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", ATTACH_AND_WAIT, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    address = program.stdout.readline().strip()
    program.kill()
    program.communicate()
    with running(home, durable=False) as server:
        assert server.url() == address
        assert ask(server, "select 1") == 1
    assert postmaster.of(home / "postgres" / "data") is None


def test_a_stale_pid_file_naming_a_strangers_process_is_no_obstacle(
    home: Path, open_server: Open
) -> None:
    with running(home, durable=False):
        pass
    stranger = f"{os.getpid()}\n/proc/self/cwd\n1\n5432\n/tmp\n\n1 1\nready\n"
    (home / "postgres" / "data" / "postmaster.pid").write_text(stranger)
    assert ask(open_server(home), "select 1") == 1


def test_a_stale_socket_file_is_no_obstacle(home: Path, open_server: Open) -> None:
    server = attach(home, durable=False)
    os.kill(pid_of(server), signal.SIGKILL)
    assert eventually(lambda: not server.is_alive())
    assert (server.socket_folder / ".s.PGSQL.5432").exists()
    server.leave()
    assert ask(open_server(home), "select 1") == 1


def test_a_half_made_data_folder_is_made_anew(home: Path, open_server: Open) -> None:
    (home / "postgres" / "data.partial" / "base").mkdir(parents=True)
    assert ask(open_server(home), "select 1") == 1
    assert not (home / "postgres" / "data.partial").exists()


def test_many_first_starts_at_once_share_one_server(home: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", ATTACH_AND_WAIT, str(home)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        addresses = {program.stdout.readline() for program in programs if program.stdout}
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    assert len(addresses) == 1
    assert addresses.pop().startswith("postgresql://")
    with running(home, durable=False):
        pass


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"TENURE_HOME .*/file/home cannot be used"):
        attach(tmp_path / "file" / "home")


def test_a_machine_without_postgresql_is_told_how_to_get_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "every", lambda: iter(()))
    with pytest.raises(
        ConfigurationError, match=r"were found.*tenure\[embedded\].*TENURE_DATABASE_URL"
    ):
        attach(home)


def test_data_of_a_version_nobody_here_can_read_is_left_untouched(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigurationError, match="was made by PostgreSQL 9"):
        attach(home)
    assert (data / "PG_VERSION").read_text() == "9\n"


def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    with running(home, durable=False) as server:
        settings = server.cluster.data / "postgresql.conf"
    with settings.open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(TemporaryError, match=r"did not start: .*shared_buffers"):
        attach(home, durable=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")
def test_root_without_a_postgres_account_falls_back_to_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch, open_server: Open
) -> None:
    monkeypatch.setattr(account, "UNPRIVILEGED", ("no-such-account", "nobody"))
    server = open_server(home)
    assert server.cluster.account.name == "nobody"
    assert ask(server, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")
def test_root_keeps_its_home_closed_to_the_lent_account(home: Path, open_server: Open) -> None:
    server = open_server(home)
    assert home.stat().st_uid == 0
    assert server.cluster.data.stat().st_uid == server.cluster.account.uid != 0
