"""The workspace: its choices about its figures."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Shape
from tenure.connections import workspace as choices
from tenure.metrics import rateshapes

resource = Resource("workspace")


class WorkspaceSettings(Shape):
    """Every setting as text."""

    preset: str = Field(description="Which preset the settings are as of; none for their own.")
    currency: str = Field(description="The currency of converted totals.")
    zone: str = Field(description="Where days begin and end.")
    derive_rates: str
    days_per_month: str
    mrr_discounts: str
    drop_after_days: str
    churn_recognition: str
    pause_as_churn: str
    min_coverage: str


class SettingsChange(Body):
    """What to change; each value as text. What is left out stays."""

    preset: str | None = Field(None, max_length=40)
    currency: str | None = Field(None, max_length=10, examples=["EUR"])
    zone: str | None = Field(None, max_length=60, examples=["Europe/Berlin"])
    derive_rates: str | None = Field(None, max_length=10, examples=["on"])
    days_per_month: str | None = Field(None, max_length=20, examples=["365/12"])
    mrr_discounts: str | None = Field(None, max_length=20, examples=["recurring"])
    drop_after_days: str | None = Field(None, max_length=10, examples=["never"])
    churn_recognition: str | None = Field(None, max_length=20, examples=["at_end"])
    pause_as_churn: str | None = Field(None, max_length=10, examples=["off"])
    min_coverage: str | None = Field(None, max_length=10, examples=["0.5"])


@resource.get("", WorkspaceSettings)
def show(request: HttpRequest) -> HttpResponse:
    """Show the settings of figures."""
    return answers.one(request, rateshapes.settings())


@resource.patch("", WorkspaceSettings, scope=ADMIN)
def change(request: HttpRequest, body: SettingsChange) -> HttpResponse:
    """Change settings of figures.

    All accounts are measured again in the background.
    """
    wanted: dict[str, Any] = body.model_dump(exclude_none=True)
    answers.refuse_stale(request, rateshapes.settings())
    author = caller(request).name
    choices.change(wanted, now=settings.TENURE_CLOCK.now(), author=author)
    return answers.one(request, rateshapes.settings())
