"""The name of a site, as people paste it and as it is kept."""

import re
from urllib.parse import urlsplit

from tenure.core.errors import ConfigurationError

FORM = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
# API keys are long runs of letters and digits; a name that looks like one is never repeated.
KEY_LIKE = re.compile(r"[0-9A-Za-z_+/=-]{28,}")


def tidy(text: str) -> str:
    """The subdomain in what was typed: ``https://Acme.example.com/`` is ``acme``.

    Raises ConfigurationError when no subdomain can be read from it.
    """
    typed = text.strip().strip("\"'").lower()
    name = _host(typed).partition(".")[0]
    if not FORM.fullmatch(name):
        raise ConfigurationError(
            f"{_shown(text)} is not the subdomain of a site.",
            next_step="Use the first part of the site's address: letters, digits and hyphens.",
        )
    return name


def _host(typed: str) -> str:
    try:
        return urlsplit(typed if "://" in typed else f"//{typed}").hostname or ""
    except ValueError:
        return ""


def looks_like_a_key(text: str) -> bool:
    """Whether this may be an API key typed in the wrong place, and so must not be repeated."""
    return bool(KEY_LIKE.fullmatch(text.strip()))


def _shown(text: str) -> str:
    if not text.strip():
        return "An empty name"
    if looks_like_a_key(text):
        return "What was given (it looks like an API key, so it is not repeated here)"
    return repr(text.strip()[:80])
