"""Everything a rule may name in this workspace, put together from what each stage offers."""

from dataclasses import replace

from tenure.health import offers as health
from tenure.metrics import asking
from tenure.metrics.asking import context
from tenure.rules.catalogue import Attribute, Catalogue
from tenure.rules.indexes import Column
from tenure.rules.operators import Type

__all__ = ["SEGMENT", "catalogue", "context"]

SEGMENT = Attribute(
    "segment",
    "Segments",
    Type.LIST,
    "ARRAY(SELECT g.name::text FROM segments_membership m JOIN segments_segment g"
    " ON g.id = m.segment_id WHERE m.account_id = a.id)",
    explains="The segments the account is in.",
    missing="Empty where it is in none; never unknown.",
    synonyms=("segments",),
    group="Account",
    index=Column(
        "g.name",
        "a.id IN (SELECT m.account_id FROM segments_membership m JOIN segments_segment g"
        " ON g.id = m.segment_id WHERE {})",
        elements=True,
        exact=True,
    ),
)


def catalogue() -> Catalogue:
    """The catalogue as it stands now; two queries for the workspace's own attributes."""
    made = asking.catalogue(*health.account_attributes(), SEGMENT)
    return replace(made, histories={**made.histories, **health.histories()})
