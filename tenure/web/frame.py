"""What every page shows around its content: rail, top bar, theme."""

from typing import Any

from django.http import HttpRequest


def context(request: HttpRequest) -> dict[str, Any]:
    """Values the base template needs on every page."""
    return {}
