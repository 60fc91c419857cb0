"""The customer, and the named, typed values rules may use."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers.models.history import Tracked


class AttributeKind(models.TextChoices):
    """The type of an attribute's values; JSON holds money and dates as text."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    MONEY = "money", "Money"
    DATE = "date", "Date"
    BOOLEAN = "boolean", "Yes or no"
    LIST = "list", "List"


class Attribute(models.Model):
    """A named value of an account or subscription, and the source field it is read from, if any."""

    name = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=20, default="account")
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=AttributeKind.choices)
    unit = models.CharField(max_length=20, blank=True)
    source_field = models.CharField(max_length=120, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["object_kind", "position", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("object_kind", "name", name="customers_attribute_name_once"),
        ]

    def __str__(self) -> str:
        return self.label


class Account(Tracked):
    """A customer of the business, recognised by an identifier that never changes.

    ``scope`` limits the identifier to one site, for identifiers that are unique only there (an
    account code); None means it names the same customer on every site. ``attributes`` holds the
    effective values by attribute name, ``sources`` says of each where it came from:
    ``{name: {"source", "site", "set_by", "set_at", "change_set", "pin"}}``. ``search`` is the
    lower-case text a search box looks in.
    """

    identifier = models.CharField(max_length=255)
    scope = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=20, default="active")
    attributes = models.JSONField(default=dict)
    sources = models.JSONField(default=dict)
    search = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "identifier", "scope", name="customers_identifier_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["name", "id"], name="customers_account_by_name"),
            models.Index(fields=["created_at", "id"], name="customers_account_by_age"),
            GinIndex(
                OpClass("search", name="gin_trgm_ops"),
                name="customers_account_search",
                fastupdate=True,
            ),
        ]

    def __str__(self) -> str:
        return self.name
