"""Connecting sites: a key tried, a site added, staged and activated, its key replaced, the site removed.
A key goes in and never comes out."""

from typing import Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables
from ninja import Query
from pydantic import BaseModel, Field, SecretStr

from tenure.api import answers, finding
from tenure.api.problems import Problem
from tenure.api.resource import ADMIN, Resource
from tenure.api.resources.sites import Mode, Site, SiteReport, document, resource
from tenure.api.schemas import Body, Flag
from tenure.connections import check, schedule, setups, subdomains, write
from tenure.connections.models import Site as Row
from tenure.connections.proof import home_region
from tenure.connections.read import is_connected
from tenure.connections.setups import Step
from tenure.core.errors import TemporaryError
from tenure.core.secrets import Secret
from tenure.sources import registry
from tenure.sync import activation
from tenure.sync.purge import purge

# Not below sites, where it would be the address of a site that is called so.
keys = Resource("key-checks")
LONGEST_KEY = 200


class Key(Body):
    """The private API key. It is sealed when it is kept, and no answer has it."""

    key: SecretStr = Field(min_length=1, max_length=LONGEST_KEY)


class KeyToTry(Key):
    """A site and a key that may be its."""

    subdomain: str = Field(min_length=1, max_length=120)
    region: str | None = Field(None, max_length=20, description="us or eu; found when left out.")


class NewSite(KeyToTry):
    """A site to be read."""

    accounts: Mode = "daily"
    subscriptions: Mode = "daily"
    schedule: str = Field(schedule.DEFAULT, max_length=80, examples=["daily 02:30 Europe/Berlin"])
    staged: Flag = Field(
        default=False, description="Read it, but make no account until it is activated."
    )


class Removal(BaseModel):
    """What becomes of the data."""

    data: Literal["keep", "purge"] = Field(
        description="keep forgets the key only; purge deletes everything that was read of the site."
    )


@keys.post("", SiteReport, scope=ADMIN)
@sensitive_variables()
def check_key(request: HttpRequest, body: KeyToTry) -> HttpResponse:
    """Try a key before anything is saved.

    Asks the site what the key may read, how much there is and which custom fields it has. Takes up to
    two minutes and saves nothing; trouble with the key is in the report.
    """
    name = subdomains.tidy(body.subdomain)
    key = write.usable(Secret(body.key.get_secret_value()), name)
    report = check.check_key(
        registry.DEFAULT, name, key, _region(body.region), now=settings.TENURE_CLOCK.now()
    )
    return answers.plain(report.as_json())


@resource.post("", Site, scope=ADMIN, status=201)
@sensitive_variables()
def connect(request: HttpRequest, body: NewSite) -> HttpResponse:
    """Connect a site.

    Its key is proved with the site before it is saved, sealed. Ask for the first sync with POST runs.
    One that was removed with its data kept comes back. Refused with 409 when it is connected already.
    """
    name = subdomains.tidy(body.subdomain)
    _refuse_connected(name)
    key = write.usable(Secret(body.key.get_secret_value()), name)
    made = write.add_site(
        registry.DEFAULT,
        name,
        _region(body.region) or home_region(registry.DEFAULT, name, key),
        key,
        accounts_mode=body.accounts,
        subscriptions_mode=body.subscriptions,
        schedule=body.schedule,
        staged=body.staged,
        now=settings.TENURE_CLOCK.now(),
    )
    where = f"/api/v1/sites/{made.subdomain}"
    return answers.one(request, document(made), status=201, location=where)


@resource.put("/{subdomain}/key", Site, scope=ADMIN)
@sensitive_variables()
def replace_key(request: HttpRequest, subdomain: str, body: Key) -> HttpResponse:
    """Replace a site's key.

    By another one of the same site, proved first; reading goes on if it had stopped for want of one.
    """
    site = finding.site(subdomain)
    answers.refuse_stale(request, document(site))
    key = Secret(body.key.get_secret_value())
    changed = write.rekey(site, key, now=settings.TENURE_CLOCK.now())
    return answers.one(request, document(changed))


@resource.post("/{subdomain}/activate", Site, scope=ADMIN, status=202)
def activate(request: HttpRequest, subdomain: str) -> HttpResponse:
    """Make the accounts of a staged site.

    A worker makes them of what was read, together with those of the sites that are set up with it, and
    brings in what changed meanwhile. Look at the site until it is no longer staged, then at its runs.
    """
    site = finding.site(subdomain)
    if not site.staged:
        raise Problem(
            409,
            f"{site.subdomain} is not staged: its records make accounts already.",
            next_step="Bring it up to date with POST runs.",
        )
    now = settings.TENURE_CLOCK.now()
    with transaction.atomic():
        setup = setups.unfinished_of(site)
        if setup is None:
            setup = setups.begin([site], [], member=None, now=now)
            setups.note(setup, unattended=True)
        setups.reach(setup, Step.PROGRESS)
        activation.ask(setup)
    return answers.plain(document(site), status=202)


@resource.delete("/{subdomain}", None, scope=ADMIN, status=204)
def remove(request: HttpRequest, subdomain: str, how: Query[Removal]) -> HttpResponse:
    """Remove a site.

    Its data is kept or purged, as “data” says. Refused with 409 while a run of a site that shall be
    purged is going on.
    """
    site = finding.site(subdomain)
    if how.data == "keep":
        write.forget_key(site)
        return HttpResponse(status=204)
    try:
        purge(site, now=settings.TENURE_CLOCK.now())
    except TemporaryError as going:
        raise Problem(409, going.message, next_step=going.next_step) from going
    return HttpResponse(status=204)


def _region(region: str | None) -> str | None:
    """The region, if the source has it. Raises Problem."""
    regions = registry.source(registry.DEFAULT).regions
    if region is not None and region not in regions:
        raise Problem(
            422,
            f"There is no region {region!r}.",
            next_step=f"Possible: {', '.join(regions)}; leave it out to have it found.",
            field="region",
        )
    return region


def _refuse_connected(name: str) -> None:
    found = Row.objects.filter(source=registry.DEFAULT, subdomain=name).first()
    if found and is_connected(found):
        raise Problem(
            409,
            f"{name} is already connected.",
            next_step=f"Replace its key with PUT sites/{name}/key.",
            field="subdomain",
        )
