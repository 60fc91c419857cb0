"""The story of a first day on the command line: from nothing to a customer on the screen."""

import json

from tenure.connections.schedule import DEFAULT
from tests.cli.conftest import EU, US, Program

PASSWORD = "plain words make a password"
COUNTS = {
    "read",
    "created",
    "updated",
    "unchanged",
    "overridden",
    "quarantined",
    "removed",
    "requests",
}


def test_the_embedded_database_is_made_migrated_and_used_without_a_word(bare: Program) -> None:
    assert bare("migrate", "--json").json["applied"]
    assert bare("migrate", "--json").json == {"applied": []}
    added = bare(
        "member",
        "add",
        "ada@example.com",
        "--role",
        "administrator",
        "--password-stdin",
        stdin=PASSWORD,
    )
    assert (added.status, added.out) == (0, "ada@example.com is now a member (Administrator).\n")


def test_a_site_is_connected_synced_and_its_customers_shown(tenure: Program) -> None:
    site = tenure(
        "site", "add", US.subdomain, "--region", "us", "--key-stdin", "--json", stdin=US.key
    ).json
    assert (site["subdomain"], site["region"], site["key_last4"]) == (US.subdomain, "us", "0001")
    assert (site["accounts"], site["subscriptions"], site["schedule"]) == (
        "daily",
        "daily",
        DEFAULT,
    )
    assert site["last_good_run"] is None

    synced = tenure("sync", "--json")
    assert synced.status == 0, synced.err
    [run] = synced.json
    assert (run["site"], run["state"], run["reason"]) == (US.subdomain, "complete", None)
    assert set(run["streams"]["accounts"]) == COUNTS
    assert run["streams"]["accounts"]["created"] > 5

    assert tenure("runs", "--json").json == [run]
    assert tenure("run", "show", str(run["id"]), "--json").json == run
    [listed] = tenure("site", "list", "--json").json
    assert listed["last_good_run"]["id"] == run["id"]

    first, *_ = tenure("accounts", "--limit", "3", "--json").json["data"]
    shown = tenure("account", "show", first["identifier"], "--json").json
    assert shown["identifier"] == first["identifier"]
    assert shown["money"]["mrr"] == first["money"]["mrr"]
    assert shown["billing_accounts"][0]["site"] == US.subdomain
    assert shown["billing_accounts"][0]["code"] == first["identifier"]
    assert first["name"] in tenure("account", "show", first["identifier"]).out


def test_a_second_sync_reads_little_and_changes_nothing(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    tenure("sync")
    [run] = tenure("sync", "--json").json
    counts = [run["streams"][name] for name in ("accounts", "subscriptions", "invoices")]
    assert {(one["created"], one["updated"], one["removed"]) for one in counts} == {(0, 0, 0)}


def test_several_sites_are_connected_by_one_map_each_in_its_region(tenure: Program) -> None:
    keys = json.dumps({US.subdomain: US.key, EU.subdomain: EU.key})
    added = tenure("site", "add", "--map-stdin", "--json", stdin=keys)
    assert [(one["subdomain"], one["region"]) for one in added.json] == [
        (US.subdomain, "us"),
        (EU.subdomain, "eu"),
    ]
    assert US.key not in added.out + added.err


def test_the_check_of_a_site_counts_its_streams_and_names_its_custom_fields(
    tenure: Program,
) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    [report] = tenure("site", "check", "--json").json
    counts = {stream["stream"]: stream["count"] for stream in report["streams"]}
    assert report["ok"]
    assert counts["accounts"] > 5
    assert report["custom_fields"]


def test_a_purged_site_leaves_nothing_and_can_come_back(tenure: Program) -> None:
    add = ("site", "add", US.subdomain, "--region", "us", "--key-stdin")
    tenure(*add, stdin=US.key)
    tenure("sync")
    removed = tenure("site", "remove", US.subdomain, "--purge", "--json")
    assert removed.json == {"subdomain": US.subdomain, "removed": "purge"}
    assert tenure("site", "list", "--json").json == []
    assert tenure("accounts", "--json").json["data"] == []
    assert tenure(*add, stdin=US.key).status == 0


def test_a_site_removed_with_its_data_kept_keeps_its_accounts_and_forgets_its_key(
    tenure: Program,
) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    tenure("sync")
    tenure("site", "remove", US.subdomain, "--keep")
    [site] = tenure("site", "list", "--json").json
    assert (site["connected"], site["key_last4"], site["state"]) == (False, "", "paused")
    assert tenure("accounts", "--json").json["data"]


def test_a_token_is_shown_once(tenure: Program) -> None:
    made = tenure("token", "create", "export", "--scope", "read", "--json")
    assert made.json["token"].startswith("tnr_")
    listed = tenure("token", "list", "--json")
    assert listed.json[0]["name"] == "export"
    assert made.json["token"] not in listed.out
    assert tenure("token", "revoke", "export", "--json").json["state"] == "revoked"
