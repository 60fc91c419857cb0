"""The identifier rule in force."""

from tenure.connections.read import identifier_rule
from tenure.identity.resolve import IdentifierRule


def in_force() -> IdentifierRule:
    """The newest rule; account codes within their site while nobody has chosen."""
    chosen = identifier_rule()
    if chosen is None:
        return IdentifierRule()
    return IdentifierRule(field=chosen.field, per_site=not chosen.joins, fold_case=chosen.fold_case)
