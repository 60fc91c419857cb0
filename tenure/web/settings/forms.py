"""The forms of the Integrations Hub. They check shapes only; whether a key is good, the site says."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from tenure.connections import schedule
from tenure.connections.models import Mode
from tenure.core.errors import ConfigurationError
from tenure.sources.base import Source

ANY_REGION = ""
MODE_HELP = (
    "Daily Sync follows the source; Import Only takes each record once; Link only creates nothing."
)


class Styled(forms.Form):
    """Gives every input its look, and ties its error and hint to it for those who listen."""

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("class", "input")
            told = []
            if field.help_text:
                told.append(f"id_{name}_helptext")
            if self.is_bound and self.errors.get(name):
                field.widget.attrs["aria-invalid"] = "true"
                told.append(f"id_{name}_error")
            if told:
                field.widget.attrs["aria-describedby"] = " ".join(told)

    def refuse(self, name: str, error: str) -> None:
        """Put a refusal that came from outside at the field that caused it."""
        self.add_error(name, error)
        self.fields[name].widget.attrs["aria-invalid"] = "true"
        self.fields[name].widget.attrs["aria-describedby"] = f"id_{name}_error"


class ModesForm(Styled):
    """How a site is kept: its two modes and its schedule."""

    accounts_mode = forms.ChoiceField(label="Accounts", choices=Mode.choices, initial=Mode.DAILY)
    subscriptions_mode = forms.ChoiceField(
        label="Subscriptions", choices=Mode.choices, initial=Mode.DAILY
    )
    schedule = forms.CharField(
        label="Schedule",
        max_length=80,
        initial=schedule.DEFAULT,
        help_text="daily 02:30 Europe/Berlin, every 15 minutes, or off.",
    )

    def clean_schedule(self) -> str:
        try:
            return str(schedule.parse(self.cleaned_data["schedule"]))
        except ConfigurationError as error:
            raise forms.ValidationError(str(error)) from None


class ConnectForm(ModesForm):
    """A site and its key; or the source's own name and a JSON map of subdomain to key."""

    site = forms.CharField(
        label="Site",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    api_key = forms.CharField(
        label="API Key",
        max_length=100_000,
        strip=True,
        widget=forms.Textarea(
            attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false", "class": "input keys"}
        ),
    )
    region = forms.ChoiceField(label="Region", required=False)

    field_order: Sequence[str] = ("site", "api_key", "region")

    def __init__(self, source: Source, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        choices = [(ANY_REGION, "Find it from the key"), *source.regions.items()]
        region = self.fields["region"]
        if isinstance(region, forms.ChoiceField):
            region.choices = choices
        self.fields[
            "site"
        ].help_text = f"The subdomain of one site, or {source.label} to add several at once."
        self.fields["api_key"].help_text = (
            "The site's private key; or, for several, a JSON map: "
            '{"subdomain1": "API_key1", "subdomain2": "API_key2"}'
        )
        for name in ("site", "api_key"):
            told = self.fields[name].widget.attrs.get("aria-describedby", "")
            self.fields[name].widget.attrs["aria-describedby"] = (
                f"id_{name}_helptext {told}".strip()
            )


class KeyForm(Styled):
    """A new key for a site that is there."""

    api_key = forms.CharField(
        label="New API Key",
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Checked with the site before it replaces the old one; never shown again.",
    )


class RemoveForm(Styled):
    """Removing a site: what becomes of its data, and its name typed as a proof of meaning it."""

    fate = forms.ChoiceField(choices=[("keep", "keep"), ("purge", "purge")])
    confirm = forms.CharField(label="Type the site's name", required=False)

    def __init__(self, subdomain: str, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.subdomain = subdomain

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed = str(cleaned.get("confirm", "")).strip().lower()
        if cleaned.get("fate") == "purge" and typed != self.subdomain:
            self.refuse("confirm", f"Type {self.subdomain} to delete its data for good.")
        return cleaned
