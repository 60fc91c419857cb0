"""Money, times, states and addresses as the pages write them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tenure.core.money import Money
from tenure.web import badges, moments
from tenure.web.account.events import said
from tenure.web.templatetags import tenure as tags

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5", "USD", "1,234.50"),
        ("20133038.4", "JPY", "20,133,038"),  # no minor unit
        ("37180.3604", "KWD", "37,180.360"),  # three decimals
        ("-4440.7", "EUR", "−4,440.70"),
        ("0.005", "USD", "0.01"),  # half away from zero
        ("123456789012345.99", "GBP", "123,456,789,012,345.99"),
    ],
)
def test_an_amount_has_its_currencys_own_digits(amount: str, currency: str, shown: str) -> None:
    assert tags.amount_text(Money(Decimal(amount), currency)) == shown


def test_no_amount_is_a_dash_and_never_a_zero() -> None:
    assert "–" in tags.money(None)
    assert "0" not in tags.money(None)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-3, seconds=-50), "3 min ago"),
        (timedelta(hours=-5), "5 h ago"),
        (timedelta(days=-12), "12 d ago"),
        (timedelta(days=12), "in 12 d"),
        (timedelta(days=-400), "13 mo ago"),
        (timedelta(days=-1000), "2 y ago"),
    ],
)
def test_a_time_is_said_in_its_largest_unit(away: timedelta, words: str) -> None:
    assert moments.relative(NOW + away, NOW) == words


def test_an_absolute_time_names_its_zone() -> None:
    assert moments.absolute(NOW, ZoneInfo("Europe/Berlin")) == "23 Nov 2026, 11:00 CET"


def test_an_unknown_zone_is_read_as_utc() -> None:
    assert moments.zone_of("Nowhere/At_all").key == "UTC"


@pytest.mark.parametrize("text", ["", "yesterday", None, 12])
def test_what_is_no_time_is_none(text: object) -> None:
    assert moments.instant_of(text) is None


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://acme.example/accounts/1", True),
        ("mailto:ada@example.com", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("http://[broken", False),
        (None, False),
    ],
)
def test_only_addresses_people_may_follow_become_links(address: str | None, kept: bool) -> None:
    assert bool(tags.safe_link(address)) is kept


def test_a_state_nobody_knows_is_shown_as_it_came() -> None:
    look = badges.badge("half_eaten")
    assert (look.words, look.tone) == ("Half eaten", "idle")


def test_a_state_is_said_by_word_shape_and_tone() -> None:
    late, paid = badges.badge("past_due"), badges.badge("paid")
    assert late.words != paid.words
    assert late.shape != paid.shape
    assert late.tone != paid.tone


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        ("", "nothing"),
        (True, "yes"),
        ([1, 2], "2 entries"),
        ("x" * 99, "x" * 80 + "…"),
    ],
)
def test_a_stored_value_is_said_in_words(value: object, words: str) -> None:
    assert said(value) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Byron", "AB"), ("ada@example.com", "AE"), ("🌞", "?"), ("", "?"), ("北海 電力", "北電")],
)
def test_initials_come_from_any_name(name: str, letters: str) -> None:
    assert tags.initials(name) == letters


def test_a_machines_word_becomes_a_persons() -> None:
    assert badges.spoken("SepaDirectDebit") == "Sepa direct debit"
    assert badges.spoken("credit_payments") == "Credit payments"
