"""One mail a day instead of many, and a line on what the budget held back."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from tenure.access.models import Member
from tenure.notify import outbox, routes, words
from tenure.notify.models import Delivery, Preference, State, Way

TO_SUM = (State.GATHERED, State.HELD)


def sum_up(now: datetime) -> int:
    """Write the summaries that are due; how many.

    Held-back alerts of members who want no digest are summed up all the same: it is the only word
    they get of them outside the inbox.
    """
    due = Delivery.objects.filter(state__in=TO_SUM, digest=None, due_at__lte=now)
    if not due.exists():
        return 0
    with transaction.atomic():
        parts: dict[int, list[Delivery]] = defaultdict(list)
        for one in due.select_for_update(skip_locked=True, of=("self",)).order_by(
            "created_at", "pk"
        ):
            if one.member_id:
                parts[one.member_id].append(one)
        for member in Member.objects.filter(pk__in=parts):
            _sum_up(member, parts[member.pk], now)
    return len(parts)


def _sum_up(member: Member, parts: list[Delivery], now: datetime) -> None:
    gathered = [one for one in parts if one.state == State.GATHERED]
    held = [one for one in parts if one.state == State.HELD]
    wanted = Preference.objects.filter(pk=member.pk).first() or Preference(member=member)
    made = outbox.entry(
        routes.DIGEST,
        Way.EMAIL if wanted.email else Way.IN_APP,
        words.summed(gathered, len(held), [one.message["subject"] for one in held]),
        now,
        about=now.isoformat(),
        member_id=member.pk,
    )
    outbox.write([made])
    chosen = Delivery.objects.filter(pk__in=[one.pk for one in parts])
    chosen.update(digest=made)
    chosen.filter(state=State.GATHERED).update(state=State.SUMMED, sent_at=now)
