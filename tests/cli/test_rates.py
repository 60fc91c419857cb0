"""``tenure rates`` and ``tenure settings``: without a prompt, and figures follow at once."""

from pathlib import Path

from tests.cli.conftest import US, Program


def test_rates_and_settings_are_set_and_figures_follow(tenure: Program, tmp_path: Path) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    tenure("sync")
    shown = tenure("settings", "show", "--json").json
    assert (shown["days_per_month"], shown["preset"]) == ("365/12", "none")

    looked = tenure("settings", "set", "currency=GBP", "--preview", "--json").json
    assert looked["accounts"] > 0
    changed = tenure("settings", "set", "currency=GBP", "--json").json
    assert changed["measured"] == looked["accounts"]
    assert changed["settings"]["currency"] == "GBP"

    entered = tenure("rates", "set", "USD", "GBP", "0.8", "--date", "2026-01-01", "--json").json
    assert entered["added"] == 1
    assert entered["measured"] > 0
    listed = tenure("rates", "list", "--json").json
    assert [(one["from"], one["to"], one["rate"]) for one in listed] == [("USD", "GBP", "0.8")]

    file = tmp_path / "rates.csv"
    file.write_text("from,to,date,rate\nEUR,GBP,2026-01-01,0.86\nEUR,GBP,soon,0.86\n")
    refused = tenure("rates", "import", str(file), "--json")
    assert refused.status == 1
    assert [one["line"] for one in refused.json["faults"]] == [3]
    file.write_text("from,to,date,rate\nEUR,GBP,2026-01-01,0.86\n")
    assert tenure("rates", "import", str(file), "--json").json["added"] == 1

    removed = tenure("rates", "remove", "USD", "GBP", "2026-01-01", "--json")
    assert removed.json["rates_lost"]["USD"] > 0
    wrong = tenure("settings", "set", "zone=Mars", "--json")
    assert wrong.status == 1
    assert "IANA" in wrong.json["error"]["next_step"]
