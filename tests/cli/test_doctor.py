"""The doctor: every part of a deployment looked at, and a next step where it is not well."""

from tests.cli.conftest import US, Program


def test_what_is_not_well_has_a_next_step_and_a_status(tenure: Program) -> None:
    done = tenure("doctor", "--json")
    assert done.status == 3
    found = {one["check"]: one for one in done.json["checks"]}
    assert found["database"]["verdict"] == "ok"
    assert found["worker"]["verdict"] == "warn"
    assert "tenure worker" in found["worker"]["next_step"]


def test_a_database_that_is_down_is_a_finding(bare: Program) -> None:
    done = bare("doctor", "--json", TENURE_DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert done.status == 3
    found = {one["check"]: one for one in done.json["checks"]}
    assert found["database"]["verdict"] == "fail"
    assert "cannot be reached" in found["database"]["message"]
    assert found["python"]["verdict"] == "ok"


def test_missing_tables_are_a_finding(bare: Program) -> None:
    found = {one["check"]: one for one in bare("doctor", "--json").json["checks"]}
    assert found["migrations"]["next_step"] == "Run tenure migrate."


def test_a_site_that_was_never_synced_is_a_finding(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    found = {one["check"]: one for one in tenure("doctor", "--json").json["checks"]}
    assert found[f"site {US.subdomain}"]["verdict"] == "warn"
    assert found["keys"]["verdict"] == "ok"


def test_a_revoked_key_is_a_finding(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    broken = tenure(
        "doctor", "--json", TENURE_RECURLY_US_URL=tenure.environment["TENURE_RECURLY_EU_URL"]
    )
    found = {one["check"]: one for one in broken.json["checks"]}
    assert found[f"site {US.subdomain}"]["verdict"] == "fail"
