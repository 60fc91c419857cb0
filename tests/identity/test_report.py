"""The identifier report equals what a plain count in Python says, on data as untidy as people make it."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tenure.connections.models import Site
from tenure.core.errors import ConfigurationError
from tenure.customers.models import BillingAccount, SourceField, Subscription
from tenure.identity.report import Report, left_out, left_out_each, report
from tenure.identity.report.shapes import look_of, shape_of
from tenure.identity.resolve import LONGEST
from tests.identity.counted import Payer, Plain, assert_equal, read, store
from tests.metrics.rows import NOW, a_site, an_account

OWN, THEIRS = "account.custom_fields.tenant", "subscription.custom_fields.tenant"


# --- The plain count -----------------------------------------------------------------------------


# --- Random data ---------------------------------------------------------------------------------

# Few letters, so that values meet; every kind of blank, zeros, marks apart and together, wide and
# invisible characters, letters whose case is not one to one.
_PIECES = st.sampled_from([*"aAbBZ01200 -\t\n\\", "é", "e\u0301", "ß", "SS", "ﬁ", "fi", "Σ", "ς", "İ", "Ａ", "\u00a0", "\u200b", "\u2003", "\x1c", "\x85", "ｶ\uff9e", "001"])  # fmt: skip
_VALUES = st.one_of(
    st.none(),
    st.just(""),
    st.lists(_PIECES, max_size=4).map("".join),
    st.sampled_from(
        [
            "T-1",
            "t-1",
            "T-01",
            "T-001",
            " T-1",
            "T-1 ",
            "T -1",
            "x" * 255,
            "x" * 256,
            "é" * 255 + " ",
        ]
    ),
)
_PAYERS = st.lists(
    st.builds(Payer, st.integers(0, 2), _VALUES, st.lists(_VALUES, max_size=3)), max_size=12
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_PAYERS)
@example([Payer(0, "a", ["a", " a", "b"]), Payer(0, "a ", ["a"]), Payer(1, "A", ["a", "a"])])
@example([Payer(0, "x", ["x", "x", "x"]), Payer(1, "x", []), Payer(0, "x", [])])
def test_figures_equal_a_plain_count(db: None, payers: list[Payer]) -> None:
    clear()
    store(payers)
    made = report(now=NOW)
    own = [(payer.site, number, payer.value) for number, payer in enumerate(payers)]
    theirs = [
        (payer.site, number, value)
        for number, payer in enumerate(payers)
        for value in payer.subscriptions
    ]
    for name, rows in ((OWN, own), (THEIRS, theirs)):
        candidate = made.candidate(name)
        if candidate is None:
            assert all(value is None for _, _, value in rows)
            continue
        assert_equal(candidate.figures, Plain(rows, len(payers)))
    several = [{v for value in payer.subscriptions if (v := read(value))} for payer in payers]
    if candidate := made.candidate(THEIRS):
        assert candidate.figures.several == sum(1 for values in several if len(values) > 1)
    assert_left_out(payers)


def clear() -> None:
    Subscription.objects.all().delete()
    BillingAccount.objects.all().delete()


def assert_left_out(payers: list[Payer]) -> None:
    """The list of those left out has exactly those without an identifier, with a reason each."""
    listed = list(left_out_each(OWN))
    assert len(listed) == sum(1 for payer in payers if not read(payer.value))
    assert all(one.reason for one in listed)
    theirs = Counter(one.object_kind for one in left_out_each(THEIRS))
    assert theirs["account"] == sum(1 for payer in payers if not payer.subscriptions)
    assert theirs["subscription"] == sum(
        1 for p in payers for value in p.subscriptions if not read(value)
    )


# --- One thing at a time -------------------------------------------------------------------------


def made_of(*payers: Payer) -> Report:
    store(payers)
    return report(now=NOW)


def test_a_report_of_nothing_recommends_nothing(db: None) -> None:
    made = report(now=NOW)
    assert made.recommendation is None
    assert {one.field for one in made.candidates} >= {"account.code", "account.id", "account.email"}


def test_a_field_that_is_defined_but_never_filled_is_a_candidate(db: None) -> None:
    SourceField.objects.create(
        site=a_site("one"),
        object_kind="account",
        name="workspace",
        label="Workspace",
        first_seen=NOW,
        last_seen=NOW,
    )
    found = made_of(Payer(0, "x")).candidate("account.custom_fields.workspace")
    assert found is not None
    assert (found.label, found.figures.filled, found.speaks_against) == (
        "Workspace",
        0,
        ("Nobody has filled it.",),
    )


def test_a_filled_distinct_tenant_id_is_recommended_before_the_code(db: None) -> None:
    made = made_of(*(Payer(0, f"T-{number}") for number in range(20)))
    assert made.candidates[0].recommended
    assert made.recommendation is not None
    assert (made.recommendation.field, made.recommendation.truth) == (OWN, "tenant")
    assert "names every billing account" in made.recommendation.reason


def test_a_tenant_id_with_gaps_gives_way_to_the_code_and_is_named(db: None) -> None:
    made = made_of(*(Payer(0, f"T-{number}" if number % 2 else None) for number in range(20)))
    assert made.recommendation is not None
    assert made.recommendation.field == "account.code"
    assert (
        f"{OWN} would tie in your own systems, but names only 50 %." in made.recommendation.reason
    )


def test_values_that_cross_sites_are_compared_by_company(db: None) -> None:
    made = store([Payer(0, "1"), Payer(1, "1"), Payer(0, "2"), Payer(1, "2")])
    for row, company in zip(made, ("Acme", " ACME ", "Acme", "Bolt"), strict=True):
        row.company = company
        row.save()
    found = report(now=NOW).candidate(OWN)
    assert found is not None
    assert (found.figures.shared, found.figures.compared, found.figures.agreeing) == (2, 2, 1)


def test_accounts_that_a_field_would_split_are_counted(db: None) -> None:
    account = an_account("Acme")
    for row in store([Payer(0, "a"), Payer(1, "b"), Payer(0, "c")])[:2]:
        row.account = account
        row.save()
    found = report(now=NOW).candidate(OWN)
    assert found is not None
    assert found.figures.several == 1


def test_what_is_gone_upstream_does_not_count(db: None) -> None:
    gone = store([Payer(0, "a"), Payer(0, "a")])[0]
    gone.removed_at = NOW
    gone.save()
    found = report(now=NOW).candidate(OWN)
    assert found is not None
    assert (found.figures.records, found.figures.collision_groups) == (1, 0)


def test_the_report_is_kept_until_any_row_changes(transactional_db: None) -> None:
    row = store([Payer(0, "a"), Payer(0, "b")])[0]
    first = report(now=NOW)
    assert report(now=NOW + timedelta(days=1)) == first
    row.custom_fields = {"tenant": "b"}
    row.save()
    found = report(now=NOW).candidate(OWN)
    assert found is not None
    assert found.figures.collision_groups == 1


def test_near_collisions_show_their_values(db: None) -> None:
    made = made_of(Payer(0, "Acme"), Payer(0, "ACME"), Payer(1, "acme"), Payer(0, "other"))
    found = made.candidate(OWN)
    assert found is not None
    assert [(g.key, dict(g.forms)) for g in found.figures.near["case"].examples] == [
        ("acme", {"ACME": 1, "Acme": 1, "acme": 1})
    ]


def test_contacts_are_counted_over_all_persons_of_a_billing_account(db: None) -> None:
    row = store([Payer(0, None), Payer(0, None)])[0]
    row.email, row.first_name, row.cc_emails = (
        "ada@example.com",
        "Ada",
        "bo@example.com, cy@example.com;",
    )
    row.billing_name, row.shipping_contacts = (
        "Ada B",
        [{"email": "bo@example.com", "last_name": "Bo"}, {}],
    )
    row.save()
    found = report(now=NOW).contacts[0]
    assert found.field == "contact.email"
    figures = found.figures
    assert (figures.records, figures.filled, figures.distinct) == (5, 4, 3)
    assert (figures.covered, figures.billing_accounts, found.left_out) == (1, 2, 1)


def test_those_left_out_are_listed_in_parts(db: None) -> None:
    store([Payer(0, None), Payer(0, "x"), Payer(0, " \u2003"), Payer(1, "y" * 256)])
    first, after = left_out(OWN, limit=2)
    rest, end = left_out(OWN, limit=2, after=after)
    assert [one.reason for one in (*first, *rest)] == [
        f"{OWN} is not filled.",
        f"{OWN} holds only blanks.",
        f"{OWN} is longer than {LONGEST} characters.",
    ]
    assert end == ""
    assert rest[0].site == "two"


@pytest.mark.parametrize(
    "name", ["account.nothing", "invoice.custom_fields.x", "contact.email", ""]
)
def test_a_field_that_is_none_is_refused_with_what_there_is(db: None, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a field"):
        left_out(name)


def test_lanes_of_their_own_count_the_same(transactional_db: None) -> None:
    store([Payer(0, "a", ["x", "y"]), Payer(1, "A ", ["x"]), Payer(0, "é", []), Payer(2, "a", [])])
    counted = {one.field: one.figures for one in report(now=NOW, lanes=2).candidates}
    Site.objects.filter(subdomain="three").update(subdomain="drei")  # so that it is counted again
    again = {one.field: one.figures for one in report(now=NOW, lanes=1).candidates}
    assert counted == again


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("6f1e9a64-3c1b-4f7e-9d52-0a8b7c6d5e4f", "uuid"),
        ("6F1E9A643C1B4F7E9D520A8B7C6D5E4F", "uuid"),
        ("0042", "integer"),
        ("T-10423", "code"),
        ("ada@example.com", "email"),
        ("2026-03-31", "date"),
        ("Acme Robotics Ltd", "name"),
        ("enterprise", "word"),
        ("日本語 7", "name"),
    ],
)
def test_the_shape_of_a_value(value: str, shape: str) -> None:
    assert shape_of(value) == shape


def test_codes_and_uuids_together_still_look_like_ids() -> None:
    look = look_of(["T-10423"] * 6 + ["6f1e9a64-3c1b-4f7e-9d52-0a8b7c6d5e4f"])
    assert (look.is_id, look.words) == (True, "code (86 %)")
