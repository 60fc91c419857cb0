"""Custom fields: their definitions on a site, and the values customers carry, tidy and untidy."""

from datetime import datetime, timedelta
from random import Random

from tenure.simulator.world.ids import identity, tenant_uuid
from tenure.simulator.world.moments import wire
from tenure.simulator.world.people import INDUSTRIES, MANAGERS
from tenure.simulator.world.profiles import Newcomer
from tenure.simulator.world.shapes import Record, record

ACCOUNT_FIELDS = {
    "tenant_id": "Tenant",
    "csm_email": "Customer success manager",
    "seats": "Seats",
    "industry": "Industry",
    "go_live_date": "Go-live date",
}
SUBSCRIPTION_FIELDS = {"environment": "Environment", "tenant_id": "Tenant"}


def definitions(seed: int, site: str, opened: datetime) -> list[Record]:
    """The custom field definitions of a site."""
    rows = [("account", *item) for item in ACCOUNT_FIELDS.items()]
    rows += [("subscription", *item) for item in SUBSCRIPTION_FIELDS.items()]
    return [
        record(
            "custom_field_definition",
            id=identity(seed, site, "definition", related, name).id,
            related_type=related,
            name=name,
            user_access="write",
            display_name=label,
            created_at=wire(opened),
            updated_at=wire(opened),
        )
        for related, name, label in rows
    ]


def pair(name: str, value: str) -> Record:
    """One custom field value, as text as Recurly keeps it."""
    return {"name": name, "value": value[:255]}


def tenant_of(index: int, seed: int) -> str:
    """The business's own name for its customer number ``index``, never changed: mostly ``T-10423``."""
    return tenant_uuid(seed, "tenant", index) if index % 7 == 3 else f"T-{10000 + index * 3}"


def account_fields(newcomer: Newcomer, dice: Random, at: datetime) -> list[Record]:
    """The values a new account carries. Only set fields are listed; some accounts have none."""
    fields = []
    tenant = untidy(newcomer.tenant, newcomer.index)
    if tenant is not None:
        fields.append(pair("tenant_id", tenant))
    if dice.random() < 0.85:
        fields.append(pair("csm_email", f"{dice.choice(MANAGERS)}@brightwharf.example"))
    if dice.random() < 0.7:
        low, high = newcomer.profile.seats
        fields.append(pair("seats", str(dice.randint(low, high * 3))))
    if dice.random() < 0.75:
        fields.append(pair("industry", dice.choice(INDUSTRIES)))
    if dice.random() < 0.4:
        day = (at + timedelta(days=dice.randint(7, 90))).date()
        fields.append(pair("go_live_date", day.isoformat()))
    return fields


def untidy(tenant: str | None, index: int) -> str | None:
    """The tenant id as somebody typed it: some forgot it, some used spaces, case or leading zeros."""
    if tenant is None or index % 23 == 9:
        return None
    if index % 61 == 12:
        return f" {tenant} "
    if index % 67 == 15:
        return tenant.lower()
    if index % 71 == 18:
        return tenant.replace("T-", "T-00")
    return tenant
