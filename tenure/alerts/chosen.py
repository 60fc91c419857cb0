"""Rows of some accounts, however many: their ids are one value of the statement, not one each."""

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import BooleanField, F, Func, Model, QuerySet, Value

_Row = TypeVar("_Row", bound=Model)


def of_accounts(rows: "QuerySet[_Row]", ids: Sequence[int] | None) -> "QuerySet[_Row]":
    """Those of these accounts; all of them for None."""
    if ids is None:
        return rows
    held = Value("{" + ",".join(map(str, ids)) + "}")
    return rows.filter(_Among(F("account_id"), held))


class _Among(Func):
    """``account_id = ANY(ids)``."""

    template, arg_joiner = "%(expressions)s::bigint[])", " = ANY("
    output_field = BooleanField()
