"""Every request goes to the operator's own host; a link in an answer changes nothing of that."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.errors import ConfigurationError, PermanentError
from tenure.sources.base import By, Window
from tenure.sources.recurly.address import Address, counting, listing, single

HERE = Address.of("https://v3.recurly.com")
NEXT = "/accounts?cursor=abc%3A1&limit=200&sort=updated_at"


@pytest.mark.parametrize(
    "link",
    [NEXT, f"https://v3.recurly.com{NEXT}", f"https://v3.recurly.com:443{NEXT}"],
)
def test_a_link_on_the_same_host_is_followed_as_a_path(link: str) -> None:
    assert HERE.relative(link, "/accounts") == NEXT
    assert str(HERE.url(NEXT)).endswith(NEXT)


@pytest.mark.parametrize(
    "link",
    [
        f"https://evil.example{NEXT}",
        f"http://v3.recurly.com{NEXT}",
        f"https://v3.recurly.com:444{NEXT}",
        f"https://v3.recurly.com@evil.example{NEXT}",
        f"https://key@v3.recurly.com{NEXT}",
        f"//evil.example{NEXT}",
        f"https://v3.recurly.com.evil.example{NEXT}",
        f"/\\evil.example{NEXT}",
        "javascript:alert(1)",
        "/subscriptions?cursor=1",
        "/../accounts?cursor=1",
        "/accounts?cursor=1\r\nX-Evil: 1",
        "/accounts?cursor=1 2",
        "/accounts?cursor=\u00e9",
        "https://[bad/accounts",
        "",
    ],
)
def test_a_link_anywhere_else_is_refused(link: str) -> None:
    with pytest.raises(PermanentError):
        HERE.relative(link, "/accounts")


@given(st.text(max_size=40))
def test_whatever_a_link_says_the_host_stays(link: str) -> None:
    try:
        target = HERE.relative(link, "/accounts")
    except PermanentError:
        return
    assert HERE.url(target).host == "v3.recurly.com"
    assert HERE.url(target).scheme == "https"


def test_a_prefix_of_the_operators_proxy_is_kept() -> None:
    proxied = Address.of("https://proxy.example/recurly/")
    assert str(proxied.url(NEXT)) == f"https://proxy.example/recurly{NEXT}"
    assert proxied.relative(f"/recurly{NEXT}", "/accounts") == NEXT
    assert proxied.relative(NEXT, "/accounts") == NEXT


@pytest.mark.parametrize(
    "address",
    [
        "http://v3.recurly.com",
        "ftp://x",
        "v3.recurly.com",
        "",
        "https://",
        "https://k@h",
        "http://[x",
    ],
)
def test_an_address_that_cannot_be_asked_safely_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        Address.of(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9"]
)
def test_this_machine_may_be_asked_in_clear_text(address: str) -> None:
    assert str(Address.of(address).url("/sites")).endswith("/sites")


def test_a_window_is_asked_for_ascending_in_whole_pages_and_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    window = Window(
        By.UPDATED, datetime(2026, 3, 1, 2, tzinfo=east), datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert listing("/accounts", window) == (
        "/accounts?sort=updated_at&begin_time=2026-03-01T00%3A00%3A00%2B00%3A00"
        "&end_time=2026-03-02T00%3A00%3A00%2B00%3A00&limit=200&order=asc"
    )
    assert counting("/accounts") == "/accounts"


def test_an_id_stays_within_its_segment() -> None:
    assert single("/accounts", "code-a/../b?c") == "/accounts/code-a%2F..%2Fb%3Fc"
