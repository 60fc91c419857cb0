"""The forms of what people are told."""

from typing import Any

from django import forms
from django.http import QueryDict

from tenure.access.models import Member
from tenure.alerts.models import AlertRule, Kind, Severity
from tenure.notify import read
from tenure.notify.models import Preference, To, Way
from tenure.notify.routes import ENDED, OPENED
from tenure.web.settings.forms import Styled

HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
NO_HOUR = [("", "no quiet hours")]
EACH, DIGEST, NONE = "each", "digest", "none"
EVENTS = [(OPENED, "An alert opened"), (ENDED, "An alert ended")]


class PreferenceForm(Styled):
    """How a member wants to hear. What is told within Tenure is always there."""

    mail = forms.ChoiceField(
        label="E-mail",
        choices=[(EACH, "Each alert by itself"), (DIGEST, "One summary a day"), (NONE, "No mail")],
    )
    digest_hour = forms.ChoiceField(
        label="Summary at", choices=HOURS, help_text="By your own time zone."
    )
    quiet_from = forms.ChoiceField(label="Quiet from", choices=NO_HOUR + HOURS, required=False)
    quiet_until = forms.ChoiceField(
        label="Quiet until",
        choices=NO_HOUR + HOURS,
        required=False,
        help_text="Mail waits until then. The bell makes no noise.",
    )
    budget = forms.IntegerField(
        label="Alerts a day",
        min_value=0,
        max_value=1_000,
        help_text="You are told of so many a day, the gravest first. The others stay in the inbox, and"
        " your next summary says how many there were.",
    )

    @staticmethod
    def begun(kept: Preference) -> dict[str, Any]:
        """What the form shows for choices that stand."""
        mail = NONE if not kept.email else DIGEST if kept.digest else EACH
        return {
            "mail": mail,
            "digest_hour": str(kept.digest_hour),
            "quiet_from": "" if kept.quiet_from is None else str(kept.quiet_from),
            "quiet_until": "" if kept.quiet_until is None else str(kept.quiet_until),
            "budget": kept.budget,
        }

    def wanted(self) -> dict[str, Any]:
        """The choices as ``notify`` keeps them."""
        said = self.cleaned_data
        return {
            "email": said["mail"] != NONE,
            "digest": said["mail"] == DIGEST,
            "digest_hour": int(said["digest_hour"]),
            "quiet_from": int(said["quiet_from"]) if said["quiet_from"] else None,
            "quiet_until": int(said["quiet_until"]) if said["quiet_until"] else None,
            "budget": said["budget"],
        }


class RouteForm(Styled):
    """Which alerts, and whom they are told to."""

    name = forms.CharField(label="Name", max_length=120)
    rule = forms.ModelChoiceField(
        AlertRule.objects.all(), label="Rule", required=False, empty_label="any rule"
    )
    kind = forms.ChoiceField(
        label="Type", choices=[("", "any type"), *Kind.choices], required=False
    )
    least_severity = forms.ChoiceField(
        label="Severity from",
        choices=[("", "any"), *[one for one in Severity.choices if one[0] != Severity.AUTO]],
        required=False,
    )
    owner = forms.ModelChoiceField(
        Member.objects.none(), label="Owned by", required=False, empty_label="anybody"
    )
    tell = forms.ChoiceField(label="Tell")

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        members = Member.objects.filter(is_active=True).order_by("email")
        self.fields["owner"].queryset = members  # type: ignore[attr-defined]
        told = [(To.OWNER.value, To.OWNER.label), (To.FOLLOWERS.value, To.FOLLOWERS.label)]
        channels = [(f"channel:{one.pk}", one.name) for one in read.channels()]
        people = [(f"member:{one.pk}", str(one)) for one in members]
        self.fields["tell"].choices = [  # type: ignore[attr-defined]
            *told,
            ("Shared channels", channels),
            ("Members", people),
        ]

    def wanted(self) -> dict[str, Any]:
        """The route as ``notify`` keeps it."""
        said = self.cleaned_data
        to, _, number = said["tell"].partition(":")
        return {
            "name": said["name"],
            "to": to,
            "alert_rule": said["rule"],
            "kind": said["kind"],
            "least_severity": said["least_severity"],
            "owner": said["owner"],
            "member": Member.objects.get(pk=number) if to == To.MEMBER else None,
            "channel": next((c for c in read.channels() if str(c.pk) == number), None)
            if to == To.CHANNEL
            else None,
        }


class ChannelForm(Styled):
    """A chat room or a shared mailbox."""

    name = forms.CharField(label="Name", max_length=120, help_text="Such as #customer-success.")
    way = forms.ChoiceField(
        label="Kind",
        choices=[(Way.SLACK.value, "Slack or compatible"), (Way.EMAIL.value, Way.EMAIL.label)],
    )
    address = forms.CharField(
        label="Address",
        max_length=2_000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="The incoming webhook's https address, or an e-mail address. It is sealed.",
    )


class WebhookForm(Styled):
    """A program of yours that hears of events."""

    name = forms.CharField(label="Name", max_length=120)
    address = forms.CharField(
        label="Address",
        max_length=2_000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="https only, on the public internet unless your operator allows the host.",
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=EVENTS,
        initial=[OPENED],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "tick"}),
        help_text="None: it hears only what routes send it.",
    )
