"""What every form says of a field that is wrong: the thing, the cause and the next step.

Forms name what is special to a field themselves; whatever they leave to the framework is said here.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import EMPTY_VALUES

TOO_LONG = "“{label}” has %(show_value)d characters; at most %(limit_value)d fit. Shorten it."
NOT_A_CHOICE = "“{label}” has no choice “%(value)s”; it may be gone meanwhile. Choose another one."
_NUMBER = "“{label}” is no number. Write digits, as 20."
# For every kind of field, and each code of a fault the framework would word itself.
ANY: Mapping[str, str] = {
    "required": "“{label}” is empty. Fill it in.",
    "invalid": "“{label}” cannot be read like this. Write it anew.",
    "null_characters_not_allowed": "“{label}” has a character that cannot be kept. Write it anew.",
    "max_length": TOO_LONG,
    "min_length": "“{label}” has %(show_value)d characters; it needs %(limit_value)d. Write more.",
    "min_value": "“{label}” is %(show_value)s, less than it can be. Use %(limit_value)s or more.",
    "max_value": "“{label}” is %(show_value)s, more than it can be. Use %(limit_value)s or less.",
    "step_size": "“{label}” goes in steps of %(limit_value)s. Use a multiple of it.",
    "invalid_choice": NOT_A_CHOICE,
    "invalid_list": "“{label}” takes several choices. Choose from the list.",
}
KINDS: tuple[tuple[type[forms.Field], Mapping[str, str]], ...] = (
    (forms.ChoiceField, {"required": "Nothing is chosen for “{label}”. Choose one."}),
    (
        forms.MultipleChoiceField,
        {"required": "Nothing is chosen for “{label}”. Choose one or more."},
    ),
    (forms.BooleanField, {"required": "“{label}” is not ticked. Tick it to go on."}),
    (forms.IntegerField, {"invalid": "“{label}” is no whole number. Write digits alone, as 20."}),
    (
        forms.DecimalField,
        {
            "invalid": _NUMBER,
            "max_digits": "“{label}” has too many digits; at most %(max)s fit. Shorten it.",
            "max_decimal_places": "“{label}” has too many decimals; at most %(max)s fit. Shorten it.",
            "max_whole_digits": "“{label}” is too large; %(max)s digits fit. Write a smaller one.",
        },
    ),
    (forms.FloatField, {"invalid": _NUMBER}),
    (forms.DateField, {"invalid": "“{label}” is no day. Write it like 2026-03-31."}),
    (forms.TimeField, {"invalid": "“{label}” is no time of day. Write it like 08:30."}),
    (forms.DateTimeField, {"invalid": "“{label}” is no time. Write it like 2026-03-31 08:30."}),
    (
        forms.EmailField,
        {"invalid": "“{label}” is no e-mail address. Write it like ada@example.com."},
    ),
    (forms.URLField, {"invalid": "“{label}” is no address. Write it like https://example.com."}),
    (
        forms.ModelChoiceField,
        {"invalid_choice": "What was chosen for “{label}” is gone meanwhile. Choose another one."},
    ),
)


class Spoken(forms.Form):
    """A form whose fields speak in our sentences."""

    def full_clean(self) -> None:
        """Check everything, with our words."""
        for name, field in self.fields.items():
            speak(field, name)
        super().full_clean()


def speak(field: forms.Field, name: str) -> None:
    """Let a field say its faults in our sentences, but for those it has words of its own for."""
    label = str(field.label if field.label not in EMPTY_VALUES else name.replace("_", " "))
    shown = label.capitalize() if label == name.replace("_", " ") else label
    theirs = _of_framework(field)
    for code, words in _words(field).items():
        if field.error_messages.get(code, theirs.get(code)) == theirs.get(code):
            field.error_messages[code] = words.replace("{label}", shown.replace("%", "per cent"))


def _words(field: forms.Field) -> dict[str, str]:
    found = dict(ANY)
    for kind, words in KINDS:
        if isinstance(field, kind):
            found |= words
    return found


def _of_framework(field: forms.Field) -> dict[str, Any]:
    """What the classes of the field would say."""
    found: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        found |= getattr(kind, "default_error_messages", {})
    return found
