"""Signing in: members only. Nobody signs up; an administrator adds people."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm
from allauth.account.views import LoginView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse_lazy

from tenure.web.sentences import Spoken


class MembersOnly(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Closes the sign-up that the login library would otherwise offer; its refusals are sentences."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail or the password is not correct. Check both, or ask"
        " an administrator for a new password.",
        "enter_current_password": "The current password is not correct. Type it again, or ask an"
        " administrator for a new one.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # the library's signature
        return False


class SignInForm(Spoken, LoginForm):  # type: ignore[misc]  # the library ships no types
    """E-mail and password."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["login"].label = "E-mail"


class PasswordForm(Spoken, ChangePasswordForm):  # type: ignore[misc]  # the library ships no types
    """The old password, and the new one twice."""

    def add_error(self, field: str | None, error: Any) -> None:
        """The library words one fault itself: that the two are not the same."""
        if field == "password2" and not isinstance(error, ValidationError):
            error = "The two new passwords are not the same. Type the same one twice."
        super().add_error(field, error)


class SignIn(LoginView):  # type: ignore[misc]  # the library ships no types
    """The door: e-mail and password, throttled by address and by e-mail."""

    template_name = "web/signin/sign_in.html"
    form_class = SignInForm

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        # The library's own adds links to a sign-up and a reset by mail that do not exist here.
        return {"form": more.get("form") or self.get_form(), "next": self.get_next_url() or ""}


class ChangePassword(PasswordChangeView):  # type: ignore[misc]  # the library ships no types
    """One's own password, from the old one."""

    template_name = "web/signin/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("accounts")
