"""What forms say of a field that is wrong: sentences of ours on every page, none of the framework's."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django import forms
from django.core import validators
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from tenure.access.models import Member
from tenure.web import urls
from tenure.web.sentences import Spoken
from tests.metrics.rows import a_site
from tests.web.alerting import a_rule
from tests.web.builders import a_customer

LONG = "x" * 3_000
assert urls.urlpatterns  # with them every form is loaded


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def of_the_framework() -> set[str]:
    """How each sentence of its fields and validators begins, up to what it fills in."""
    found = {
        str(words)
        for field in below(forms.Field)
        if field.__module__.startswith("django.")
        for words in getattr(field, "default_error_messages", {}).values()
    }
    for one in (*below(validators.BaseValidator), validators.EmailValidator):
        found.add(str(one.message))
    found |= {"Ensure this value", "You must type the same password", "Please type your current"}
    begun = {re.split(r"[%{]", words)[0].strip() for words in found if isinstance(words, str)}
    return {words for words in begun if len(words) > 12}


FRAMEWORK = of_the_framework()


def test_every_form_of_ours_speaks_in_our_sentences() -> None:
    assert {"This field is required.", "Enter a whole number.", "Enter a valid date."} <= FRAMEWORK
    ours = [one for one in below(forms.BaseForm) if one.__module__.startswith("tenure.")]
    assert len(ours) > 15
    assert [one for one in ours if not issubclass(one, Spoken)] == []


class Everything(Spoken):
    """One field of every kind."""

    text = forms.CharField(label="Text", min_length=3, max_length=5)
    whole = forms.IntegerField(label="Whole", min_value=1, max_value=9)
    decimal = forms.DecimalField(label="Decimal", max_digits=4, decimal_places=2)
    real = forms.FloatField(label="Real")
    day = forms.DateField(label="Day")
    hour = forms.TimeField(label="Hour")
    instant = forms.DateTimeField(label="Instant")
    mail = forms.EmailField(label="E-mail")
    address = forms.URLField(label="Address", assume_scheme="https")
    one_of = forms.ChoiceField(choices=[("a", "A")])
    several = forms.MultipleChoiceField(label="Several", choices=[("a", "A")])
    member = forms.ModelChoiceField(Member.objects.all(), label="Member")
    tick = forms.BooleanField(label="Tick")
    special = forms.CharField(label="Special", error_messages={"required": "Say what."})


def errors(text: str) -> dict[str, str]:
    form = Everything(QueryDict(text))
    return {name: " ".join(str(one) for one in told) for name, told in form.errors.items()}


def test_what_is_left_empty_is_named_with_what_to_do(db: None) -> None:
    told = errors("")
    assert told["text"] == "“Text” is empty. Fill it in."
    assert told["one_of"] == "Nothing is chosen for “One of”. Choose one."
    assert told["several"] == "Nothing is chosen for “Several”. Choose one or more."
    assert told["tick"] == "“Tick” is not ticked. Tick it to go on."
    assert told["special"] == "Say what."
    assert len(told) == len(Everything.base_fields)
    assert not [one for one in told.values() for words in FRAMEWORK if words in one]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("text=abcdef", "“Text” has 6 characters; at most 5 fit. Shorten it."),
        ("text=ab", "“Text” has 2 characters; it needs 3. Write more."),
        ("text=a%00bc", "“Text” has a character that cannot be kept. Write it anew."),
        ("whole=x", "“Whole” is no whole number. Write digits alone, as 20."),
        ("whole=0", "“Whole” is 0, less than it can be. Use 1 or more."),
        ("whole=10", "“Whole” is 10, more than it can be. Use 9 or less."),
        ("decimal=x", "“Decimal” is no number. Write digits, as 20."),
        ("decimal=12345", "“Decimal” has too many digits; at most 4 fit. Shorten it."),
        ("decimal=1.234", "“Decimal” has too many decimals; at most 2 fit. Shorten it."),
        ("decimal=123.4", "“Decimal” is too large; 2 digits fit. Write a smaller one."),
        ("real=x", "“Real” is no number. Write digits, as 20."),
        ("day=soon", "“Day” is no day. Write it like 2026-03-31."),
        ("hour=late", "“Hour” is no time of day. Write it like 08:30."),
        ("instant=now", "“Instant” is no time. Write it like 2026-03-31 08:30."),
        ("mail=ada", "“E-mail” is no e-mail address. Write it like ada@example.com."),
        ("address=a b", "“Address” is no address. Write it like https://example.com."),
        (
            "one_of=b",
            "“One of” has no choice “b”; it may be gone meanwhile. Choose another one.",
        ),
        (
            "several=b",
            "“Several” has no choice “b”; it may be gone meanwhile. Choose another one.",
        ),
        ("member=77", "What was chosen for “Member” is gone meanwhile. Choose another one."),
    ],
)
def test_what_is_wrong_is_named_with_its_cause_and_what_to_do(
    db: None, sent: str, sentence: str
) -> None:
    assert errors(sent)[sent.split("=", maxsplit=1)[0]] == sentence


def test_no_page_shows_a_sentence_of_the_frameworks(signed_in: Client, db: None) -> None:
    site, account, rule = a_site("acme"), a_customer(), a_rule()
    pages: dict[str, list[str]] = {
        reverse(name, args=args): fields
        for name, args, fields in (
            ("notify_settings", [], ["mail", "digest_hour", "quiet_from", "budget"]),
            ("add_route", [], ["name", "rule", "kind", "owner", "tell"]),
            ("add_channel", [], ["name", "way", "address"]),
            ("webhooks", [], ["name", "address", "events"]),
            ("tokens", [], ["name", "scope", "expires"]),
            ("new_attribute", [], ["field", "name", "label", "kind", "unit"]),
            ("save_numbers", [], ["currency", "zone", "preset"]),
            ("contact_rule", [], ["contact_field", "contact_sources"]),
            ("connect", [], ["site", "api_key", "region", "schedule"]),
            ("rekey_site", [site.pk], ["api_key"]),
            ("site_modes", [site.pk], ["accounts_mode", "schedule", "allows_pins"]),
            ("remove_site", [site.pk], ["fate", "confirm"]),
            ("add_user", [account.pk], ["email", "name", "title"]),
            ("alert_rule", [rule.pk], ["name", "kind", "severity", "for_days", "scope"]),
            ("new_segment", [], ["name", "rule", "priority", "owner"]),
            ("account_change_password", [], ["oldpassword", "password1", "password2"]),
            ("account_login", [], ["login", "password"]),
        )
    }
    for address, fields in pages.items():
        for value in ("", "soon", LONG):
            if (fields, value) == (["api_key"], "soon"):
                continue  # it could be a key: the site would be asked
            sent = dict.fromkeys(fields, value)
            answer = signed_in.post(address, sent, follow=True)
            assert answer.status_code in (200, 302, 400, 409, 422), (address, value[:9])
            text = unescape(answer.content.decode())
            shown = [words for words in FRAMEWORK if words in text]
            assert shown == [], (address, value[:9])


def test_the_door_speaks_in_our_sentences(client: Client, db: None) -> None:
    text = client.post("/login/", {"login": "", "password": ""}).text
    assert "“E-mail” is empty. Fill it in." in text
    assert "“Password” is empty. Fill it in." in text
    text = client.post("/login/", {"login": "ada", "password": "x"}).text
    assert "“E-mail” is no e-mail address." in text


def test_a_password_that_is_refused_says_what_to_use(signed_in: Client) -> None:
    new = {"password1": "a long enough one", "password2": "another long one"}
    text = signed_in.post("/password/", {"oldpassword": "wrong", **new}).text
    assert "The current password is not correct. Type it again" in text
    assert "The two new passwords are not the same. Type the same one twice." in text
    for weak, words in (
        ("short", "The password is too short. Use at least 12 characters"),
        ("ada@example.com", "The password is too similar to the email. Choose one"),
        ("password1234", "The password is too common. Choose one that nobody can guess."),
    ):
        sent = {"oldpassword": "x", "password1": weak, "password2": weak}
        assert words in unescape(signed_in.post("/password/", sent).text), weak
