"""Paging, ordering and windows of lists, as a client sees them."""

from urllib.parse import quote

from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import Client, an_account


def day(n: int) -> str:
    return f"2026-01-{n:02}T00:00:00Z"


def fill(site: SiteStore, count: int) -> None:
    """Accounts a01, a02 … created a day apart and updated in the reverse order."""
    for n in range(1, count + 1):
        site.put("accounts", an_account(f"a{n:02}", at=day(n), updated_at=day(31 - n)))


def test_the_default_is_twenty_records_with_the_newest_first(
    site: SiteStore, client: Client
) -> None:
    fill(site, 25)
    page = client.get("/accounts")
    assert page.ids() == [f"a{n:02}" for n in range(25, 5, -1)]
    assert page.json()["has_more"] is True


def test_next_is_a_path_that_carries_the_parameters_and_leads_on(
    site: SiteStore, client: Client
) -> None:
    fill(site, 5)
    first = client.get("/accounts?limit=2&sort=updated_at&order=asc").json()["next"]
    assert first.startswith("/accounts?cursor=")
    assert first.endswith("&limit=2&sort=updated_at&order=asc")
    assert client.get(first).ids() == ["a03", "a02"]


def test_the_last_page_says_so_even_when_it_is_full(site: SiteStore, client: Client) -> None:
    fill(site, 4)
    second = client.get(client.get("/accounts?limit=2").json()["next"]).json()
    assert len(second["data"]) == 2
    assert (second["has_more"], second["next"]) == (False, None)


def test_both_ends_of_a_window_belong_to_it(site: SiteStore, client: Client) -> None:
    fill(site, 6)
    window = f"begin_time={day(2)}&end_time={day(4)}"
    assert client.get(f"/accounts?order=asc&{window}").ids() == ["a02", "a03", "a04"]


def test_a_window_is_about_the_sorted_field(site: SiteStore, client: Client) -> None:
    fill(site, 6)
    path = f"/accounts?order=asc&sort=updated_at&end_time={day(26)}"
    assert client.get(path).ids() == ["a06", "a05"]


def test_a_time_without_zone_is_utc_and_a_bare_date_its_midnight(
    site: SiteStore, client: Client
) -> None:
    fill(site, 3)
    assert client.get("/accounts?order=asc&begin_time=2026-01-02T00:00:00").ids() == ["a02", "a03"]
    assert client.get("/accounts?order=asc&end_time=2026-01-02").ids() == ["a01", "a02"]


def test_a_time_in_another_zone_is_converted(site: SiteStore, client: Client) -> None:
    fill(site, 3)
    path = "/accounts?order=asc&begin_time=2026-01-02T01%3A00%3A00%2B01%3A00"
    assert client.get(path).ids() == ["a02", "a03"]


def test_a_fraction_of_a_second_is_rounded_into_the_window(site: SiteStore, client: Client) -> None:
    fill(site, 3)
    path = "/accounts?order=asc&begin_time=2026-01-01T00:00:00.5Z&end_time=2026-01-03T00:00:00.5Z"
    assert client.get(path).ids() == ["a02", "a03"]


def test_records_of_one_second_are_neither_skipped_nor_repeated(
    site: SiteStore, client: Client
) -> None:
    for n in range(23):
        site.put("accounts", an_account(f"a{n:02}"))
    for order in ("asc", "desc"):
        ids = client.walk(f"/accounts?limit=5&sort=updated_at&order={order}")
        assert sorted(ids) == [f"a{n:02}" for n in range(23)]


def test_a_record_updated_during_an_ascending_walk_comes_again(
    site: SiteStore, client: Client
) -> None:
    fill(site, 4)
    first = client.get("/accounts?limit=2&sort=updated_at&order=asc")
    assert "a04" in first.ids()
    site.put("accounts", an_account("a04", updated_at="2026-02-01T00:00:00Z"))
    assert client.walk(first.json()["next"]) == ["a02", "a01", "a04"]


def test_a_record_updated_during_a_descending_walk_is_missed(
    site: SiteStore, client: Client
) -> None:
    fill(site, 4)
    first = client.get("/accounts?limit=2&sort=updated_at")
    assert first.ids() == ["a01", "a02"]
    site.put("accounts", an_account("a04", updated_at="2026-02-01T00:00:00Z"))
    assert client.walk(first.json()["next"]) == ["a03"]


def test_ids_pick_records_in_one_page_and_leave_unknown_ones_out(
    site: SiteStore, client: Client
) -> None:
    fill(site, 5)
    page = client.get("/accounts?ids=a04,nobody,a02")
    assert sorted(page.ids()) == ["a02", "a04"]
    assert page.json()["has_more"] is False


def test_ids_go_with_no_other_parameter(site: SiteStore, client: Client) -> None:
    fill(site, 2)
    refused = client.get("/accounts?ids=a01&limit=5")
    assert (refused.status, refused.error()["type"]) == (400, "bad_request")


def test_at_most_two_hundred_ids_are_allowed(client: Client) -> None:
    ids = ",".join(f"a{n}" for n in range(201))
    assert client.get(f"/accounts?ids={ids}").status == 400


def test_credit_payments_know_no_ids(client: Client) -> None:
    assert client.get("/credit_payments?ids=a").error()["params"] == [{"param": "ids"}]


def test_parameters_out_of_bounds_or_unknown_are_refused(client: Client) -> None:
    for query in (
        "limit=0",
        "limit=201",
        "limit=ten",
        "order=up",
        "sort=name",
        "begin_time=yesterday",
        "end_time=0001-01-01T00:00:00%2B14:00",
        "colour=red",
        "limit=5&limit=6",
        "state=active",
    ):
        refused = client.get(f"/accounts?{query}")
        assert refused.status == 400, query
        assert refused.error()["params"] == [{"param": query.partition("=")[0]}]


def test_a_damaged_cursor_is_refused(site: SiteStore, client: Client) -> None:
    fill(site, 5)
    good = client.get("/accounts?limit=2").json()["next"]
    cursor = good.partition("cursor=")[2].partition("&")[0]
    for damaged in (cursor[:-1], cursor[:10] + "A" + cursor[11:], "123", "12:34", "é", ""):
        refused = client.get(f"/accounts?limit=2&cursor={quote(damaged)}")
        assert refused.status == 400, damaged
        assert refused.error()["message"] == "cursor format is invalid"


def test_a_cursor_of_another_order_is_refused(site: SiteStore, client: Client) -> None:
    fill(site, 5)
    following = client.get("/accounts?limit=2&order=asc").json()["next"]
    assert client.get(following.replace("order=asc", "order=desc")).status == 400


def test_head_counts_the_whole_list_under_the_same_filters(site: SiteStore, client: Client) -> None:
    fill(site, 30)
    assert client.total("/accounts") == 30
    assert client.total(f"/accounts?limit=5&begin_time={day(11)}") == 20
    assert client.total("/accounts?email=") == 30
    assert client.total("/accounts?ids=a01,nobody") == 1
    assert client.head("/accounts").body == b""


def test_a_removed_record_is_in_no_list(site: SiteStore, client: Client) -> None:
    fill(site, 3)
    site.remove("accounts", "a02")
    assert client.walk("/accounts") == ["a03", "a01"]
    assert client.get("/accounts/a02").status == 404


def test_a_list_of_a_kind_nobody_put_is_empty(client: Client) -> None:
    assert client.get("/shipping_methods").json() == {
        "object": "list",
        "has_more": False,
        "next": None,
        "data": [],
    }
