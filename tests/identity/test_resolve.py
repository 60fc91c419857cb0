"""Which account a record belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.making import Claim
from tenure.identity.resolve import IdentifierRule, Unidentified, identify, normalise
from tests.builders import a_billing_account


def test_an_account_code_is_limited_to_its_site() -> None:
    claim = identify(IdentifierRule(), a_billing_account(code="1001"), 7)
    assert claim == Claim("1001", 7)


def test_a_blank_identifier_is_unidentified_with_the_field_named() -> None:
    outcome = identify(IdentifierRule(), a_billing_account(code="  "), 7)
    assert outcome == Unidentified("account.code is empty")


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_composed_and_decomposed_letters_are_one_identifier() -> None:
    assert normalise("Caf\u00e9 ") == normalise("Cafe\u0301")
