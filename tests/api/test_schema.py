"""The API tried at random from its own description: no fault, and answers as they are described.

It tries more when asked: ``SCHEMA_EXAMPLES=200 pytest tests/api/test_schema.py``.
"""

import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.hypothesis.builder import (
    InvalidHeadersExampleMark,
    MissingPathParameters,
    UnserializablePayloadMark,
)
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi import checks

from tenure.access.models import Token
from tenure.customers.contacts.write import create
from tenure.customers.models import Contact
from tenure.customers.write import By
from tenure.sync.models import Run
from tests.api.conftest import a_caller
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW, a_site
from tests.web.builders import a_customer, a_quarantined, a_run

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "5"))
# A request of the right form need not be carried out: most names that are drawn are nobody's.
LEFT_OUT = [checks.positive_data_acceptance, checks.ensure_resource_availability]
CONFORMING: list[Any] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
Request = schemathesis.Case[Any]
SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
# What would leave a part of an operation untried.
UNTRIED = (MissingPathParameters, InvalidHeadersExampleMark, UnserializablePayloadMark)
tried = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 20,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def test_no_two_shapes_share_a_name() -> None:
    """The description would show one of them in the place of the other."""
    named: dict[str, set[type]] = {}
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("tenure.api"):
            named.setdefault(one.__name__, set()).add(one)
    assert not {name: found for name, found in named.items() if len(found) > 1}


@pytest.fixture
def token(db: None, vendor: Vendor) -> Iterator[str]:
    """The widest token, and something of everything to be found."""
    site = a_site("northwind")
    account = a_customer(identifier="T-1", site=site)
    create(account.pk, {"email": "ada@example.com"}, By(), now=NOW)
    a_run(site)
    a_quarantined(site)
    # The server would close the connection that holds the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield a_caller("admin").text or ""
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def known() -> dict[str, Any]:
    """What stands in an address so that something is found."""
    return {"identifier": "T-1", "name": "seats", "site": "northwind", "subdomain": "northwind"}


@functools.cache
def words_of_the_code() -> FeedbackSources:
    """What requests are made of besides what is described; looked for once."""
    return FeedbackSources(constants_value_source=make_constants_value_source(SCHEMA))


def each_request(label: str, check: Callable[[Request], Any]) -> None:
    """Check every request that is made for an operation.

    They are made here and not, as by the library's own decorator, while tests are collected: that
    does every process of a parallel run for all operations.
    """

    @tried
    def checked(case: Request) -> None:
        check(case)

    test = build_operation_test(
        config=SCHEMA.config,
        operation=OPERATIONS[label],
        test_func=checked,
        given_kwargs={},
        feedback=words_of_the_code(),
    )
    test()
    assert not [mark for mark in UNTRIED if mark.get(test)]


@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_sent_is_answered_as_described(label: str, token: str) -> None:
    sender = {"Authorization": f"Bearer {token}"}
    each_request(label, lambda c: c.call_and_validate(headers=sender, excluded_checks=LEFT_OUT))


@pytest.mark.parametrize("label", [label for label in OPERATIONS if "{" in label])
def test_what_is_found_is_answered_as_described(label: str, token: str) -> None:
    sender = {"Authorization": f"Bearer {token}"}

    def check(case: Request) -> None:
        name_what_is_there(case)
        case.call_and_validate(headers=sender, checks=CONFORMING)

    each_request(label, check)


def name_what_is_there(case: Request) -> None:
    """Let the address of a request name something that is found."""
    for name, value in known().items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = value
    if "number" in (case.path_parameters or {}):
        case.path_parameters["number"] = _number_for(case.path)
    if case.path.endswith("/tokens/{number}") and case.method == "DELETE":
        case.path_parameters["number"] = Token.objects.create(
            name="old", digest=os.urandom(32), scope="read"
        ).pk


def _number_for(path: str) -> int:
    table: Any = {"contacts": Contact, "runs": Run}.get(path.split("/")[3], Token)
    first = table.objects.order_by("pk").first()
    return first.pk if first else 1
