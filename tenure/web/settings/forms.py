"""The forms of the Integrations Hub. They check shapes only; whether a key is good, the site says."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from tenure.connections import schedule
from tenure.connections.models import Mode
from tenure.connections.subdomains import looks_like_a_key
from tenure.core.errors import ConfigurationError
from tenure.sources.base import Source
from tenure.web.sentences import Spoken

ANY_REGION = ""
# Our fields by the names under which a source describes its credentials.
CREDENTIALS = {"site": "subdomain", "api_key": "key", "region": "region"}
MODE_HELP = (
    "Daily Sync follows the source; Import Only takes each record once; Link only creates nothing."
)


class Styled(Spoken):
    """Gives every input its look; Django itself ties errors and hints to it for those who listen."""

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")


class KeyInput(forms.Textarea):
    """Takes keys and never writes one back into a page, not even after an error."""

    def format_value(self, value: Any) -> str:  # noqa: ARG002  # that is the point
        return ""


class NameInput(forms.TextInput):
    """Takes a site's name; what looks like a key typed in the wrong place is not written back."""

    def format_value(self, value: Any) -> str | None:
        return "" if is_misplaced_key(str(value or "")) else super().format_value(value)


def is_misplaced_key(text: str) -> bool:
    """Whether a key stands where a name belongs. Long names have hyphens; keys have digits and none."""
    return looks_like_a_key(text) and "-" not in text and any(c.isdigit() for c in text)


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


class KeptForm(ModesForm):
    """How a site that is there is kept: modes, schedule, and whether pins hold."""

    allows_pins = forms.TypedChoiceField(
        label="Pins",
        choices=[("yes", "Pinned values hold"), ("no", "No pins: the site always wins")],
        coerce=lambda text: text == "yes",
        required=False,
        empty_value=None,
        help_text="Whether a pinned value holds against Daily Sync.",
    )


class ConnectForm(ModesForm):
    """A site and its key; or the source's own name and a JSON map of subdomain to key."""

    site = forms.CharField(
        label="Site",
        max_length=200,
        widget=NameInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    api_key = forms.CharField(
        label="API Key",
        max_length=100_000,
        strip=True,
        widget=KeyInput(
            attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false", "class": "input keys"}
        ),
    )
    region = forms.ChoiceField(label="Region", required=False)

    field_order: Sequence[str] = ("site", "api_key", "region")

    def __init__(self, source: Source, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.source = source
        for name, key in CREDENTIALS.items():
            told = next((c for c in source.credentials if c.key == key), None)
            if told:
                self.fields[name].label, self.fields[name].help_text = told.label, told.help
            if told and isinstance(field := self.fields[name], forms.ChoiceField):
                field.choices = [(ANY_REGION, "Find it from the key"), *told.choices.items()]

    def clean_site(self) -> str:
        site: str = self.cleaned_data["site"]
        if is_misplaced_key(site):
            raise forms.ValidationError(
                "This looks like an API key. Enter the site's subdomain here, and its key below."
            )
        return site

    @property
    def is_map(self) -> bool:
        """Whether the Site field names the source itself, so that the key's field holds a map."""
        site = str(self.cleaned_data.get("site", "")).strip().lower()
        return site in {self.source.key.lower(), self.source.label.lower()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        key = cleaned.get("api_key", "")
        if not self.is_map and key.startswith("{"):
            told = f"The key's field holds a map of sites. To add them, enter {self.source.label} here."
            self.add_error("site", told)
        elif not self.is_map and any(character.isspace() for character in key):
            self.add_error("api_key", "The key has a space or line break inside. Copy it alone.")
        return cleaned


class KeyForm(Styled):
    """A new key for a site that is there."""

    api_key = forms.CharField(
        label="New API Key",
        max_length=500,
        widget=KeyInput(
            attrs={"rows": 1, "autocomplete": "off", "spellcheck": "false", "class": "input key"}
        ),
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
            self.add_error("confirm", f"Type {self.subdomain} to delete its data for good.")
        return cleaned
