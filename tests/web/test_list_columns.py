"""The columns of the account list: chosen in its address, marked with where values came from."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tenure.access.models import Member, Role
from tenure.connections.models import Site
from tenure.customers import write
from tenure.customers.models import (
    Account,
    Attribute,
    AttributeKind,
)
from tenure.customers.write import By, Pin
from tenure.metrics.models import AccountFacts
from tenure.web.accounts import columns
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_member
from tests.web.test_list_editing import tier

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


def test_the_address_chooses_the_columns_in_its_order(signed_in: Client) -> None:
    a_customer()
    answer = signed_in.get("/accounts/", {"columns": "owner,attributes.seats,mrr"})
    labels = [heading.column.label for heading in answer.context["headings"]]
    assert labels == ["Account", "Owner", "Seats", "MRR"]
    assert ">25<" in answer.text


@pytest.mark.parametrize("role", [Role.CSM, Role.VIEWER])
def test_whatever_stands_in_a_cell_stays_text(client: Client, db: None, role: Role) -> None:
    member = a_member(role)
    Member.objects.update(name=HOSTILE)
    account = a_customer(HOSTILE, identifier=HOSTILE, owner=member)
    tier(label=HOSTILE)
    Attribute.objects.create(name="weight", label="W", unit="<img>", kind=AttributeKind.NUMBER)
    values = {"tier": HOSTILE, "seats": HOSTILE, "weight": 5}
    sources = {name: {"source": "sync", "site": HOSTILE} for name in values}
    Account.objects.filter(pk=account.pk).update(attributes=values, sources=sources, state="<b>")
    Site.objects.filter(subdomain="northwind").update(subdomain="<b>north")
    AccountFacts.objects.update(plan_names=[HOSTILE, HOSTILE], subscription_status="<b>")
    every = columns.offered([])
    client.force_login(member)
    names = ",".join([*every, *(f"attributes.{name}" for name in values)])
    answer = client.get("/accounts/", {"columns": names})
    table = answer.text.split("<tbody", 1)[1].split("</tbody>", 1)[0]
    assert table.count("<td") == len(every) + len(values) + 1 + (role == Role.CSM)
    assert "<img" not in table
    assert "<script" not in table
    assert "<b>" not in table
    assert table.count("&lt;img src=x") > 8
    assert "&amp;lt;" not in table


def test_a_column_that_is_none_any_more_is_passed_over(signed_in: Client) -> None:
    a_customer()
    answer = signed_in.get("/accounts/", {"columns": "attributes.gone,mrr"})
    assert [h.column.key for h in answer.context["headings"]] == ["account", "mrr"]


def test_the_form_of_columns_becomes_one_address_that_can_be_sent(signed_in: Client) -> None:
    a_customer()
    query = "/accounts/?columns=&columns=mrr&columns=attributes.seats&q=north&sort=name"
    answer = signed_in.get(query)
    assert answer.status_code == 302
    assert "columns=mrr,attributes.seats" in answer.url
    assert "q=north" in answer.url


def test_sorting_and_paging_keep_the_columns(signed_in: Client) -> None:
    a_customer()
    text = signed_in.get("/accounts/", {"columns": "mrr,attributes.seats"}).text
    assert "columns=mrr%2Cattributes.seats&amp;sort=mrr" in text


def test_a_value_carries_the_mark_of_its_source(signed_in: Client) -> None:
    account = a_customer()
    write.edit([account.pk], {"company": "Ours"}, By(), now=NOW, pin=Pin("Legal name"))
    text = signed_in.get("/accounts/", {"columns": "attributes.seats,attributes.company"}).text
    assert "Manual, Ada" in text
    assert "Manual, northwind" not in text
    assert "pinned: " in text


def test_a_synced_value_is_marked_with_its_site(signed_in: Client) -> None:
    a_customer()
    text = signed_in.get("/accounts/", {"columns": "attributes.company"}).text
    assert "Sync, northwind" in text


@pytest.mark.parametrize("columns", ["", "owner,attributes.seats,attributes.company,attributes.x"])
def test_the_list_costs_the_same_queries_whatever_its_columns_and_rows(
    signed_in: Client, columns: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        a_customer(f"Customer {number}")
    with django_assert_max_num_queries(11):
        assert signed_in.get("/accounts/", {"columns": columns}).status_code == 200
