"""Connecting sites: a key is proved before it is saved, sealed when it is, and refused in plain words."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from pytest_django import Settings

from tenure.connections import read, write
from tenure.connections.models import Mode, Site, SiteState
from tenure.connections.proof import prove
from tenure.connections.write import SitesRefused
from tenure.core.errors import ConfigurationError, TemporaryError
from tenure.core.secrets import Secret
from tests.connections.vendor import UNREACHABLE, Vendor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vendor")]
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def key_of(name: str) -> Secret:
    return Secret(f"key-of-{name}")


def a_site(name: str = "northwind-us", region: str = "us") -> Site:
    return write.add_site("recurly", name, region, key_of(name), now=NOW)


def refusal(name: str, region: str, key: Secret) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        write.add_site("recurly", name, region, key, now=NOW)
    assert not Site.objects.filter(subdomain=name).exists()
    return caught.value


def test_a_site_is_saved_with_what_it_says_of_itself() -> None:
    site = a_site()
    assert (site.site_id, site.mode, site.default_currency) == ("id-northwind-us", "sandbox", "USD")
    assert (site.accounts_mode, site.state, site.key_last4) == (
        Mode.DAILY,
        SiteState.ACTIVE,
        "d-us",
    )


def test_a_pasted_address_is_tidied() -> None:
    site = write.add_site(
        "recurly", "https://Northwind-US.example.com/", "us", key_of("northwind-us"), now=NOW
    )
    assert site.subdomain == "northwind-us"


def test_the_key_cannot_be_read_from_the_database() -> None:
    site = a_site()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connections_site")
        assert "key-of-northwind-us" not in str(cursor.fetchall())
    assert read.open_key(site) == key_of("northwind-us")


def test_a_key_moved_to_another_row_does_not_open() -> None:
    one, other = a_site(), a_site("northwind-eu", "eu")
    one.key_sealed, other.key_sealed = other.key_sealed, one.key_sealed
    with pytest.raises(ConfigurationError, match="northwind-us: A stored secret does not open"):
        read.open_key(one)


def test_a_wrong_key_is_refused() -> None:
    assert "The API key was refused" in str(refusal("northwind-us", "us", Secret("nonsense")))


def test_a_key_of_the_other_region_is_refused_and_the_region_named() -> None:
    error = refusal("northwind-eu", "us", key_of("northwind-eu"))
    assert (
        str(error)
        == "northwind-eu: this key works in the region EU, not in US. Choose the region eu."
    )


def test_a_key_of_another_site_is_refused_by_name() -> None:
    error = refusal("northwind-us", "us", key_of("southwind-us"))
    assert "this key belongs to southwind-us, not northwind-us" in str(error)


@pytest.mark.parametrize("key", ["", "   ", "two words", "line\nbreak"])
def test_what_cannot_be_a_key_is_refused_without_asking(key: str, vendor: Vendor) -> None:
    refusal("northwind-us", "us", Secret(key))
    assert vendor.asked == []


def test_blanks_around_a_key_do_no_harm() -> None:
    site = write.add_site(
        "recurly", "northwind-us", "us", Secret(" key-of-northwind-us\n"), now=NOW
    )
    assert read.open_key(site) == key_of("northwind-us")


def test_a_host_that_does_not_answer_is_not_a_wrong_key(settings: Settings) -> None:
    settings.TENURE_RECURLY_URLS = {"us": UNREACHABLE, "eu": "https://eu.example"}
    with pytest.raises(TemporaryError, match=r"does not answer\. Check that this machine"):
        a_site()
    assert not Site.objects.exists()


def test_a_connected_site_is_not_added_twice(vendor: Vendor) -> None:
    a_site()
    vendor.asked.clear()
    with pytest.raises(ConfigurationError, match="northwind-us is already connected"):
        a_site()
    assert vendor.asked == []


def test_an_unknown_region_is_refused() -> None:
    assert "'mars' is not a region. Choose one of us, eu." in str(
        refusal("northwind-us", "mars", key_of("northwind-us"))
    )


@pytest.mark.parametrize(
    "wrong", [{"schedule": "hourly"}, {"accounts_mode": "x"}, {"subscriptions_mode": "x"}]
)
def test_a_wrong_setting_is_refused_without_asking(wrong: dict[str, str], vendor: Vendor) -> None:
    with pytest.raises(ConfigurationError):
        write.add_site("recurly", "northwind-us", "us", key_of("northwind-us"), now=NOW, **wrong)
    assert vendor.asked == []


def test_all_sites_of_a_map_are_saved_in_its_order_each_in_its_region() -> None:
    names = ["southwind-us", "northwind-eu", "northwind-us"]
    write.add_sites("recurly", {name: key_of(name) for name in names}, now=NOW)
    assert [(site.subdomain, site.region) for site in read.sites()] == [
        ("southwind-us", "us"),
        ("northwind-eu", "eu"),
        ("northwind-us", "us"),
    ]


def test_one_refused_site_of_a_map_keeps_all_of_them_out() -> None:
    keys = {"northwind-us": key_of("northwind-us"), "southwind-us": key_of("northwind-eu")}
    with pytest.raises(SitesRefused) as caught:
        write.add_sites("recurly", keys, now=NOW)
    assert not read.sites()
    assert [(one.subdomain, one.error is None) for one in caught.value.outcomes] == [
        ("northwind-us", True),
        ("southwind-us", False),
    ]
    assert "this key belongs to northwind-eu, not southwind-us" in str(caught.value)


def test_a_key_of_a_map_that_no_region_knows_is_refused() -> None:
    with pytest.raises(SitesRefused, match="Every region was asked"):
        write.add_sites("recurly", {"northwind-us": Secret("nonsense")}, now=NOW)


def test_a_new_key_replaces_the_old_one_and_ends_the_wait_for_it(vendor: Vendor) -> None:
    site = a_site()
    write.needs_attention(site, ConfigurationError("The key was refused."))
    vendor.keys["us", "a-newer-key-1234"] = "northwind-us"
    changed = write.rekey(site, Secret("a-newer-key-1234"), now=NOW)
    assert (changed.state, changed.state_reason, changed.key_last4) == (
        SiteState.ACTIVE,
        "",
        "1234",
    )
    assert read.open_key(changed) == Secret("a-newer-key-1234")


def test_a_new_key_of_another_site_is_refused_and_the_old_one_stays() -> None:
    site = a_site()
    with pytest.raises(ConfigurationError, match="belongs to southwind-us"):
        write.rekey(site, key_of("southwind-us"), now=NOW)
    assert read.open_key(read.site_named("northwind-us")) == key_of("northwind-us")


def test_a_key_of_a_new_site_under_an_old_name_is_refused() -> None:
    site = a_site()
    Site.objects.update(site_id="id-of-the-one-before")
    site.refresh_from_db()
    with pytest.raises(ConfigurationError, match="of another site of the same name"):
        write.rekey(site, key_of("northwind-us"), now=NOW)


def test_a_site_removed_with_its_data_kept_has_no_key_and_comes_back_as_itself() -> None:
    site = a_site()
    write.forget_key(site)
    kept = read.site_named("northwind-us")
    assert (kept.key_sealed, kept.key_last4, kept.state) == ("", "", SiteState.PAUSED)
    with pytest.raises(ConfigurationError, match="its key was forgotten"):
        read.open_key(kept)
    assert a_site().pk == site.pk


def test_a_run_that_reads_the_site_ends_its_need_for_attention(vendor: Vendor) -> None:
    site = a_site()
    write.needs_attention(site, ConfigurationError("No."))
    site.refresh_from_db()
    write.seen(site, prove("recurly", "northwind-us", "us", key_of("northwind-us")))
    assert read.site_named("northwind-us").state == SiteState.ACTIVE


def test_settings_of_a_site_change_and_its_schedule_is_tidied() -> None:
    write.set_site(a_site(), accounts_mode="import", schedule="Daily 2:30 Europe/Berlin")
    changed = read.site_named("northwind-us")
    assert (changed.accounts_mode, changed.subscriptions_mode) == (Mode.IMPORT, Mode.DAILY)
    assert changed.schedule == "daily 02:30 Europe/Berlin"


def test_an_unknown_site_is_refused_with_those_there_are() -> None:
    a_site()
    with pytest.raises(
        ConfigurationError, match=r"no site 'nowhere'\. Connected sites: northwind-us"
    ):
        read.site_named("nowhere")
