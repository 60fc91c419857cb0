"""Money by command: lists across accounts, their sums and files, and a figure taken apart."""

import csv
from pathlib import Path

from tests.cli.conftest import US, Program


def test_money_is_listed_summed_written_out_and_taken_apart(
    tenure: Program, tmp_path: Path
) -> None:
    words = ("site", "add", US.subdomain, "--region", "us", "--key-stdin")
    assert tenure(*words, stdin=US.key).status == 0
    assert tenure("identifier", "set", "account.code", "--source", "recurly").status == 0
    assert tenure("sync", "--json").status in (0, 3)
    active = tenure("subscriptions", "--status", "active", "--sort=-mrr", "--json").json["data"]
    assert active
    amounts = [float(one["mrr"]["amount"]) for one in active]
    assert amounts == sorted(amounts, reverse=True)
    totals = tenure("subscriptions", "totals", "--status", "active", "--json").json
    assert totals["count"] == sum(line["rows"] for line in totals["sums"])
    out = tmp_path / "invoices.csv"
    assert tenure("invoices", "export", "--status", "paid", "--output", str(out)).status == 0
    with out.open(encoding="utf-8-sig", newline="") as written:
        assert {row["Status"] for row in csv.DictReader(written)} == {"paid"}
    whose = active[0]["account"]
    (group, *_) = tenure("account", "explain", whose, "mrr", "--json").json
    parts = sum(float(part["amount"]["amount"]) for part in group["parts"] if part["amount"])
    assert f"{parts:.2f}" == f"{float(group['total']['amount']):.2f}"
    assert "left out" in tenure("account", "explain", whose, "billed").out or group["parts"]
    currency = active[0]["mrr"]["currency"]
    report = tenure("revenue", "--currency", currency, "--json").json
    last = report["months"][-1]
    moved = tenure(
        "revenue", "accounts", "--currency", currency, "--month", last["month"], "--json"
    ).json["data"]
    net = sum(float(one["amount"]["amount"]) for one in moved)
    assert abs(float(last["end"]["amount"]) - float(last["start"]["amount"]) - net) < 0.05
    assert tenure("revenue", "mrr", "--currency", currency, "--json").json["data"]
    assert tenure("revenue", "receivables", "--json").status == 0
    refused = tenure("invoices", "--due-from", "yesterday", "--json")
    assert (refused.status, "is no day" in refused.json["error"]["message"]) == (1, True)
