"""Files in and out by command: planned, brought in, refused rows, exported, taken back."""

import csv
from pathlib import Path

from tests.cli.conftest import Program

FILE = "Identifier;Name;Seats\nT-1;Müller;1.250\nT-2;=cmd;2.500\n;Nobody;1\n"


def test_a_file_is_planned_brought_in_exported_and_taken_back(
    tenure: Program, tmp_path: Path
) -> None:
    file, rejects, out = (tmp_path / name for name in ("in.csv", "rejects.csv", "out.csv"))
    file.write_bytes(FILE.encode("cp1252"))
    words = ("accounts", "import", str(file), "--map", "Seats=new.number", "--json")
    refused = tenure(*words, "--plan")
    assert refused.status == 1
    assert "can be read in several ways" in refused.json["error"]["message"]
    plan = tenure(*words, "--plan", "--numbers", "comma")
    assert (plan.status, plan.json["created"], plan.json["rejected"]) == (3, 2, 1)
    assert plan.json["encoding"] == "cp1252"
    assert tenure("accounts", "--json").json["data"] == []
    done = tenure(*words, "--numbers", "comma", "--rejects", str(rejects))
    assert (done.status, done.json["state"]) == (3, "done")
    assert rejects.read_text().splitlines()[1] == ",Nobody,1,4,It has no identifier."
    assert tenure("accounts", "export", "--output", str(out)).status == 0
    with out.open(encoding="utf-8-sig", newline="") as written:
        found = {row["Identifier"]: row for row in csv.DictReader(written)}
    assert (found["T-1"]["Name"], found["T-1"]["Seats"]) == ("Müller", "1250")
    assert found["T-2"]["Name"] == "'=cmd"
    again = tenure("accounts", "import", str(out), "--json")
    assert (again.status, again.json["unchanged"]) == (0, 2)
    assert tenure("imports", "undo", str(done.json["import"])).status == 0
    assert tenure("accounts", "--json").json["data"] == []


def test_contacts_come_in_and_go_out(tenure: Program, tmp_path: Path) -> None:
    accounts, people = tmp_path / "accounts.csv", tmp_path / "people.csv"
    accounts.write_text("Identifier,Name\nT-1,Acme\n")
    people.write_text("Account,E-mail,Name\nT-1,ann@acme.example,Ann\n")
    assert tenure("accounts", "import", str(accounts)).status == 0
    assert tenure("contacts", "import", str(people)).status == 0
    (one,) = tenure("contacts", "T-1", "--json").json["data"]
    assert (one["email"], one["sources"]["name"]["source"]) == ("ann@acme.example", "csv")
    assert "ann@acme.example" in tenure("contacts", "export").out
