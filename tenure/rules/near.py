"""Near misses: what alone keeps an account out of a rule, and what would let it in."""

from collections.abc import Iterator
from dataclasses import replace

from tenure.rules.tree import Group, Leaf, Node, Not, Settled


def suppositions(node: Node) -> Iterator[tuple[Leaf, Node, Node]]:
    """For every condition of the account: it, the rule with it supposed true, and supposed false.

    A quantifier counts as one condition. An account that is out, and would be in under one of the two
    rules, is a near miss of that condition.
    """
    match node:
        case Settled():
            return
        case Group():
            for place, part in enumerate(node.parts):
                for leaf, yes, no in suppositions(part):
                    yield leaf, _with(node, place, yes), _with(node, place, no)
        case Not():
            for leaf, yes, no in suppositions(node.part):
                yield leaf, replace(node, part=yes), replace(node, part=no)
        case _:
            yield node, Settled(truth=True), Settled(truth=False)


def _with(group: Group, place: int, part: Node) -> Node:
    return replace(group, parts=(*group.parts[:place], part, *group.parts[place + 1 :]))
