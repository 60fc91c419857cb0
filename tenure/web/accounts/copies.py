"""The list as something to run elsewhere: a call of the API, a line for the shell."""

import shlex
from urllib.parse import urlencode

from django.http import HttpRequest

from tenure.web.accounts.asked import Asked
from tenure.web.as_of import at

LEFT_OUT = "-mrr"  # the list's first order


def call(request: HttpRequest, asked: Asked, sort: str) -> str:
    """The list as a call of the API; the token is the reader's own."""
    moment = at(request)
    given = {"rule": asked.rule, "search": asked.search, "health": asked.way}
    given["sort"] = "" if sort == LEFT_OUT else sort
    given["as_of"] = moment.day.isoformat() if moment else ""
    query = urlencode({name: value for name, value in given.items() if value})
    address = request.build_absolute_uri("/api/v1/accounts")
    whole = shlex.quote(f"{address}?{query}" if query else address)
    return f'curl -H "Authorization: Bearer $TENURE_TOKEN" {whole}'


def command(request: HttpRequest, asked: Asked, sort: str) -> str:
    """The list as a command."""
    words = ["tenure", "accounts", *([shlex.quote(asked.rule)] if asked.rule else [])]
    words += ["--search", shlex.quote(asked.search)] if asked.search else []
    words += ["--health", shlex.quote(asked.way)] if asked.way else []
    words += [f"--sort={shlex.quote(sort)}"] if sort != LEFT_OUT else []
    moment = at(request)
    words += [f"--as-of={moment.day.isoformat()}"] if moment else []
    return " ".join(words)
