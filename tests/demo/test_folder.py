"""A demo's folder says what it is, and keeps its login to itself."""

from pathlib import Path

import pytest

from tenure.core.errors import ConfigurationError
from tenure.demo import folder


def test_a_demo_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    demo = folder.begin("medium")
    demo.save(tmp_path)
    assert folder.load(tmp_path) == demo


def test_a_folder_without_a_mark_holds_no_demo(tmp_path: Path) -> None:
    assert folder.load(tmp_path) is None


def test_a_damaged_mark_is_refused_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{half")
    with pytest.raises(ConfigurationError, match=r"demo\.json cannot be read.*Remove the folder"):
        folder.load(tmp_path)


def test_only_its_owner_can_read_the_login(tmp_path: Path) -> None:
    folder.begin("small").save(tmp_path)
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_every_demo_has_a_login_of_its_own() -> None:
    assert folder.begin("small").password != folder.begin("small").password


def test_the_business_is_a_year_and_a_half_old_on_the_first_day() -> None:
    demo = folder.begin("small")
    assert (demo.first_day - demo.opened).days == 548
