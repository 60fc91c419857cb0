"""What a site says of itself, and counts said in a header."""

from datetime import datetime

import msgspec
from msgspec import Raw, Struct, json

from tenure.core.http import Answer
from tenure.sources.base import SiteFacts
from tenure.sources.recurly import texts
from tenure.sources.recurly.bodies import json_of
from tenure.sources.recurly.fields import Id, Time
from tenure.sources.recurly.retrying import Again


class Settings(Struct, gc=False):
    default_currency: str | None = None
    accepted_currencies: list[str] | None = None


class Site(Struct, gc=False):
    id: Id
    subdomain: Id
    mode: str | None = None
    settings: Settings | None = None
    features: list[str] | None = None


class _Sites(Struct, gc=False):
    data: list[Site]


class _Times(Struct, gc=False):
    updated_at: Time


class _Changed(Struct, gc=False):
    data: list[_Times]


_sites = json.Decoder(_Sites)
_changed = json.Decoder(_Changed)
_anything = json.Decoder(Raw)
NO_SETTINGS = Settings()
# What a customer success team would look for in vain where the site does not use it.
_MISSED = {
    "credit_memos": "Credit invoices are not used: written-off amounts have no credit beside them.",
    "manual_invoicing": "Manual invoices are not used: nobody pays on terms.",
    "subscription_terms": "Subscription terms are not used: a subscription renews with each period.",
}


def sites_in(answer: Answer) -> list[Site]:
    """The sites a key can see. Raises Again for anything but such a list."""
    try:
        return _sites.decode(_text(answer)).data
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Again(f"upstream did not answer as an API: this lists no sites ({error})") from None


def newest_in(answer: Answer) -> datetime | None:
    """When the first record listed last changed; None for an empty list."""
    try:
        found = _changed.decode(_text(answer)).data
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Again(f"upstream did not answer as an API: this is no list ({error})") from None
    return found[0].updated_at if found else None


def one_in(answer: Answer) -> bytes:
    """A single object. Raises Again for anything else."""
    text, _ = texts.without_nul(_text(answer))
    try:
        one = bytes(_anything.decode(text))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Again(f"the answer is not JSON: {error}") from None
    if one[:1] != b"{":
        raise Again("upstream did not answer as an API: this is no object")
    return one


def total_in(answer: Answer) -> int:
    """The number of records counted by a HEAD. Raises Again when it is not said."""
    text = answer.headers.get("Recurly-Total-Records", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Again("upstream did not answer as an API: it counts no records")
    return int(text)


def facts(site: Site, upstream_now: datetime) -> SiteFacts:
    """The neutral facts of a site."""
    settings = site.settings or NO_SETTINGS
    return SiteFacts(
        site_id=site.id,
        subdomain=site.subdomain,
        mode=site.mode or "unknown",
        default_currency=settings.default_currency or None,
        currencies=tuple(settings.accepted_currencies or ()),
        features=tuple(site.features or ()),
        upstream_now=upstream_now,
        lacks=_lacks(site.features),
    )


def _lacks(features: list[str] | None) -> tuple[str, ...]:
    if not features:
        return ()  # a site that tells of none does not say that it lacks all
    return tuple(said for name, said in _MISSED.items() if name not in features)


def _text(answer: Answer) -> bytes:
    text = json_of(answer)
    if not texts.is_utf8(text):
        raise Again("the answer is not UTF-8 text")
    return text
