"""Whom billing accounts name: the same people whatever order they came in."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.contacts.people import Payer, addresses_in, contacts_of, fold

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
EMAILS = st.sampled_from(["ann@acme.example", "Ann@ACME.example", "bob@acme.example", "", "nobody"])
NAMES = st.sampled_from(["", "Ann", "Bob", "Ann Meyer"])


def shipping() -> st.SearchStrategy[list[dict[str, str]]]:
    entry = st.fixed_dictionaries({"email": EMAILS, "first_name": NAMES, "last_name": NAMES})
    return st.lists(entry, max_size=2)


@st.composite
def payers(draw: st.DrawFn) -> list[Payer]:
    return [
        Payer(
            site=f"site-{number % 2}",
            priority=number % 2,
            created_at=BEGAN + timedelta(days=draw(st.integers(0, 2))),
            upstream_id=f"acc{number}",
            email=draw(EMAILS),
            first_name=draw(NAMES),
            billing_name=draw(NAMES),
            cc_emails=",".join(draw(st.lists(EMAILS, max_size=3))),
            shipping=draw(shipping()),
            identifier=draw(st.sampled_from(["", "P-1", "p-1", "P-2"])),
        )
        for number in range(draw(st.integers(0, 4)))
    ]


@given(payers(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(found: list[Payer], dice: random.Random) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)
    assert contacts_of(shuffled) == contacts_of(found)


@given(payers())
def test_every_address_is_somebodys_and_nobody_is_twice(found: list[Payer]) -> None:
    people = contacts_of(found)
    named = set()
    for payer in found:
        texts = [payer.email or "", payer.cc_emails or ""]
        texts += [str(entry["email"]) for entry in payer.shipping or ()]
        named |= {fold(address) for text in texts for address in addresses_in(text)}
    assert {fold(person.email) for person in people.values()} <= named
    assert all(key == fold(key) for key in people)
    unmapped = [p for p in found if not p.identifier]
    assert {fold(p.email) for p in contacts_of(unmapped).values()} == set(contacts_of(unmapped))


def a_payer(**values: object) -> Payer:
    kept = {"site": "us", "priority": 0, "created_at": BEGAN, "upstream_id": "acc1"}
    return Payer(**{**kept, **values})  # type: ignore[arg-type]


def test_the_account_itself_its_copies_and_its_deliveries_are_people() -> None:
    people = contacts_of(
        [
            a_payer(
                email="Ann@Acme.example ",
                first_name="Ann",
                last_name="Meyer",
                cc_emails="bob@acme.example, Cy <cy@acme.example>;ANN@acme.example",
                shipping=[{"first_name": "Dee", "email": "dee@acme.example", "last_name": None}],
            )
        ]
    )
    assert {p.identifier: (p.email, p.name, p.field) for p in people.values()} == {
        "ann@acme.example": ("Ann@Acme.example", "Ann Meyer", "account.email"),
        "bob@acme.example": ("bob@acme.example", "", "account.cc_emails"),
        "cy@acme.example": ("cy@acme.example", "", "account.cc_emails"),
        "dee@acme.example": ("dee@acme.example", "Dee", "account.shipping_contacts"),
    }


def test_the_billing_name_names_whoever_has_the_accounts_address_and_no_name() -> None:
    (person,) = contacts_of([a_payer(email="a@b.example", billing_name="Ann Meyer")]).values()
    assert (person.name, person.name_field) == ("Ann Meyer", "account.billing_name")


def test_a_mapped_field_identifies_the_accounts_own_person_only() -> None:
    people = contacts_of([a_payer(email="a@b.example", cc_emails="c@b.example", identifier="U-7")])
    assert list(people) == ["u-7", "c@b.example"]


def test_a_name_comes_from_the_site_of_higher_priority() -> None:
    second = a_payer(site="eu", priority=1, email="a@b.example", first_name="Second")
    first = a_payer(email="A@b.example", first_name="First", created_at=BEGAN + timedelta(9))
    (person,) = contacts_of([second, first]).values()
    assert (person.name, person.name_site, person.email) == ("First", "us", "A@b.example")
