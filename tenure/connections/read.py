"""Questions about the configured sites, and the one place where a stored key is opened."""

from collections.abc import Iterable, Sequence

from django.conf import settings

from tenure.connections.models import IdentifierRule, Site, Workspace
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import KeyRing, Secret
from tenure.sources.base import Endpoint


def sites() -> Sequence[Site]:
    """All sites in their order of priority, the disconnected included."""
    return list(Site.objects.all())


def site_named(subdomain: str) -> Site:
    """The site of this subdomain. Raises ConfigurationError that lists what there is instead."""
    wanted = subdomain.strip().lower()
    found = Site.objects.filter(subdomain=wanted).first()
    if found:
        return found
    known = ", ".join(Site.objects.values_list("subdomain", flat=True)) or "none yet"
    raise ConfigurationError(
        f"There is no site {wanted!r}.", next_step=f"Connected sites: {known}."
    )


def sites_named(subdomains: Iterable[str]) -> Sequence[Site]:
    """The named sites, or every connected one when no name is given."""
    names = list(dict.fromkeys(subdomains))
    if names:
        return [site_named(name) for name in names]
    return [site for site in sites() if is_connected(site)]


def is_connected(site: Site) -> bool:
    """Whether we hold a key for it; a site removed with its data kept stays, without one."""
    return bool(site.key_sealed)


def key_ring() -> KeyRing:
    """The ring that seals and opens the keys of this deployment."""
    ring: KeyRing = settings.TENURE_KEYRING
    return ring


def open_key(site: Site) -> Secret:
    """The site's key. Raises ConfigurationError when it was forgotten or the ring does not open it."""
    if not is_connected(site):
        raise ConfigurationError(
            f"{site.subdomain}: its key was forgotten when it was removed.",
            next_step="Add the site again with its key.",
        )
    try:
        return key_ring().open(site.key_sealed, context=site.key_context)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{site.subdomain}: {error.message}", next_step=error.next_step
        ) from error


def endpoint(site: Site) -> Endpoint:
    """Where and with what the site is read."""
    return endpoint_for(site.source, site.subdomain, site.region, open_key(site))


def endpoint_for(source: str, subdomain: str, region: str, key: Secret) -> Endpoint:
    """The endpoint of a site that need not be saved. The address is the operator's, by region.

    Raises ConfigurationError for a region the source does not have.
    """
    addresses = base_urls(source)
    if region not in addresses:
        raise ConfigurationError(
            f"{region!r} is not a region.", next_step=f"Choose one of {', '.join(addresses)}."
        )
    return Endpoint(subdomain, region, addresses[region], key, settings.TENURE_CA_FILE)


def base_urls(source: str) -> dict[str, str]:
    """The addresses of a source by region, from the operator's settings alone (threat T4)."""
    urls: dict[str, str] = getattr(settings, f"TENURE_{source.upper()}_URLS")
    return urls


def workspace() -> Workspace:
    """What holds for the whole deployment; the defaults while nobody has chosen."""
    return Workspace.objects.first() or Workspace()


def identifier_rule() -> IdentifierRule | None:
    """The rule in force; None while nobody has chosen one."""
    return next(iter(IdentifierRule.objects.raw(_RULE)), None)


# Every page of a sync asks, so the statement is not composed anew each time.
_RULE = "SELECT * FROM connections_identifierrule ORDER BY id DESC LIMIT 1"
