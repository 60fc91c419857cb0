"""What a rule may name: attributes, the rows related to an account, and where history is kept.

Columns are SQL over the account ``a``, related rows under their relation's alias, and histories, whose
alias is written ``{f}`` so that a past row can stand in for the live one. ``{zone}``, ``{today}``,
``{now}`` and ``{currency}`` are bound values; ``{past}`` is true where a past time is asked about;
``CASE currency{converted} END`` is what one unit of a currency is worth. They are
written by the packages that own the tables, never by users.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tenure.rules.indexes import Index
from tenure.rules.operators import Type


@dataclass(frozen=True, slots=True)
class Attribute:
    """One fact a rule may ask about.

    ``missing`` says what it means when nothing is known. ``values`` are the words an enum can be;
    ``open`` admits others too. ``unit`` is for people (``days``, ``share``). Money has a converted
    ``column`` and, where one currency alone can be asked for, ``by_currency``, a template over
    ``{currency}`` too. ``history`` names the table of past values, if any are kept; ``past`` is the column there where it
    is not the same template. ``index`` says where an index finds the attribute's values; ``brief`` is
    the same value as a template over the account's brief ``b``, ``changed`` the instant there after which
    no version of it ended with another value. ``from_zero``: it is never less than nothing.
    """

    key: str
    label: str
    type: Type
    column: str
    unit: str = ""
    explains: str = ""
    missing: str = ""
    values: tuple[str, ...] = ()
    open: bool = False
    synonyms: tuple[str, ...] = ()
    by_currency: str = ""
    history: str = ""
    past: str = ""
    group: str = ""
    figure: str = ""
    index: Index | None = None
    brief: str = ""
    changed: str = ""
    from_zero: bool = False

    def label_of(self, value: str) -> str:
        """A word of an enum as people read it."""
        return value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class History:
    """Past values with the live ones as the last: rows with ``account_id``, ``valid_from`` and
    ``valid_to``. ``alias`` is the one its attributes' columns are written over."""

    alias: str
    rows: str


class Scope:
    """The attributes that can be named at one place, with their other names."""

    def __init__(self, attributes: Iterable[Attribute]) -> None:
        self.attributes: Mapping[str, Attribute] = {one.key: one for one in attributes}
        self._named = {
            **{name.lower(): one for one in self.attributes.values() for name in one.synonyms},
            **{key.lower(): one for key, one in self.attributes.items()},
        }

    def find(self, name: str) -> Attribute | None:
        """The attribute of this name or other name, in any case; None when there is none."""
        return self._named.get(name.lower())

    def near(self, name: str, *, most: int = 3) -> Sequence[str]:
        """Names much like this one, the most alike first."""
        found = difflib.get_close_matches(name.lower(), list(self._named), n=most, cutoff=0.6)
        return list(dict.fromkeys(self._named[one].key for one in found))


@dataclass(frozen=True)
class Relation:
    """Rows that belong to an account. ``rows`` is what stands in FROM, with a column ``account_id``;
    ``alias`` is what its attributes call it. ``past_rows`` is the same with ``valid_from`` and
    ``valid_to``, empty where no versions are kept; ``past_where`` stands there in place of ``where``,
    over ``{now}``. ``evidence`` names a row to people."""

    key: str
    label: str
    plural: str
    alias: str
    rows: str
    listed: tuple[Attribute, ...]
    where: str = ""
    past_rows: str = ""
    past_where: str = ""
    evidence: str = ""

    @cached_property
    def scope(self) -> Scope:
        """What can be named of a row."""
        return Scope(self.listed)


@dataclass(frozen=True)
class Catalogue:
    """Everything a rule may name in this workspace."""

    listed: tuple[Attribute, ...]
    related: tuple[Relation, ...] = ()
    histories: Mapping[str, History] = field(default_factory=dict)

    @cached_property
    def scope(self) -> Scope:
        """What can be named of an account."""
        return Scope(self.listed)

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        """The related rows by name, in the singular and the plural."""
        found = {relation.plural.lower(): relation for relation in self.related}
        return found | {relation.key: relation for relation in self.related}

    def relation(self, name: str) -> Relation | None:
        """The related rows of this name; None when there are none."""
        return self.relations.get(name.lower())
