"""What goes wrong is said in one sentence: the thing, the cause, the next step. Nothing is half-saved."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import EU, OTHER, US, Done, Program, clean_environment

ADD_US = ("site", "add", US.subdomain, "--region", "us", "--key-stdin")


def check(done: Done, *parts: str, status: int = 1) -> None:
    """One sentence with these parts on standard error, nothing on standard output, no traceback."""
    assert done.status == status, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err


def no_site(tenure: Program) -> bool:
    with psycopg.connect(tenure.environment["TENURE_DATABASE_URL"]) as database:
        return database.execute("SELECT count(*) FROM connections_site").fetchone() == (0,)


def test_a_wrong_key(tenure: Program) -> None:
    check(tenure(*ADD_US, stdin="nonsense-nonsense-nonsense"), US.subdomain, "key")
    assert no_site(tenure)


def test_a_key_of_the_other_region(tenure: Program) -> None:
    done = tenure("site", "add", EU.subdomain, "--region", "us", "--key-stdin", stdin=EU.key)
    check(done, f"{EU.subdomain}: this key works in the region", "Choose the region eu.")
    assert no_site(tenure)


def test_a_key_of_another_site(tenure: Program) -> None:
    check(
        tenure(*ADD_US, stdin=OTHER.key),
        f"this key belongs to {OTHER.subdomain}, not {US.subdomain}",
    )
    assert no_site(tenure)


def test_a_key_of_another_site_in_a_map_keeps_the_whole_map_out(tenure: Program) -> None:
    keys = json.dumps({EU.subdomain: EU.key, US.subdomain: OTHER.key})
    done = tenure("site", "add", "--map-stdin", "--json", stdin=keys)
    assert done.status == 1
    error = done.json["error"]
    assert f"this key belongs to {OTHER.subdomain}, not {US.subdomain}" in error["message"]
    assert [(one["subdomain"], one["ok"]) for one in error["entries"]] == [
        (EU.subdomain, True),
        (US.subdomain, False),
    ]
    assert OTHER.key not in done.out + done.err
    assert no_site(tenure)


def test_a_map_with_a_name_twice(tenure: Program) -> None:
    done = tenure("site", "add", "--map-stdin", stdin=f'{{"acme": "{US.key}", "acme": "{EU.key}"}}')
    check(done, "acme stands more than once (entries 1 and 2)")
    assert US.key not in done.err


def test_a_map_that_is_not_json(tenure: Program) -> None:
    check(
        tenure("site", "add", "--map-stdin", stdin='{"acme": "k",\n}'),
        "a comma stands after the last entry",
    )


def test_a_host_that_does_not_answer(tenure: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    done = tenure(
        *ADD_US, stdin=US.key, TENURE_RECURLY_US_URL=address, TENURE_RECURLY_EU_URL=address
    )
    check(done, US.subdomain)
    assert "key" not in done.err.lower().replace("key-stdin", "")


def test_a_site_connected_already(tenure: Program) -> None:
    tenure(*ADD_US, stdin=US.key)
    check(tenure(*ADD_US, stdin=US.key), f"{US.subdomain} is already connected")


def test_no_key_on_standard_input(tenure: Program) -> None:
    check(tenure(*ADD_US, stdin=""), "standard input was empty", status=2)
    check(tenure(*ADD_US[:-1], stdin=""), "give it on standard input with --key-stdin", status=2)


def test_a_new_key_of_another_site(tenure: Program) -> None:
    tenure(*ADD_US, stdin=US.key)
    done = tenure("site", "rekey", US.subdomain, "--key-stdin", stdin=OTHER.key)
    check(done, f"this key belongs to {OTHER.subdomain}")


def test_an_unknown_site_account_run_and_member(tenure: Program) -> None:
    check(tenure("sync", "nowhere"), "There is no site 'nowhere'")
    check(tenure("account", "show", "nobody"), "There is no account 'nobody'")
    check(tenure("run", "show", "77"), "There is no run 77")
    check(tenure("member", "disable", "nobody@example.com"), "There is no member")


def test_an_error_is_a_document_too_when_asked_for(tenure: Program) -> None:
    done = tenure("sync", "nowhere", "--json")
    assert done.json["error"]["message"] == "There is no site 'nowhere'."
    assert "There is no site 'nowhere'." in done.err


def test_wrong_usage_has_a_status_of_its_own(bare: Program) -> None:
    assert bare("no-such-command").status == 2
    assert bare("member", "add").status == 2
    assert bare("sync", "--no-such-option", "--json").json["error"]["message"]


def test_an_unknown_variable(bare: Program) -> None:
    check(
        bare("runs", TENURE_DATABSE_URL="x"), "TENURE_DATABSE_URL is not a variable Tenure knows."
    )


def test_a_database_that_is_down(bare: Program) -> None:
    url = "postgresql://tenure:canary-password@127.0.0.1:1/tenure"
    done = bare("runs", TENURE_DATABASE_URL=url)
    check(done, "The database cannot be reached", "tenure doctor")
    assert "canary-password" not in done.err


def test_a_database_without_tables(bare: Program) -> None:
    check(bare("accounts"), "Run tenure migrate.")


def test_a_key_ring_that_lacks_the_key(tenure: Program, tmp_path: Path) -> None:
    alone = Program({**tenure.environment, "TENURE_HOME": str(tmp_path / "home")})
    alone(*ADD_US, stdin=US.key)
    (tmp_path / "home" / "keyring.json").unlink()
    done = alone("sync")
    check(done, US.subdomain, "secret")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into every folder")
def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    closed = Program(clean_environment(tmp_path / "closed" / "home"))
    check(closed("runs"), "TENURE_HOME", "Make")


def test_a_home_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check(Program(clean_environment(tmp_path / "file"))("runs"), f"TENURE_HOME {tmp_path / 'file'}")


@contextmanager
def a_taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])


def test_a_port_in_use(tenure: Program) -> None:
    with a_taken_port() as port:
        done = tenure("serve", "--bind", f"127.0.0.1:{port}")
    check(done, f"Port {port} on 127.0.0.1 cannot be used: another program listens there.")


def test_a_closed_pipe_is_no_trouble(tenure: Program) -> None:
    running = tenure.start("site", "--help")
    assert running.stdout
    running.stdout.close()
    assert running.stderr
    assert "Traceback" not in running.stderr.read()
    running.wait(timeout=30)
    running.stderr.close()
