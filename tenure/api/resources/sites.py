"""Sites: how each one stands, how it is kept, and whether its key may read everything. Never a key."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import token_of
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Flag, PageOf, Shape
from tenure.connections import check, read, shapes, write
from tenure.connections.models import Site as Row
from tenure.sync import read as runs

resource = Resource("sites")
Mode = Literal["daily", "import", "link"]


class GoodRun(Shape):
    """The newest complete run."""

    id: int
    finished_at: str | None


class Site(Shape):
    """A site that is read."""

    subdomain: str
    site_id: str
    region: str
    mode: str = Field(description="Of the site itself: production, sandbox or development.")
    accounts: Mode
    subscriptions: Mode
    schedule: str
    state: str
    state_reason: str | None
    connected: bool
    staged: bool
    allows_pins: bool
    last_good_run: GoodRun | None
    webhook_url: str | None
    webhook_verified_at: str | None
    key_last4: str


class SiteChanges(Body):
    """How it shall be kept; what is not named stays as it is."""

    accounts: Mode | None = None
    subscriptions: Mode | None = None
    schedule: str | None = Field(None, max_length=80, examples=["every 15 minutes"])
    allows_pins: Flag | None = None
    paused: Flag | None = Field(None, description="Whether it is read by itself.")


class SiteReport(Shape):
    """What a key may read."""

    subdomain: str
    region: str
    ok: bool
    streams: list[dict[str, Any]]
    custom_fields: list[dict[str, Any]]
    error: dict[str, Any] | None


def document(site: Row) -> dict[str, Any]:
    """The site with its newest complete run."""
    good = runs.last_good([site.pk]).get(site.pk)
    return shapes.site(site, good.pk if good else None, good.finished_at if good else None)


@resource.get("", PageOf[Site])
def list_sites(request: HttpRequest) -> HttpResponse:
    """List the sites, in the order in which their values count."""
    return answers.page([document(site) for site in read.sites()], None)


@resource.get("/{subdomain}", Site)
def show(request: HttpRequest, subdomain: str) -> HttpResponse:
    """Show a site."""
    return answers.one(request, document(finding.site(subdomain)))


@resource.patch("/{subdomain}", Site, scope=ADMIN)
def update(request: HttpRequest, subdomain: str, body: SiteChanges) -> HttpResponse:
    """Change how a site is kept.

    Modes and schedule take effect with its next run.
    """
    site = write.locked(finding.site(subdomain))
    answers.refuse_stale(request, document(site))
    write.set_site(
        site,
        accounts_mode=body.accounts,
        subscriptions_mode=body.subscriptions,
        schedule=body.schedule,
        allows_pins=body.allows_pins,
    )
    if body.paused is True:
        write.pause(site, f"Paused by token {token_of(request).name}.")
    elif body.paused is False:
        write.resume(site)
    return answers.one(request, document(finding.site(subdomain)))


@resource.post("/{subdomain}/check", SiteReport, scope=ADMIN)
def check_site(request: HttpRequest, subdomain: str) -> HttpResponse:
    """Check a site.

    Asks it now what its key may read, how much there is and which custom fields it has. Takes up to
    two minutes and saves nothing; trouble with the site is in the report.
    """
    report = check.check_site(finding.site(subdomain), now=settings.TENURE_CLOCK.now())
    return answers.plain(report.as_json())
