"""The page that compares an account on two days, and the ways to it."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tests.health.test_comparing import THEN, TODAY
from tests.health.test_comparing import account as changed  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(TODAY)


def test_the_page_shows_old_and_new_side_by_side_with_causes(
    signed_in: Client,
    changed: Account,  # noqa: F811
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(45):
        page = signed_in.get(f"/accounts/{changed.pk}/compare/", {"from": THEN}).text
    for words in ("1,000.00", "3,000.00", "Harbour Lights", "They merged", "1042", "Failed", "New"):
        assert words in page
    assert f"/accounts/{changed.pk}/?as_of={THEN}" in page


def test_days_that_cannot_be_compared_are_said_above_the_form(
    signed_in: Client,
    changed: Account,  # noqa: F811
) -> None:
    asked = {"from": THEN, "to": THEN}
    refused = signed_in.get(f"/accounts/{changed.pk}/compare/", asked)
    assert refused.status_code == 400
    assert "is not after" in refused.text
    assert f'value="{THEN}"' in refused.text
    assert signed_in.get("/accounts/424242/compare/").status_code == 404


def test_as_of_leads_to_the_comparison(
    signed_in: Client,
    changed: Account,  # noqa: F811
) -> None:
    page = signed_in.get(f"/accounts/{changed.pk}/health/", {"as_of": THEN}).text
    assert f'href="/accounts/{changed.pk}/compare/?from={THEN}"' in page
    assert (
        f'href="/accounts/{changed.pk}/compare/"' in signed_in.get(f"/accounts/{changed.pk}/").text
    )
    assert "/compare/" not in signed_in.get("/accounts/").text
