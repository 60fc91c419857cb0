"""A resource: its operations with the scope each one needs, described so that a program can read it."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, get_type_hints

from django.http import HttpRequest, HttpResponse
from ninja import Router

from tenure.access.models import Scope
from tenure.api.bearer import Bearer
from tenure.api.problems import MEDIA_TYPE, Problem

View = TypeVar("View", bound=Callable[..., HttpResponse])
Run = Callable[..., HttpResponse]

READ, WRITE, ADMIN = (Bearer(scope) for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN))
LATER = {"rule": "Rules", "as_of": "Looking back in time"}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
TOLD = {
    400: "The address or the body cannot be read",
    401: "No token, or one that is not accepted",
    403: "The token's scope is too narrow",
    404: "There is no such thing",
    409: "It stands in the way of what is there",
    412: "It was changed since it was read",
    413: "The body is too long",
    422: "A value cannot be taken, or a key was used before",
    429: "The token's requests of this minute are used up",
    504: "The database would have worked on it too long",
}
READING = (400, 401, 403, 404, 422, 429, 504)
CHANGING = (400, 401, 403, 404, 409, 413, 422, 429)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own; a repetition with the same key has one effect and gets the"
    " first answer. Kept for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    # A blank one is dropped by some clients on the way, so that it cannot be told from none.
    "description": "The ETag it had when you read it; refused with 412 when it was changed since.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~ ]*$"},
}


class Resource:
    """Operations of one resource under its own prefix and name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.router = Router(tags=[name])

    def get(self, path: str, answer: Any, **how: Any) -> Callable[[View], View]:
        """Reading: a token of any scope may, unless ``scope`` says otherwise."""
        return self._operation("GET", path, answer, READING, **{"scope": READ, **how})

    def post(self, path: str, answer: Any, **how: Any) -> Callable[[View], View]:
        """Making or doing something."""
        return self._operation("POST", path, answer, CHANGING, **{"scope": WRITE, **how})

    def patch(self, path: str, answer: Any, **how: Any) -> Callable[[View], View]:
        """Changing the fields that are named; honours If-Match."""
        how = {"scope": WRITE, "matches": True, **how}
        return self._operation("PATCH", path, answer, CHANGING, **how)

    def put(self, path: str, answer: Any, **how: Any) -> Callable[[View], View]:
        """Putting something in its place."""
        how = {"scope": WRITE, "matches": True, **how}
        return self._operation("PUT", path, answer, CHANGING, **how)

    def delete(self, path: str, answer: Any, **how: Any) -> Callable[[View], View]:
        """Taking something away."""
        return self._operation("DELETE", path, answer, CHANGING, **{"scope": WRITE, **how})

    def _operation(
        self,
        method: str,
        path: str,
        answer: Any,
        problems: tuple[int, ...],
        *,
        scope: Bearer,
        status: int = 200,
        matches: bool = False,
        also: tuple[int, ...] = (),
        extra: dict[str, Any] | None = None,
    ) -> Callable[[View], View]:
        described = _described(method, problems + also, matches, scope, extra or {})

        def register(view: View) -> View:
            get_type_hints(view)  # a name that is misspelt shall fail here and not when called
            first, _, rest = (view.__doc__ or "").partition("\n")
            self.router.add_api_operation(
                path,
                [method],
                view,
                auth=scope,
                response={status: answer},
                operation_id=f"{self.name}_{view.__name__}".replace("-", "_"),
                summary=first.strip().rstrip("."),
                description=" ".join(rest.split()),
                openapi_extra=described,
            )
            return view

        return register


def _described(
    method: str,
    problems: tuple[int, ...],
    matches: bool,
    scope: Bearer,
    extra: dict[str, Any],
) -> dict[str, Any]:
    codes = (*problems, 412) if matches else problems
    answers: dict[Any, Any] = {
        code: {"description": TOLD[code], "content": {MEDIA_TYPE: PROBLEM}}
        for code in sorted(set(codes))
    }
    answers["default"] = {
        "description": "It could not be carried out; nothing was changed",
        "content": {MEDIA_TYPE: PROBLEM},
    }
    parameters = ([] if method == "GET" else [KEY]) + ([IF_MATCH] if matches else [])
    return {
        "responses": answers,
        "parameters": parameters,
        "x-required-scope": scope.scope.value,
        **extra,
    }


def only_known_parameters(run: Run) -> Run:
    """Refuse what an operation does not know in its query, rather than answer as if it were not there."""
    operation: Any = run.__self__  # type: ignore[attr-defined]
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }
    return partial(_with_known, run, operation, frozenset(known))


def _with_known(
    run: Run, operation: Any, known: frozenset[str], request: HttpRequest, **values: Any
) -> HttpResponse:
    for name in request.GET:
        if name not in known:
            return _refused(operation, request, name, known)
    return run(request, **values)


def _refused(
    operation: Any, request: HttpRequest, name: str, known: frozenset[str]
) -> HttpResponse:
    choices = f"Possible: {', '.join(sorted(known))}." if known else "It takes none."
    told = f"There is no parameter {name[:80]!r} here."
    if name in LATER:
        told = f"{LATER[name]} come with a later version; {name} cannot be used yet."
    problem = Problem(400, told, next_step=choices, field=name[:80])
    answer: HttpResponse = operation.api.on_exception(request, problem)
    return answer
