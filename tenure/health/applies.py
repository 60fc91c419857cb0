"""Which definition applies to an account: the one place that decides it.

Definitions stand in order of priority; the first whose segment an account belongs to applies, so two
never do. A segment is asked for by name; an empty name is everyone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenure.core.errors import ConfigurationError
from tenure.health import definitions
from tenure.health.models import DefinitionVersion
from tenure.health.scorer import Scorer

EVERYONE = ""
Members = Callable[[Collection[int]], Collection[int]]

# Segments are told by their rules, which are yet to come; each will answer which of these accounts
# belong to it.
SEGMENTS: Mapping[str, Members] = {EVERYONE: lambda account_ids: account_ids}


@dataclass(frozen=True, slots=True)
class InForce:
    """A definition as it applies now: its newest version, ready to score with."""

    version: DefinitionVersion
    scorer: Scorer


def made_ready(versions: Sequence[DefinitionVersion], coverage: Fraction) -> list[InForce]:
    """These versions in their order, each ready to score with; ``coverage`` is the workspace's."""
    return [
        InForce(one, Scorer(definitions.read(one.document), coverage=coverage)) for one in versions
    ]


def assigned(account_ids: Collection[int], in_force: Sequence[InForce]) -> dict[int, InForce]:
    """For each account the first definition, in order of priority, whose segment it belongs to."""
    left = set(account_ids)
    found: dict[int, InForce] = {}
    for one in in_force:
        mine = left & set(members(one.version.definition.segment, left))
        found |= dict.fromkeys(mine, one)
        left -= mine
    return found


def members(segment: str, account_ids: Collection[int]) -> Collection[int]:
    """Those of the accounts that belong to a segment. Raises ConfigurationError for an unknown one."""
    if segment not in SEGMENTS:
        raise ConfigurationError(
            f"There is no segment “{segment}”.",
            next_step="Leave the segment empty: the definition then applies to everyone.",
        )
    return SEGMENTS[segment](account_ids)
