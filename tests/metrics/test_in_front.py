"""Rows put in front of a table are what a statement reads, however it names the table."""

import pytest
from django.db import connection

from tenure.customers.models import Invoice
from tenure.metrics.in_front import DOCUMENT, Rows, rows_of
from tests.metrics.rows import an_account, an_invoice

pytestmark = pytest.mark.django_db
NOBODY = Rows({"customers_invoice": "SELECT * FROM customers_invoice WHERE false"})
GIVEN = Rows(
    {"customers_invoice": f"SELECT n AS id FROM jsonb_array_elements_text({DOCUMENT}) n"},
    {"customers_invoice": "[1, 2, 3]"},
)


def counted(statement: str, values: object = None) -> int:
    """The one number a statement answers."""
    with connection.cursor() as db:
        db.execute(statement, values)
        found: int = db.fetchone()[0]
        return found


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM customers_invoice",
        'SELECT count("customers_invoice"."id") FROM "customers_invoice"',
        "WITH open AS (SELECT * FROM customers_invoice) SELECT count(*) FROM open",
    ],
)
def test_a_table_that_is_named_plainly_is_read_as_it_was_put(statement: str) -> None:
    an_invoice(an_account())
    assert counted(statement) == 1
    with rows_of(NOBODY):
        assert counted(statement) == 0
    assert counted(statement) == 1


def test_what_the_models_ask_reads_the_same_rows() -> None:
    an_invoice(an_account())
    with rows_of(NOBODY):
        assert not Invoice.objects.exists()
    assert Invoice.objects.exists()


@pytest.mark.parametrize("values", [[2], {"most": 2}])
def test_a_document_is_bound_beside_the_values_of_the_statement(values: object) -> None:
    most = "%(most)s" if isinstance(values, dict) else "%s"
    with rows_of(GIVEN):
        assert counted(f"SELECT count(*) FROM customers_invoice WHERE id::int <= {most}", values) == 2  # fmt: skip


@pytest.mark.parametrize("name", ["public.customers_invoice", 'public . "customers_invoice"'])
def test_a_table_named_with_its_schema_is_refused_and_not_read_as_it_is_today(name: str) -> None:
    statement = f"SELECT count(*) FROM {name}"
    with rows_of(NOBODY), pytest.raises(ValueError, match="must name customers_invoice plainly"):
        counted(statement)
    assert counted(statement) == 0
