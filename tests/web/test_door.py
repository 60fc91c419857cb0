"""Signing in and out, who may see what, preferences, and the pages for what went wrong."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, reverse

from tenure.access.models import Member, Role
from tenure.web.urls import urlpatterns
from tests.metrics.rows import a_site
from tests.web.builders import PASSWORD, a_customer, a_member

OPEN = {"account_login", "account_logout", "account_inactive"}
ARGUMENTS = {
    "pk": 1,
    "one": 1,
    "two": 2,
    "payload": 1,
    "figure": "mrr",
    "name": "seats",
    "contact": 1,
    "merge": 1,
    "form": "csv",
    "day": "2026-03-02",
    "delivery": "5b3c1f0e-4a8a-4d53-9d4e-7a1f6f0f2c11",
    "object_kind": "account",
}


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def address_of(pattern: URLPattern) -> str:
    names = pattern.pattern.converters
    return reverse(pattern.name or "", kwargs={name: ARGUMENTS[name] for name in names})


PAGES = [p for p in urlpatterns if isinstance(p, URLPattern) and p.name not in OPEN]


@pytest.mark.parametrize("pattern", PAGES, ids=lambda p: p.name)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_asks_for_a_sign_in(
    client: Client, db: None, pattern: URLPattern, method: str
) -> None:
    answer = getattr(client, method)(address_of(pattern))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


def test_a_member_signs_in_with_e_mail_and_password(client: Client, member: Member) -> None:
    answer = client.post("/login/", {"login": member.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert client.get("/accounts/").status_code == 200


def test_a_wrong_password_is_refused_in_place(client: Client, member: Member) -> None:
    answer = client.post("/login/", {"login": member.email, "password": "wrong"})
    assert answer.status_code == 200
    assert "not correct" in answer.text


def test_the_answer_does_not_tell_whether_an_e_mail_is_known(
    client: Client, member: Member
) -> None:
    known = client.post("/login/", {"login": member.email, "password": "wrong"})
    unknown = client.post("/login/", {"login": "nobody@example.com", "password": "wrong"})
    assert known.status_code == unknown.status_code
    assert known.context["form"].errors == unknown.context["form"].errors


def test_guessing_is_stopped(client: Client, member: Member) -> None:
    answers = [
        client.post("/login/", {"login": member.email, "password": f"no {n}"}) for n in range(8)
    ]
    right = client.post("/login/", {"login": member.email, "password": PASSWORD})
    assert any("Too many" in a.text for a in answers)
    assert right.status_code != 302


def test_a_disabled_member_does_not_get_in(client: Client, member: Member) -> None:
    Member.objects.filter(pk=member.pk).update(is_active=False)
    answer = client.post("/login/", {"login": member.email, "password": PASSWORD}, follow=True)
    assert "login is disabled" in answer.text
    assert client.get("/accounts/").status_code == 302


def test_nobody_can_sign_up(client: Client, db: None) -> None:
    assert client.get("/signup/").status_code == 404


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    signed_in.post("/logout/")
    assert signed_in.get("/accounts/").status_code == 302


def test_a_member_changes_the_own_password(signed_in: Client, member: Member) -> None:
    new = "another long enough secret"
    answer = signed_in.post(
        "/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    member.refresh_from_db()
    assert answer.status_code == 302
    assert member.check_password(new)


def test_a_weak_password_is_refused_at_its_field(signed_in: Client) -> None:
    answer = signed_in.post(
        "/password/", {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    )
    assert 'aria-invalid="true"' in answer.text
    assert "at least 12" in answer.text


@pytest.mark.parametrize(
    "name", ["check_site", "rekey_site", "site_modes", "pause_site", "remove_site", "connect"]
)
@pytest.mark.parametrize("role", [Role.SUPER_MANAGER, Role.CSM, Role.VIEWER])
def test_only_administrators_and_developers_change_sites(
    client: Client, db: None, name: str, role: str
) -> None:
    site = a_site()
    client.force_login(a_member(role))
    args = [] if name == "connect" else [site.pk]
    answer = client.post(reverse(name, args=args))
    assert answer.status_code == 403
    assert "Only administrators and developers" in answer.text


@pytest.mark.parametrize(("role", "status"), [(Role.DEVELOPER, 200), (Role.VIEWER, 403)])
def test_the_form_that_connects_is_shown_to_those_who_may(
    client: Client, db: None, role: str, status: int
) -> None:
    client.force_login(a_member(role))
    assert client.get(reverse("connect")).status_code == status


@pytest.mark.parametrize("role", [Role.CSM, Role.VIEWER])
def test_only_some_roles_start_a_sync(client: Client, db: None, role: str) -> None:
    client.force_login(a_member(role))
    answer = client.post(reverse("sync_now"))
    assert answer.status_code == 403


def test_every_unsafe_request_needs_its_token(member: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    answer = client.post(reverse("preferences"), {"theme": "dark"})
    assert answer.status_code == 403
    assert "has expired" in answer.text


def test_the_theme_is_kept_and_drawn_by_the_server(signed_in: Client) -> None:
    signed_in.post(reverse("preferences"), {"theme": "dark", "next": "/sync/"})
    assert 'data-theme="dark"' in signed_in.get("/accounts/").text


def test_an_unknown_theme_is_refused(signed_in: Client) -> None:
    assert signed_in.post(reverse("preferences"), {"theme": "pink"}).status_code == 400


def test_a_cookie_with_nonsense_changes_nothing(signed_in: Client) -> None:
    signed_in.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in signed_in.get("/accounts/").text


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_preference_never_leads_away(signed_in: Client, address: str) -> None:
    answer = signed_in.post(reverse("preferences"), {"theme": "dark", "next": address})
    assert answer.headers["Location"] == "/"


def test_times_are_shown_in_the_members_zone(signed_in: Client, member: Member) -> None:
    signed_in.post(reverse("time_zone"), {"time_zone": "Asia/Tokyo"})
    member.refresh_from_db()
    assert member.time_zone == "Asia/Tokyo"
    assert "JST" in signed_in.get(reverse("account", args=[a_customer().pk])).text


def test_a_zone_that_is_none_changes_nothing(signed_in: Client, member: Member) -> None:
    answer = signed_in.post(reverse("time_zone"), {"time_zone": "Mars/Base"})
    member.refresh_from_db()
    assert member.time_zone == "UTC"
    assert "not a time zone" in answer.text


def test_a_missing_page_is_one_of_ours(signed_in: Client) -> None:
    answer = signed_in.get("/accounts/999999/")
    assert answer.status_code == 404
    assert "no such account" in answer.text


def test_a_fault_of_ours_is_said_without_details(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("tenure.metrics.read.accounts_page", broken)
    signed_in.raise_request_exception = False
    answer = signed_in.get("/accounts/")
    assert answer.status_code == 500
    assert "wrong on our side" in answer.text
    assert "secret detail" not in answer.text


def test_a_page_allows_no_script_or_style_but_its_own(signed_in: Client) -> None:
    a_customer()
    answer = signed_in.get("/accounts/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "<script>" not in answer.text
