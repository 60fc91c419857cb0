"""Version 1 of the API: its resources, its addresses, and how it describes itself."""

import json
from functools import cache, wraps
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.urls.resolvers import URLPattern
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tenure import __version__
from tenure.api import bodies, docs, gate, problems
from tenure.api.resource import ADMIN, only_known_parameters
from tenure.api.resources import RESOURCES
from tenure.api.schemas import Problem

PREFIX = "api/v1"
BULK, NAMED = "/bulk", "/<path:identifier>"

api = NinjaAPI(
    title="Tenure",
    version="1",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    parser=bodies.Received(),
    auth=ADMIN,  # what does not say who may call it, only the widest scope may
)
api.add_decorator(only_known_parameters, mode="view")
for kind in (Exception, HttpError, AuthenticationError, ValidationError):
    api.add_exception_handler(kind, problems.of_exception)  # type: ignore[arg-type]
for resource in RESOURCES:
    api.add_router(f"/{resource.name}", resource.router)


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    document = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX + "/")))
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}
    document["info"] |= {"description": docs.PREFACE, "x-tenure-version": __version__}
    document["servers"] = [{"url": "/"}]
    return document  # type: ignore[no-any-return]


def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; it holds no data of anybody, so that every tool may read it."""
    return HttpResponse(json.dumps(description(), ensure_ascii=False), "application/json")


def readable(request: HttpRequest) -> HttpResponse:
    """The page that explains the API."""
    return docs.page(request, description())


def urls() -> list[URLPattern]:
    """Every address below /api, deny by default."""
    operations = []
    views = {str(p.pattern): p.callback for p in api.urls[0] if isinstance(p, URLPattern)}
    # A name may have a slash in it, so the addresses that end with one are tried last.
    for pattern in sorted(api.urls[0], key=_is_open):
        if not isinstance(pattern, URLPattern) or pattern.name == "api-root":
            continue
        where = str(pattern.pattern)
        found = cast("gate.View", pattern.callback)
        most = bodies.MOST_BYTES_BULK if where.endswith(BULK) else bodies.MOST_BYTES
        named = views.get(where.removesuffix(BULK) + NAMED) if where.endswith(BULK) else None
        if named:
            found = _or_its_namesake(found, cast("gate.View", named))
        view = gate.guarded(found, most_bytes=most, is_slow=where.endswith("/report"))
        operations.append(path(f"v1/{where}", view, name=pattern.name))
    for view in (openapi, readable):
        view.login_required = False  # type: ignore[attr-defined]
    return [
        path("v1/openapi.json", openapi, name="api-description"),
        path("v1/docs", readable, name="api-docs"),
        *operations,
        # Whatever is left, line breaks included.
        re_path(r"^[\s\S]*$", gate.nothing_here),
    ]


def _or_its_namesake(bulk: gate.View, named: gate.View) -> gate.View:
    """Whatever is not a bulk request at this address is about the one thing that is called bulk."""

    @wraps(bulk)
    def view(request: HttpRequest, **values: Any) -> HttpResponse:
        if request.method == "POST":
            return bulk(request, **values)
        answer = named(request, identifier=BULK.strip("/"), **values)
        # What neither can do is told of the address as it is described.
        return answer if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED else bulk(request)

    return view


def _is_open(pattern: Any) -> bool:
    return str(pattern.pattern).endswith(NAMED)


urlpatterns = urls()
