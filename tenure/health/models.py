"""Definitions of health with all their versions, the score of each account now and before, and what
people set in its place."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenure.access.models import Member
from tenure.customers.models import Account


class Band(models.TextChoices):
    """The word for a score."""

    GREEN = "green", "Green"
    AMBER = "amber", "Amber"
    RED = "red", "Red"
    UNKNOWN = "unknown", "Unknown"


class State(models.TextChoices):
    """How the shown score came to be, where it is not simply the computed one."""

    COMPUTED = "", "Computed"
    OVERRIDDEN = "overridden", "Set by a person"
    FROZEN = "frozen", "Frozen by a person"
    ENDED = "ended", "Ended"
    STALE = "stale", "Data too old"


class Definition(models.Model):
    """What counts for the accounts its newest version is for. Of several that are for an account the
    one with the lowest ``priority`` decides; the fallback comes last and is for everyone.

    ``fault`` says why it cannot be asked whom it is for; until it can, the next one decides.
    ``rests_until`` is when it is asked again after it took too long. ``placed_day``, of the fallback
    alone, is the local day for which every account was held against the order; None when something
    changed since.
    """

    name = models.CharField(max_length=120, unique=True)
    priority = models.IntegerField(default=1000)
    is_fallback = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True)
    fault = models.TextField(blank=True)
    rests_until = models.DateTimeField(null=True)
    placed_day = models.DateField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "is_fallback", condition=models.Q(is_fallback=True), name="health_one_fallback"
            ),
            models.CheckConstraint(
                condition=models.Q(is_fallback=False) | models.Q(is_on=True, retired_at=None),
                name="health_fallback_stays",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DefinitionVersion(models.Model):
    """One state of a definition, never changed after it was saved; the highest number is in force.

    ``rule`` says whom it is for, empty for everyone; ``segments`` are the rules of the segments it
    names as they were then, by folded name.
    """

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    rule = models.TextField(blank=True)
    segments = models.JSONField(default=dict)
    document = models.JSONField()
    reason = models.TextField(blank=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by = models.CharField(max_length=254, blank=True)
    made_at = models.DateTimeField()
    restores = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("definition", "number", name="health_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.definition_id} version {self.number}"


class Step(models.TextChoices):
    """What was done to a definition besides saving a version."""

    MADE = "made", "Made"
    MOVED = "moved", "Moved"
    OFF = "off", "Switched off"
    ON = "on", "Switched on"
    DELETED = "deleted", "Deleted"
    BACK = "back", "Brought back"


class DefinitionEvent(models.Model):
    """Something done to a definition, by whom and when; ``order`` is the order of the definitions
    before it, by id. ``undone_at`` is set when it was taken back."""

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=8, choices=Step.choices)
    order = models.JSONField(default=list)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by = models.CharField(max_length=254, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.definition_id} {self.step}"


class OverrideKind(models.TextChoices):
    """What a person set: a score, only its band, or that the present score stays."""

    SCORE = "score", "Score"
    BAND = "band", "Band"
    FREEZE = "freeze", "Freeze"


class Override(models.Model):
    """A person's word in place of the computed score, through the local day ``until``. A frozen one
    keeps the ``score`` and ``band`` of the moment. ``ended_at`` is set when somebody ends it early."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="health_overrides")
    kind = models.CharField(max_length=8, choices=OverrideKind.choices)
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    band = models.CharField(max_length=8, choices=Band.choices, blank=True)
    reason = models.TextField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by = models.CharField(max_length=254, blank=True)
    made_at = models.DateTimeField()
    until = models.DateField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=254, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-made_at"], name="health_override_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} until {self.until}"


class Verdict(models.Model):
    """How an account stands at one time; see ``HealthScore``. Very many are written at once, so there is
    no index that nobody asks."""

    score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    band = models.CharField(max_length=8, choices=Band.choices)
    state = models.CharField(max_length=10, choices=State.choices, blank=True)
    computed_score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    computed_band = models.CharField(max_length=8, choices=Band.choices)
    uncapped = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    coverage = models.DecimalField(max_digits=5, decimal_places=4)
    measured = models.JSONField(default=dict)
    caps = ArrayField(models.TextField(), default=list)
    missing = ArrayField(models.TextField(), default=list)
    explanation = models.JSONField(default=dict)
    version = models.ForeignKey(
        DefinitionVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    override = models.ForeignKey(
        Override, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        abstract = True


class HealthScore(Verdict):
    """The present score of one account. ``score`` and ``band`` are what people see and lists sort by;
    where ``state`` says so they are not the computed ones, which stand beside them.

    ``measured`` holds the raw values by measure as decimal text, null where missing: from them and
    ``version`` the computed score can be made again, exactly. ``explanation`` says what each of them
    gave and kept (``health.explanation``). ``data_as_of`` is when all sites of the account were last
    proved to be here whole, as it was when the score last changed. The score holds until
    ``next_change_at`` unless a figure changes first.
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    computed_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    data_as_of = models.DateTimeField(null=True)
    next_change_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_change_at"], name="health_next_change"),
            models.Index(fields=["version"], name="health_by_version"),
            models.Index(
                fields=["override"],
                condition=models.Q(override__isnull=False),
                name="health_by_override",
            ),
        ]

    def __str__(self) -> str:
        return f"health of account {self.account_id}"


class HealthVersion(Verdict):
    """A score an account had, from ``valid_from`` up to but not including ``valid_to``. It is written
    when the score gives way to another and never changed."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="past_health", db_index=False
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "valid_from"], name="health_version_of_account"),
            models.Index(fields=["valid_from", "valid_to"], name="health_version_by_time"),
            models.Index(
                fields=["override"],
                condition=models.Q(override__isnull=False),
                name="health_version_by_override",
            ),
        ]

    def __str__(self) -> str:
        return f"health until {self.valid_to}"


class StaleSite(models.Model):
    """A site whose data is too old to be trusted with a score, since when; gone when it is good."""

    site_id = models.BigIntegerField(primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"site {self.site_id} stale since {self.since}"
