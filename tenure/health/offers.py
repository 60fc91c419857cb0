"""What rules may ask of an account's health: as people see it, and how much is known of it."""

from tenure.health.models import Band, HealthVersion
from tenure.metrics.briefs import changed
from tenure.rules.catalogue import Attribute, History
from tenure.rules.indexes import Column
from tenure.rules.operators import Type

HEALTH = "health"
GROUP = "Health"
_SHOWN = ("score", "band", "coverage", "caps", "missing", "version_id")
# The name a definition has today, of the version that made a score.
_NAMED = (
    "(SELECT d.name FROM health_definitionversion v JOIN health_definition d"
    " ON d.id = v.definition_id WHERE v.id = {})"
)


def histories() -> dict[str, History]:
    """Scores through time, the present ones last."""
    kept = ", ".join(_SHOWN)
    versions = HealthVersion._meta.db_table
    return {
        HEALTH: History(
            "k",
            f"""(SELECT account_id, valid_from, valid_to, {kept} FROM {versions}
                UNION ALL
                SELECT account_id, updated_at, 'infinity'::timestamptz, {kept}
                FROM health_healthscore)""",  # noqa: S608
        )
    }


def account_attributes() -> tuple[Attribute, ...]:
    """The score, its word, and what it rests on (METRICS section 10)."""
    return _OFFERED


def _offer(
    key: str, label: str, kind: Type, column: str, explains: str, *synonyms: str, **more: str
) -> Attribute:
    cast = {Type.NUMBER: "::numeric", Type.LIST: "::text[]"}.get(kind, "::text")
    return Attribute(
        key,
        label,
        kind,
        f"(SELECT k.{column}{cast} FROM health_healthscore k WHERE k.account_id = a.id)",  # noqa: S608
        explains=explains,
        missing=more.get("missing", "Unknown until the account is scored."),
        unit=more.get("unit", ""),
        values=tuple(Band.values) if kind is Type.ENUM else (),
        synonyms=synonyms,
        history=HEALTH,
        past=f"{{k}}.{column}{cast}",
        group=GROUP,
        index=Column("b.score") if column == "score" else None,
        brief=f"b.{column}{cast}" if column in ("band", "score") else "",
        from_zero=column == "score",
        changed=changed(column),
    )


_OFFERED = (
    _offer(
        "health",
        "Financial health",
        Type.ENUM,
        "band",
        "Green, amber or red; unknown where too little is known.",
        "financial_health",
        "band",
    ),
    _offer(
        "health_score",
        "Health score",
        Type.NUMBER,
        "score",
        "From 0 to 100.",
        "score",
        missing="Unknown where too little is known.",
    ),
    _offer(
        "health_coverage",
        "Health coverage",
        Type.NUMBER,
        "coverage",
        "The share of the weights that is known.",
        unit="share",
    ),
    _offer("health_caps", "Health caps", Type.LIST, "caps", "What holds the score down."),
    _offer("health_missing", "Missing for health", Type.LIST, "missing", "Measures not known."),
    Attribute(
        "health_definition",
        "Definition of health",
        Type.TEXT,
        "(SELECT d.name FROM health_healthscore k JOIN health_definitionversion v"
        " ON v.id = k.version_id JOIN health_definition d ON d.id = v.definition_id"
        " WHERE k.account_id = a.id)",
        explains="The definition the score was made by, by its name of today.",
        missing="Unknown until the account is scored.",
        history=HEALTH,
        past=_NAMED.format("{k}.version_id"),
        group=GROUP,
    ),
)
