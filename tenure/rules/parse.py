"""From text to tree. What cannot be read is refused with the place, the reason and what may stand there."""

import re
from functools import cache

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from tenure.rules.errors import RuleRefused, refuse
from tenure.rules.grammar import GRAMMAR
from tenure.rules.mistakes import explained
from tenure.rules.transform import Reader
from tenure.rules.tree import (
    DEEPEST,
    EVERYTHING,
    MOST_CONDITIONS,
    Node,
    Span,
    conditions,
    depth,
)

LONGEST = 10_000


def parse(text: str) -> Node:
    """The tree of a rule; ``EVERYTHING`` for an empty text. Raises RuleRefused."""
    if len(text) > LONGEST:
        raise refuse(Span(LONGEST, len(text)), f"A rule has at most {LONGEST:,} characters.")
    _refuse_unstorable(text)
    try:
        tree = _grammar().parse(text)
        found: Node = Reader().transform(tree).children[0] if tree.children else EVERYTHING
    except (UnexpectedToken, UnexpectedCharacters, UnexpectedEOF) as error:
        raise explained(text, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    except RecursionError:
        raise _too_deep(Span(0, len(text))) from None
    return limited(found)


def limited(node: Node) -> Node:
    """The rule itself. Raises RuleRefused when it is too long or too deep to be understood."""
    if depth(node) > DEEPEST + 1:
        raise _too_deep(node.span)
    count = sum(1 for _ in conditions(node))
    if count > MOST_CONDITIONS:
        raise refuse(
            node.span,
            f"A rule has at most {MOST_CONDITIONS} conditions; this one has {count}.",
            "Make a segment of a part of it and name the segment.",
        )
    return node


def _too_deep(span: Span) -> RuleRefused:
    return refuse(
        span,
        f"Conditions are nested more than {DEEPEST} levels deep.",
        "Make a segment of the inner part and name the segment.",
    )


@cache
def _grammar() -> lark.Lark:
    return lark.Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def accepted_after(text: str) -> frozenset[str]:
    """The names of the grammar's terminals that may follow this beginning of a rule."""
    interactive = _grammar().parse_interactive(text)
    try:
        interactive.exhaust_lexer()
    except (UnexpectedToken, UnexpectedCharacters):
        return frozenset()
    return frozenset(interactive.accepts())  # type: ignore[no-untyped-call]


def _refuse_unstorable(text: str) -> None:
    bad = re.search("[\x00\ud800-\udfff]", text)
    if bad:
        raise refuse(Span(bad.start(), bad.end()), "The rule has a character that cannot be kept.")
