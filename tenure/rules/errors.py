"""What is wrong with a rule, where, and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.core.errors import ConfigurationError
from tenure.rules.tree import Span


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: the place in the text, a sentence, and what to write instead."""

    span: Span
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, object]:
        """For the API and the pages' editor."""
        return {
            "start": self.span.start,
            "end": self.span.end,
            "message": self.message,
            "hint": self.hint,
        }


class RuleRefused(ConfigurationError):
    """The rule cannot be used; ``problems`` says why, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.span.start))
        first = self.problems[0]
        super().__init__(first.message, next_step=first.hint)


def refuse(span: Span, message: str, hint: str = "") -> RuleRefused:
    """A refusal with one problem."""
    return RuleRefused([Problem(span, message, hint)])
