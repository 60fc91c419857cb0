"""Our own people and what they may hold: members and API tokens."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class Role(models.TextChoices):
    """What a member may do, widest first."""

    ADMINISTRATOR = "administrator", "Administrator"
    SUPER_MANAGER = "super-manager", "Super manager"
    CSM = "csm", "Customer success manager"
    DEVELOPER = "developer", "Developer"
    VIEWER = "viewer", "Viewer"


class Members(BaseUserManager["Member"]):
    """Looks members up by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email__iexact=username)


class Member(AbstractBaseUser):
    """One of our own people who logs in; the e-mail is the login."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Members] = Members()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(Lower("email"), name="access_member_any_case_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Scope(models.TextChoices):
    """What a token may do; each includes the one before it."""

    READ = "read", "Read"
    WRITE = "write", "Read and write"
    ADMIN = "admin", "Everything"


class Token(models.Model):
    """An API token: only its SHA-256 is kept, so the text can be shown once and never again."""

    name = models.CharField(max_length=120)
    digest = models.BinaryField(unique=True)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class TokenRate(models.Model):
    """How many requests a token has made in the minute that began at ``since``, by the database's clock.

    The table is not logged: it is counted in with every request, and a crash may forget it.
    """

    token = models.OneToOneField(
        Token, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField()
    requests = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.requests} since {self.since}"


class Outcome(models.Model):
    """What an unsafe request with an ``Idempotency-Key`` was answered: kept in the transaction that
    did its work, replayed when the same token sends the same request under the same key again.

    ``digest`` stands for the request; another request under the same key is refused by it.
    ``status`` None means it is still being carried out.
    """

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Outcome"]] = models.Manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("token", "key", name="access_outcome_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="access_outcome_by_age"),
        ]

    def __str__(self) -> str:
        return self.key
