"""Members: who may be added, changed and shut out."""

import pytest

from tenure.access import read, write
from tenure.access.models import Member, Role
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret

pytestmark = pytest.mark.django_db
GOOD = Secret("plain words make a password")


def an_administrator(email: str = "ada@example.com") -> Member:
    return write.add_member(email, role=Role.ADMINISTRATOR, password=GOOD)


def test_a_member_can_sign_in_with_the_password_given() -> None:
    member = an_administrator()
    assert read.member_of("ADA@example.com").check_password(GOOD.reveal())
    assert member.password.startswith("argon2")


def test_a_member_without_a_password_cannot_sign_in() -> None:
    assert not write.add_member("bob@example.com").has_usable_password()


@pytest.mark.parametrize(
    "email", ["", "bob", "bob@", "bob@example", "a b@example.com", "b" * 255 + "@example.com"]
)
def test_what_is_no_email_is_refused(email: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not an e-mail address|longer than 254"):
        write.add_member(email)


def test_an_email_is_taken_whatever_its_case() -> None:
    an_administrator()
    with pytest.raises(ConfigurationError, match="is a member already"):
        write.add_member("Ada@Example.com")


def test_a_weak_password_is_refused_with_every_reason_and_nobody_is_added() -> None:
    with pytest.raises(ConfigurationError) as caught:
        write.add_member("bob@example.com", password=Secret("password"))
    assert "at least 12 characters" in str(caught.value)
    assert "too common" in str(caught.value)
    assert not read.members()


def test_an_unknown_role_is_refused_with_the_roles_there_are() -> None:
    with pytest.raises(ConfigurationError, match="administrator, super-manager, csm"):
        write.add_member("bob@example.com", role="boss")


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"active": False}])
def test_the_last_administrator_stays(change: dict[str, str | bool]) -> None:
    member = an_administrator()
    with pytest.raises(ConfigurationError, match="is the last administrator"):
        write.set_member(member, **change)  # type: ignore[arg-type]
    assert Member.objects.get().role == Role.ADMINISTRATOR
    assert Member.objects.get().is_active


def test_an_administrator_can_go_when_another_stays() -> None:
    first, _second = an_administrator(), an_administrator("eve@example.com")
    write.disable_member(first)
    assert not read.member_of(first.email).is_active


def test_a_disabled_administrator_does_not_count_as_the_one_who_stays() -> None:
    first, second = an_administrator(), an_administrator("eve@example.com")
    write.disable_member(second)
    with pytest.raises(ConfigurationError, match="is the last administrator"):
        write.disable_member(first)


def test_an_unknown_member_is_refused_with_where_to_look() -> None:
    with pytest.raises(ConfigurationError, match="tenure member list"):
        read.member_of("nobody@example.com")
