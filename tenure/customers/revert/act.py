"""The act of taking something back: who, when, under which change set, and what it writes about
where a restored value came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.customers.models import Change, ChangeSet, Origin
from tenure.customers.write import By, Pin


@dataclass(slots=True)
class Act:
    """Takes ``of`` back. The change set of the act is made with the first thing that is written,
    unless one is given; with ``pin`` what comes back holds against Daily Sync."""

    of: ChangeSet
    by: By
    now: datetime
    pin: Pin | None = None
    made: ChangeSet | None = None

    @property
    def change_set(self) -> ChangeSet:
        """The change set that everything put back belongs to."""
        if self.made is None:
            self.made = ChangeSet.objects.create(
                origin=Origin.REVERT,
                member=self.by.member,
                reason=self.by.reason,
                created_at=self.now,
                undoes=self.of,
            )
        return self.made

    def entry(self, was: Mapping[str, Any] | None) -> dict[str, Any]:
        """The provenance of a value that came from ``was`` and is back: what it said then, pin and
        all, and that it was brought back. Where it is not known any more, the act is the source."""
        if was is None:
            entry = self._own() | {"set_at": self.now.isoformat()}
        else:
            back: dict[str, Any] = {"by": self.by.signature, "at": self.now.isoformat()}
            back["change_set"] = self.change_set.pk
            if self.of.origin == Origin.SYNC or (was.get("back") or {}).get("against"):
                back["against"] = True  # the source says something else: a person refused it
            entry = {name: value for name, value in was.items() if name != "back"}
            entry["back"] = back
        return entry | {"pin": self.pin.as_json(self.by, self.now)} if self.pin else entry

    def removal(self) -> dict[str, Any]:
        """The provenance of taking a contact off its account: this act's own doing."""
        return self._own() | {"set_at": self.now.isoformat()}

    def _own(self) -> dict[str, Any]:
        return {
            "source": Origin.REVERT.value,
            "set_by": self.by.signature,
            "change_set": self.change_set.pk,
        }

    def change(
        self,
        kind: str,
        pk: int,
        account_id: int | None,
        changes: dict[str, list[Any]],
        was: Mapping[str, Any],
    ) -> Change:
        """What the act changes about one object; ``was`` as ``Change`` says."""
        return Change(
            change_set=self.change_set,
            object_kind=kind,
            object_id=pk,
            account_id=account_id,
            changes=changes,
            was=was,
            at=self.now,
        )
