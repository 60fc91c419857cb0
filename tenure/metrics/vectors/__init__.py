"""Worked examples through the formulas: a file of inputs and expected figures, and what differs.

The format is that of the specification of figures (section 11): ``{id, fn, as_of, input, expected}``
with optional ``settings``. Amounts are decimal text, and only the keys present in ``expected`` are
compared; missing flags mean none.
"""

from tenure.metrics.vectors.answers import ANSWERS
from tenure.metrics.vectors.comparing import Answers, Difference, differences
from tenure.metrics.vectors.documents import settings_of, unknown_settings

__all__ = ["ANSWERS", "Answers", "Difference", "differences", "settings_of", "unknown_settings"]
