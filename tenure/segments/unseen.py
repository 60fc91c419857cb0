"""What a rule asks of which no past is kept: at a past time it is asked as it is today."""

from collections.abc import Iterator

from tenure.rules.tree import Aggregate, Condition, Node, Quantified, inner
from tenure.segments.question import Question


def unseen(asked: Question) -> list[str]:
    """The labels of attributes in a rule whose past is not kept."""
    return sorted(set(_unseen(asked.meant, asked, None)))


def _unseen(node: Node, asked: Question, relation: str | None) -> Iterator[str]:
    if isinstance(node, Condition) and relation is None:
        attribute = asked.catalogue.scope.attributes[node.name.text]
        if not attribute.history:
            yield attribute.label
    if isinstance(node, Quantified | Aggregate):
        rows = asked.catalogue.relations[node.relation]
        if not rows.past_rows:
            yield rows.plural
        return
    for part in inner(node):
        yield from _unseen(part, asked, relation)
