"""Who may change customers: every route that does, asked by every role."""

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.customers.models import Account, Change, ChangeSet
from tests.web.builders import a_customer, a_member

EDITORS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}
ROUTES = {
    "edit": ("get", "/accounts/{pk}/edit/company/"),
    "save": ("post", "/accounts/{pk}/edit/company/"),
    "name": ("post", "/accounts/{pk}/edit/name/"),
    "accept": ("post", "/accounts/{pk}/accept/company/"),
    "keep": ("post", "/accounts/{pk}/keep/company/"),
    "restore": ("post", "/accounts/{pk}/restore/seats/"),
    "undo": ("post", "/undo/"),
    "new": ("get", "/accounts/new/"),
    "make": ("post", "/accounts/new/"),
    "bulk": ("post", "/accounts/bulk/"),
}
READABLE = ("/accounts/", "/accounts/{pk}/", "/accounts/{pk}/attributes/?show=all")


@pytest.fixture
def account(db: None) -> Account:
    return a_customer("Northwind Robotics", identifier="T-1001")


def state() -> tuple[object, ...]:
    return (
        list(Account.objects.order_by("pk").values("name", "attributes", "sources", "removed_at")),
        Change.objects.count(),
        ChangeSet.objects.count(),
    )


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_edit_customers_reach_what_edits_them(
    client: Client, account: Account, role: str, route: str
) -> None:
    client.force_login(a_member(role))
    method, address = ROUTES[route]
    before = state()
    data = {"value": "X", "how": "save", "identifier": "T-9", "account": str(account.pk)}
    answer = getattr(client, method)(address.format(pk=account.pk), data)
    if role in EDITORS:
        assert answer.status_code in {200, 302, 422}
    else:
        assert answer.status_code == 403
        assert "Only administrators, super managers and customer success managers" in answer.text
        assert state() == before


@pytest.mark.parametrize("address", READABLE)
@pytest.mark.parametrize("role", Role.values)
def test_pages_offer_editing_only_to_those_who_may(
    client: Client, account: Account, role: str, address: str
) -> None:
    client.force_login(a_member(role))
    text = client.get(address.format(pk=account.pk)).text
    offers = [word in text for word in ("data-edit ", "data-pick", "data-undo", "New account")]
    assert any(offers) == (role in EDITORS)


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_edits_without_signing_in(client: Client, account: Account, route: str) -> None:
    method, address = ROUTES[route]
    before = state()
    answer = getattr(client, method)(address.format(pk=account.pk))
    assert answer.status_code == 302
    assert answer.url.startswith("/login/")
    assert state() == before
