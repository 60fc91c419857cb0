"""Signing in: members only. Nobody signs up; an administrator adds people."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class MembersOnly(DefaultAccountAdapter):
    """Closes the sign-up that the login library would otherwise offer."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
