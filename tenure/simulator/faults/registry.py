"""Every fault by name, and which arguments each takes."""

import inspect
from collections.abc import Mapping
from typing import Any

from tenure.simulator.faults import answering, editing
from tenure.simulator.faults.exchange import Fault

FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        answering.rate_limited,
        answering.status,
        answering.stall,
        answering.hold,
        answering.redirect,
        answering.expire_cursor,
        answering.late,
        answering.shrunken_list,
        answering.miscount,
        answering.date_skew,
        editing.empty_page,
        editing.repeated_next,
        editing.null_next,
        editing.foreign_next,
        editing.absolute_next,
        editing.shuffled_ties,
        editing.edit_records,
        editing.extra_fields,
        editing.invalid_utf8,
        editing.replace_body,
        editing.wrong_content_type,
        editing.truncate,
        editing.reset,
        editing.stall_body,
        editing.drip,
    )
}


def check_args(name: str, args: Mapping[str, Any]) -> None:
    """Raises ValueError, saying what is wrong, for arguments the fault cannot take."""
    try:
        inspect.signature(FAULTS[name]).bind(None, None, **args)
    except TypeError as error:
        known = [*inspect.signature(FAULTS[name]).parameters][2:]
        raise ValueError(
            f"the fault {name} takes {', '.join(known) or 'no arguments'}: {error}"
        ) from None
