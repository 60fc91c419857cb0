"""The three kinds of outside trouble, and the sentence each one owes the person who meets it."""

from datetime import datetime


class TenureError(Exception):
    """Trouble a person can act on: the thing, the cause and the next step, in plain words.

    ``str(error)`` is the whole message; ``next_step`` is its last sentence, also kept apart for
    pages and JSON that show it separately.
    """

    def __init__(self, message: str, *, next_step: str = "") -> None:
        self.message = message
        self.next_step = next_step
        super().__init__(f"{message} {next_step}".strip())


class ConfigurationError(TenureError):
    """Someone must change a setting (a key, an address, a mapping); retrying will not help."""


class PermanentError(TenureError):
    """The other side answered for good; retrying is futile and no setting of ours is at fault."""


class TemporaryError(TenureError):
    """Likely to pass. ``retry_at`` is the earliest sensible instant, when the other side named one."""

    def __init__(
        self, message: str, *, next_step: str = "", retry_at: datetime | None = None
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.retry_at = retry_at
