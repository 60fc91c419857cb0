"""The contract of a channel: what it is handed, what it answers, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tenure.core.outbound import Answer
from tenure.core.secrets import Secret

__all__ = ["Answer", "Channel", "Destination", "Message"]


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. ``delivery`` stays the same however often it is sent: receivers know a repeat
    by it. ``link`` is empty where no public address is configured. ``data`` is for programs."""

    delivery: str
    event: str
    subject: str
    lines: tuple[str, ...] = ()
    path: str = ""
    link: str = ""
    at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where it goes: an address of the channel's own kind, or a member's number within Tenure."""

    address: Secret
    secret: Secret | None = None
    member_id: int | None = None


class Channel(Protocol):
    """One way of telling people. ``is_local`` when it only writes to our own database, and so may be
    used within a transaction."""

    way: str
    is_local: bool

    def checked(self, address: str) -> str:
        """The address as it is kept. Raises ValueRefused when nothing could ever be sent there."""

    def shown(self, address: str) -> str:
        """As much of the address as may be seen by everybody; never a token in it."""

    def send(self, message: Message, to: Destination, now: datetime) -> Answer:
        """Hand it over within a bounded time. Raises ConfigurationError when a setting of ours is
        missing, TemporaryError when a later try may succeed, PermanentError when none will."""
