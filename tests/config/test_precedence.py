"""Which source wins, and what `explain` says about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.conftest import load
from victor_nb.config import Settings


def source_of(settings: Settings, name: str) -> str:
    return next(origin.source for origin in settings.explain() if origin.name == name)


def test_nothing_given_means_the_offline_model_and_a_journal_in_the_project(project: Path) -> None:
    """A newcomer needs no file, no variable and no key."""
    settings = load(project)

    assert settings.model == "offline"
    assert settings.journal_url == f"sqlite:///{project}/.victor/victor.db"
    assert source_of(settings, "model") == "default"


def test_each_source_beats_the_one_below_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Precedence rises from the user's file over the project's and the environment to the arguments."""
    files = {"text": 'model = "of-project"', "own": 'model = "of-user"'}
    seen = [load(project, own=files["own"]).model, load(project, **files).model]
    monkeypatch.setenv("VICTOR_MODEL", "of-environment")
    seen += [load(project, **files).model, load(project, **files, model="of-argument").model]

    assert seen == ["of-user", "of-project", "of-environment", "of-argument"]


def test_tables_merge_key_by_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One limit from each source: none of them wipes out the table of another."""
    monkeypatch.setenv("VICTOR_BUDGET__TOKENS", "500")

    budget = load(project, "[budget]\nsteps = 7", own="[budget]\nseconds = 60", **{"budget.cost_usd": 0.5}).budget

    assert (budget.steps, budget.tokens, budget.cost_usd, budget.seconds) == (7, 500, 0.5, 60)


def test_explain_names_file_and_line_variable_or_argument(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value can be traced to the line, the variable or the argument that set it."""
    monkeypatch.setenv("VICTOR_APPROVE", "never")
    settings = load(project, '# ours\nreplay = "auto"\n\n[budget]\n  steps = 3\n', model="test")

    assert source_of(settings, "replay") == f"{project / 'victor.toml'}:2"
    assert source_of(settings, "budget.steps") == f"{project / 'victor.toml'}:5"
    assert source_of(settings, "approve") == "environment variable VICTOR_APPROVE"
    assert source_of(settings, "model") == "argument"


def test_the_project_file_is_found_from_a_folder_below(project: Path) -> None:
    """A notebook in a subfolder uses the project's settings and the project's journal."""
    (project / "victor.toml").write_text('model = "found"')
    below = project / "notebooks" / "drafts"
    below.mkdir(parents=True)

    settings = Settings.load(below, user_file=project / "none.toml")

    assert (settings.model, settings.root) == ("found", project)


def test_root_can_be_given(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VICTOR_ROOT moves the project root, and with it the search for the project's file."""
    (project / "victor.toml").write_text('model = "found"')
    monkeypatch.setenv("VICTOR_ROOT", str(project))

    settings = Settings.load(tmp_path, user_file=tmp_path / "none.toml")

    assert (settings.model, settings.root, settings.home) == ("found", project, project / ".victor")


def test_lists_may_be_written_with_commas(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable holds a list as people write one."""
    monkeypatch.setenv("VICTOR_ALLOWLIST", "read_file, run_sql")

    assert load(project).allowlist == ("read_file", "run_sql")


def test_an_empty_variable_is_no_setting(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`VICTOR_MODEL=` unsets, as shells do it."""
    monkeypatch.setenv("VICTOR_MODEL", "")

    assert load(project).model == "offline"


def test_none_as_an_argument_means_not_given(project: Path) -> None:
    """A flag that was not used does not hide what a file says."""
    assert load(project, 'model = "of-project"', model=None).model == "of-project"


def test_an_absolute_or_foreign_journal_url_stays_as_it_is(project: Path, tmp_path: Path) -> None:
    """Only a relative SQLite path counts from the root."""
    assert load(project, journal="memory:").journal_url == "memory:"
    assert load(project, journal=f"sqlite:///{tmp_path}/j.db").journal_url == f"sqlite:///{tmp_path}/j.db"


def test_a_password_in_the_journal_url_is_not_shown(project: Path) -> None:
    """`explain` is printed and pasted into tickets."""
    settings = load(project, journal="postgresql://me:hunter22@db/victor")

    assert next(o.value for o in settings.explain() if o.name == "journal") == "postgresql://me:***@db/victor"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:p@ss/wo:rd@db/victor", "postgresql://me:***@db/victor"),
        ("postgresql://me@db/victor?password=hunter22&schema=s", "postgresql://me@db/victor?password=***&schema=s"),
        ("postgresql://db/victor?sslpassword=hunter22", "postgresql://db/victor?sslpassword=***"),
        ("sqlite:////data/me:you@home/victor.db", "sqlite:////data/me:you@home/victor.db"),
    ],
)
def test_a_password_is_hidden_wherever_it_stands(project: Path, url: str, shown: str) -> None:
    """Also one whose signs should have been escaped, and one among the options."""
    settings = load(project, journal=url)

    assert next(o.value for o in settings.explain() if o.name == "journal") == shown


def test_the_recording_counts_from_the_root(project: Path) -> None:
    """A recording is committed beside the notebooks, so its path is the project's."""
    assert load(project, recording="rec/a.jsonl").recording_path == project / "rec" / "a.jsonl"
    assert load(project).recording_path is None
