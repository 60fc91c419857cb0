"""What is said of a rule as it stands: its words and its chips, or what is wrong and where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tenure.rules.catalogue import Catalogue
from tenure.rules.chips import Chip, chips_of
from tenure.rules.errors import Problem, RuleRefused
from tenure.rules.parse import LONGEST
from tenure.rules.tree import Group
from tenure.segments.catalogue import catalogue, context
from tenure.segments.question import Question, question


@dataclass(frozen=True, slots=True)
class Said:
    """A rule's text with either ``asked``, ready to be asked, or ``problems``. ``is_begun`` says that
    the only thing wrong is that it goes on: nothing to scold somebody for who is still typing."""

    text: str
    asked: Question | None = None
    problems: Sequence[Problem] = ()
    chips: Sequence[Chip] = ()

    @property
    def words(self) -> str:
        """The rule in plain words; empty for none."""
        return self.asked.words if self.asked and self.text.strip() else ""

    @property
    def goes_on(self) -> str:
        """The rule up to where one more condition is written that must hold as well."""
        if not self.asked or not self.text.strip():
            return ""
        tree = self.asked.tree
        either = isinstance(tree, Group) and tree.joint == "or"
        return f"({self.text.strip()}) and " if either else f"{self.text.strip()} and "

    @property
    def is_begun(self) -> bool:
        end = len(self.text.rstrip())
        return bool(self.problems) and all(one.span.start >= end for one in self.problems)

    @property
    def places(self) -> str:
        """The problems as JSON, for the script that underlines them."""
        return json.dumps([one.as_json() for one in self.problems])


def said_of(
    text: str, now: datetime, *, known: Catalogue | None = None, past: bool = False
) -> Said:
    """What is to be said of a rule somebody has written. Never raises."""
    text = cleaned(text)
    known = known or catalogue()
    try:
        asked = question(text, now, known=known, when=context(now, past=past))
    except RuleRefused as error:
        return Said(text, problems=error.problems)
    return Said(text, asked, chips=chips_of(asked.tree, known))


def cleaned(text: str) -> str:
    """The rule as a field sends it: on one kind of line end, without what cannot be stored."""
    return text.replace("\r\n", "\n").replace("\x00", "")[: LONGEST + 1]
