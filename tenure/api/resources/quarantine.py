"""Quarantine: records that could not be read, with the reason."""

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import finding
from tenure.api.listing import Listing, paged
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, PageOf
from tenure.sync import read

resource = Resource("quarantine")


class Quarantined(Billed):
    """A record that could not be read, and still cannot."""

    id: int
    stream: str
    reason: str
    first_seen: str
    last_seen: str
    payload_available: bool


class Quarantine(Listing):
    """Which of them."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")


@resource.get("", PageOf[Quarantined])
def list_quarantine(request: HttpRequest, how: Query[Quarantine]) -> HttpResponse:
    """List what could not be read."""
    site = finding.site(how.site) if how.site is not None else None
    return paged(read.quarantined(site), how, read.quarantined_json)
