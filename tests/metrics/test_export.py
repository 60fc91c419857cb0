"""The list of accounts as a file: complete, exact, safe, and the same again when it comes back."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tenure.core import csvs
from tenure.core.clock import FrozenClock
from tenure.customers import write
from tenure.customers.exchange import imports
from tenure.customers.models import Account, Attribute, AttributeKind, ImportState
from tenure.customers.write import By
from tenure.flow import bring_in
from tenure.metrics import export
from tests.builders import NOW
from tests.metrics.rows import a_site
from tests.web.builders import a_customer, a_payer

pytestmark = pytest.mark.django_db
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("=+-@\t\r\n'\" ,;＝＋\ufeff[]"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=20,
)


def table(**how: bool) -> list[dict[str, object]]:
    head, *rows = export.rows(**how)  # type: ignore[arg-type]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_each_currency_has_a_column_of_exact_numbers() -> None:
    a_customer("Acme")
    (row,) = table()
    assert row["MRR USD"] == Decimal("198.00")
    assert row["Overdue USD"] == Decimal("198.00")
    assert row["Company"] == "Acme"


def test_beside_each_value_stands_its_source_when_asked_for() -> None:
    account = a_customer("Acme", site=a_site("northwind"))
    a_payer(account, a_site("northwind-eu"), code="eu")
    (row,) = table(sources=True)
    assert row["Seats source"] == "Manual"
    assert row["Company source"] == "northwind"


def test_every_account_is_there_however_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LONGEST_PAGE", 3)
    for number in range(10):
        write.create(f"T-{number}", {"name": f"N {number}"}, By(), now=NOW)
    found = [row["Identifier"] for row in table(figures=False)]
    assert sorted(map(str, found)) == [f"T-{number}" for number in range(10)]


def test_a_label_that_is_taken_gives_way_to_the_name() -> None:
    write.create("T-1", {}, By(), now=NOW)
    for name, label in (("state2", "Status"), ("a_b", "Twice"), ("c_d", "Twice")):
        Attribute.objects.create(name=name, label=label, kind=AttributeKind.TEXT)
    (row,) = table(figures=False)
    assert {"state2", "a_b", "c_d"} <= row.keys()


@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=3))
def test_what_is_exported_and_imported_again_changes_nothing(texts: list[tuple[str, str]]) -> None:
    Account.objects.all().delete()
    Attribute.objects.all().delete()
    kinds = {"note": "text", "tags": "list", "worth": "money", "ends": "date", "good": "boolean"}
    for name, kind in kinds.items():
        Attribute.objects.create(name=name, label=name, kind=kind)
    for number, (text, other) in enumerate(texts):
        values = {
            "note": text,
            "tags": [text, other, "x"],
            "worth": "-1250.5",
            "ends": "2026-03-01",
        }
        write.create(
            f"=T-{number}", {**values, "good": True, "name": text.strip() or "N"}, By(), now=NOW
        )
    file = "".join(csvs.lines(export.rows(sources=True), marked=True)).encode()
    job = imports.upload("accounts", "again.csv", [file], member=None)
    imports.choose(job, job.mapping)
    job = bring_in(job.pk, FrozenClock(NOW))
    assert job.state == ImportState.CHECKED, job.reason
    assert job.counts["unchanged"] == len(texts), job.samples
