"""How a figure of the money strip was made: its parts, which add up to it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def show(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    raise Http404(figure)
