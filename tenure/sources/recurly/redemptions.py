"""Coupon redemptions: those an invoice used, and those an account has for itself."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct, json

from tenure.core.errors import PermanentError
from tenure.sources.records import NOTHING, AccountCoupon
from tenure.sources.recurly.fields import Id, Time

ONCE = "single_use"


class Lasting(Struct, gc=False):
    type: str | None = None
    redemptions_remaining: int | None = None


class Used(Struct, gc=False):
    id: Id
    state: str | None = None
    remaining_duration: Raw = NOTHING


class Plan(Struct, gc=False):
    id: str | None = None
    code: str | None = None


class Coupon(Struct, gc=False):
    id: str | None = None
    code: str | None = None
    name: str | None = None
    duration: str | None = None
    discount: Raw = NOTHING
    applies_to_all_plans: bool | None = None
    plans: list[Plan] | None = None


class Redemption(Struct, gc=False):
    """What the formulas read. A coupon also has texts for people, and a redemption its account's
    e-mail and what it took off so far, which changes with every invoice and decides nothing."""

    id: Id
    state: str | None = None
    coupon: Coupon | None = None
    remaining_duration: Raw = NOTHING
    created_at: Time | None = None
    removed_at: Time | None = None


class Whose(Struct, gc=False):
    subscription_id: str | None = None


_used = json.Decoder(list[Used])
_lasting = json.Decoder(Lasting | None)
_redemption = json.Decoder(Redemption)
_whose = json.Decoder(Whose)


def going_on(raw: Raw) -> tuple[str, ...]:
    """The redemptions, by id, of an invoice's list that are active and not for that invoice alone.
    A list that cannot be read tells nothing: the invoice counts without it."""
    text = bytes(raw)
    if text in (b"[]", b"null"):
        return ()
    try:
        return tuple(one.id for one in _used.decode(text) if _goes_on(one))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()


def _goes_on(used: Used) -> bool:
    lasting = _lasting.decode(used.remaining_duration)
    spent = lasting is not None and (lasting.type == ONCE or lasting.redemptions_remaining == 0)
    return used.state == "active" and not spent


def of_account(raws: Sequence[bytes]) -> list[AccountCoupon]:
    """The redemptions among these that are the account's own. Raises PermanentError for one that
    cannot be read: its account's coupons are then not known."""
    try:
        theirs = [raw for raw in raws if not _whose.decode(raw).subscription_id]
        return [_coupon(_redemption.decode(raw)) for raw in theirs]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PermanentError(
            f"A coupon redemption cannot be read ({error}).",
            next_step="Report it; the account's MRR is without what changed of its coupons until then.",
        ) from None


def _coupon(one: Redemption) -> AccountCoupon:
    return AccountCoupon(
        upstream_id=one.id, active=one.state == "active", redemption=json.encode(one)
    )
