"""The customer, and the named, typed values rules may use."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower

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
    ``{name: {"source", "site", "set_by", "set_at", "change_set", "pin", "incoming"}}``, with the
    account's own fields ``name`` and ``owner`` among them. ``search`` is the lower-case text a search
    box looks in. ``edited`` marks accounts with a value by hand where the source has one too: Daily
    Sync looks at these in every run. ``removed_at`` hides an account that was merged into another
    or whose making was reverted; it comes back when that is undone.
    """

    identifier = models.CharField(max_length=255)
    scope = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=20, default="active")
    attributes = models.JSONField(default=dict)
    sources = models.JSONField(default=dict)
    search = models.TextField(default="")
    edited = models.BooleanField(default=False, db_default=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="absorbed"
    )
    removed_at = models.DateTimeField(null=True)
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
            models.Index(
                fields=["id"], condition=models.Q(edited=True), name="customers_account_edited"
            ),
            GinIndex(
                OpClass("search", name="gin_trgm_ops"),
                name="customers_account_search",
                fastupdate=True,
            ),
            # Who is there, without the wide rows of who they are.
            models.Index(
                fields=["id"],
                condition=models.Q(removed_at__isnull=True),
                name="customers_account_live",
            ),
            # For rules about few accounts: a part of a name or identifier, a value, a tag.
            GinIndex(
                OpClass(Lower("name"), name="gin_trgm_ops"),
                OpClass(Lower("identifier"), name="gin_trgm_ops"),
                name="customers_account_spelt",
                fastupdate=True,
            ),
            GinIndex(
                OpClass("attributes", name="jsonb_path_ops"),
                name="customers_account_values",
                fastupdate=True,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Alias(models.Model):
    """An identifier an account also answers to: one it had before it was re-keyed, or one of an
    account merged into it. A record that claims it belongs to ``account``, unless it is an identifier
    of an earlier rule: that one is not ``claimable`` and leads people only."""

    identifier = models.CharField(max_length=255)
    scope = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="aliases")
    claimable = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "identifier", "scope", name="customers_alias_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.identifier


class Comparison(models.Model):
    """What an imported account was last compared with: the values in which it differs from what its
    source says, ``{"field", "held", "says", "site"}`` each, and a ``mark`` of what was compared."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    mark = models.DecimalField(max_digits=40, decimal_places=0)
    drifts = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["account"],
                condition=~models.Q(drifts=[]),
                name="customers_comparison_drifted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {len(self.drifts)}"


class Contact(Tracked):
    """A person at a customer, once an account by ``identifier``: the folded e-mail unless the rule
    names another field. ``sources`` tells of each field what an account's does, ``removed`` among
    them. ``is_named`` says that a billing account names the person; ``unnamed_at`` is since when
    none does any more. ``edited`` marks those Daily Sync looks at in every run.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    identifier = models.CharField(max_length=320)
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=120, blank=True)
    attributes = models.JSONField(default=dict)
    sources = models.JSONField(default=dict)
    is_named = models.BooleanField(default=False, db_default=False)
    unnamed_at = models.DateTimeField(null=True)
    edited = models.BooleanField(default=False, db_default=False)
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "account", "identifier", name="customers_contact_once_an_account"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["identifier"], name="customers_contact_identifier"),
            models.Index(
                fields=["account"], condition=models.Q(edited=True), name="customers_contact_edited"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.identifier


class SourceField(models.Model):
    """A custom field that a site defines, or defined: ``vanished_at`` is when it was found gone.

    ``upstream_id`` is the definition's: under another name it tells that the field was renamed.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    object_kind = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=120, blank=True)
    upstream_id = models.CharField(max_length=64, blank=True, db_default="")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    vanished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("site", "object_kind", "name", name="customers_field_once"),
        ]

    def __str__(self) -> str:
        return f"{self.object_kind}.custom_fields.{self.name}"
