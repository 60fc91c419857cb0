"""What an import checker cannot see: foreign keys point down, and apps stand in the order of layers."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

ROOT = Path(__file__).resolve().parents[2]


def heights() -> dict[str, int]:
    """How high each package of ours stands; the packages of one layer are equally high."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "stages")
    return {
        name.strip(" ()"): height
        for height, layer in enumerate(reversed(layers))
        for name in layer.split("|")
    }


def package_of(model: type[models.Model]) -> str | None:
    """``customers`` for a table of tenure.customers; None for a table that is not ours."""
    first, _, rest = model.__module__.partition(".")
    return rest.partition(".")[0] if first == "tenure" else None


def test_every_foreign_key_points_to_the_same_package_or_a_lower_one() -> None:
    height = heights()
    upward = []
    for model in apps.get_models():
        source = package_of(model)
        for field in model._meta.get_fields():
            target = field.related_model if not field.auto_created else None
            if source and isinstance(target, type) and (below := package_of(target)):
                allowed = source == below or height[source] > height[below]
                upward += [] if allowed else [f"{model.__name__}.{field.name} -> {below}"]
    assert not upward, "turn the arrow: let the higher package point at the lower"


def test_no_table_of_others_points_at_ours() -> None:
    pointing = [
        f"{model.__module__}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if package_of(model) is None and model.__module__.split(".")[0] not in ("allauth", "django")
        for field in model._meta.get_fields()
        if isinstance(field.related_model, type) and package_of(field.related_model)
    ]
    assert not pointing


def test_apps_are_installed_from_the_lowest_layer_to_the_highest() -> None:
    height = heights()
    ours = [
        app.removeprefix("tenure.") for app in settings.INSTALLED_APPS if app.startswith("tenure.")
    ]
    assert ours == sorted(ours, key=lambda name: height[name])


def test_no_package_of_ours_listens_to_signals() -> None:
    listening = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tenure").rglob("*.py")
        if "django.dispatch" in (text := path.read_text()) or "django.db.models.signals" in text
    ]
    assert not listening, "a signal is an import nobody sees; call the function instead"
