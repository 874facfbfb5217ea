"""Every setting is in the guide and in the template."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from victor_nb.config import Settings, project_template, setting_names

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "configuration.md"


@pytest.mark.parametrize("name", setting_names())
def test_the_guide_names_the_setting_and_its_variable(name: str) -> None:
    """A setting that nobody can read about does not exist."""
    guide = GUIDE.read_text(encoding="utf-8")

    assert f"`{name}`" in guide
    if name != "secrets":
        assert f"`VICTOR_{name.upper().replace('.', '__')}`" in guide


def test_every_setting_has_a_description() -> None:
    """The template and the help are written from the descriptions."""
    assert all(info.description for info in Settings.model_fields.values())


def test_the_template_is_valid_and_holds_every_setting(tmp_path: Path) -> None:
    """Uncommenting any line of a new victor.toml gives a file that loads."""
    text = project_template()
    uncommented = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in text.splitlines()
    )
    tables = tomllib.loads(text)
    assert tables.keys() >= {"budget", "secrets", "cache", "notebook"}
    assert not any(tables.values())
    (tmp_path / "victor.toml").write_text(uncommented)

    settings = Settings.load(tmp_path, user_file=tmp_path / "none.toml")

    assert {o.name for o in settings.explain() if o.source == "default"} == {"root"}


def test_the_template_can_set_the_model() -> None:
    """`victor config init --model …` writes that one line out."""
    assert tomllib.loads(project_template("openai:gpt-5"))["model"] == "openai:gpt-5"
