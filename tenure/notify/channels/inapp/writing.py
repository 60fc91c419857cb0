"""A row for the bell; the delivery's id keeps a second one out."""

import uuid
from datetime import datetime

from tenure.access.models import Member
from tenure.core.errors import PermanentError
from tenure.customers.write import ValueRefused
from tenure.notify.channel import Answer, Destination, Message
from tenure.notify.models import Notification


class InApp:
    """Within Tenure. The address is the member's number."""

    way = "inapp"
    is_local = True

    def checked(self, address: str) -> str:
        if not address.isdigit():
            raise ValueRefused("address", "Within Tenure only members are told.", "Choose one.")
        return address

    def shown(self, address: str) -> str:
        return address

    def send(self, message: Message, to: Destination, now: datetime) -> Answer:
        member = Member.objects.filter(pk=to.member_id or 0).first()
        if member is None:
            raise PermanentError("This member is gone.", next_step="Change the route.")
        Notification.objects.bulk_create(
            [
                Notification(
                    member=member,
                    delivery=uuid.UUID(message.delivery),
                    title=message.subject,
                    text="\n".join(message.lines),
                    path=message.path,
                    at=now,
                )
            ],
            ignore_conflicts=True,
        )
        return Answer()
