"""Finding an account by what a person types, and saying where its values came from."""

import pytest

from tenure.core.errors import ConfigurationError
from tenure.customers import provenance, read
from tenure.customers.lookup import account_of
from tests.builders import EARLIER, a_billing_account, a_site
from tests.customers.test_accounts import bring

pytestmark = pytest.mark.django_db


def test_an_identifier_of_one_site_needs_no_site() -> None:
    bring(a_site("one"), [a_billing_account()])
    assert account_of(" ACC1 ").identifier == "ACC1"


def test_an_identifier_of_several_sites_asks_which_is_meant() -> None:
    for name in ("one", "two"):
        bring(a_site(name), [a_billing_account()])
    with pytest.raises(ConfigurationError, match="Say which: one:ACC1, two:ACC1"):
        account_of("ACC1")
    found = account_of("two:ACC1")
    assert found.scope is not None
    assert found.scope.subdomain == "two"


def test_an_identifier_with_a_colon_is_still_found() -> None:
    bring(a_site("one"), [a_billing_account(code="urn:acc:1")])
    assert account_of("urn:acc:1").identifier == "urn:acc:1"
    assert account_of("one:urn:acc:1").identifier == "urn:acc:1"


@pytest.mark.parametrize("typed", ["", "nobody", "one:nobody", "acc1", "NUL\x00"])
def test_what_is_no_identifier_is_refused(typed: str) -> None:
    bring(a_site("one"), [a_billing_account()])
    with pytest.raises(ConfigurationError, match="There is no account"):
        account_of(typed)


def test_a_value_that_came_with_its_account_is_from_the_site_that_bills_it() -> None:
    bring(a_site("one"), [a_billing_account()])
    account = account_of("ACC1")
    origin = provenance.of_attribute(account, "company", read.billing_accounts(account.pk))
    assert (origin.source, origin.site, origin.pinned) == ("sync", "one", False)


def test_a_value_set_later_has_its_own_origin() -> None:
    site = a_site("one")
    bring(site, [a_billing_account()])
    bring(site, [a_billing_account(company="Acme Ltd", updated_at=EARLIER.replace(hour=9))])
    account = account_of("ACC1")
    origin = provenance.of_attribute(account, "company", read.billing_accounts(account.pk))
    assert (origin.source, origin.site) == ("sync", "one")
    assert origin.set_at == account.sources["company"]["set_at"]
