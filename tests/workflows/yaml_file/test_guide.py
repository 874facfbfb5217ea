"""The guide: every file that it shows loads, its programs run in order, and it leaves out no key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from victor_nb.workflows import InvalidWorkflow, load_workflow
from victor_nb.workflows.yaml_file.fields import CacheFields, FileFields, NodeFields, RetryFields, StateFields
from victor_nb.workflows.yaml_file.node_types import registry
from victor_nb.workflows.yaml_file.node_types.agent import BudgetFields
from victor_nb.workflows.yaml_file.node_types.registry import built_in
from victor_nb.workflows.yaml_file.sandbox import sandbox
from victor_nb.workflows.yaml_file.type_names import PLAIN

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "workflow-yaml.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|python)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
FILES = {found[1]: block for _, block in BLOCKS if (found := re.match(r"# (\S+\.(?:yaml|py))\n", block))}
PROGRAMS = [block for language, block in BLOCKS if language == "python" and not block.startswith("# ")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all files of the guide."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "handlers.py").write_text("def one(): return 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_registered", {})
    return tmp_path


def test_its_programs_run_in_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each after those above it, in one folder."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for program in PROGRAMS:
        exec(compile(program, "workflow-yaml.md", "exec", dont_inherit=True), namespace)

    assert "{'rows': 3, 'found': True}" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".yaml") and name != "wrong.yaml"))
def test_its_files_run(project: Path, name: str) -> None:
    """To their end, or to a question."""
    given = {"name": "Ada"} if name == "greet.yaml" else {}
    result = load_workflow(project / name).run_sync(given, journal="memory:")

    assert result.status == ("waiting" if name == "publish.yaml" else "finished")
    said = {
        "order.yaml": ("together", 2),
        "conditions.yaml": ("report", "without sample, after_sample"),
        "lists.yaml": ("sizes", [5, 6]),
        "outer.yaml": ("said", "Hello Bob, Hello Bob"),
    }
    key, value = said.get(name, ("skipped", []))
    assert result.state[key] == value


def test_the_mistakes_that_it_shows_are_told_so(project: Path) -> None:
    """Places and words as printed."""
    with pytest.raises(InvalidWorkflow) as raised:
        load_workflow("wrong.yaml")
    told = str(raised.value)

    (printed,) = re.findall(r"^  1\. .*?…", GUIDE, re.DOTALL | re.MULTILINE)
    assert len(raised.value.problems) == int(re.findall(r"the graph has (\d+) problems", GUIDE)[0])
    assert all(line.strip() in told for line in printed.splitlines()[:-1]), told


def test_it_leaves_out_no_key_type_or_function() -> None:
    """Whatever a file can say is in the guide."""
    models = [FileFields, NodeFields, RetryFields, CacheFields, StateFields, BudgetFields]
    models += [one.fields for one in built_in().values()]
    keys = {key for model in models for key in model.model_fields}
    prose = re.sub(r"^```.*?^```$", "", GUIDE, flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"`([^`]+)`", prose))

    assert keys - words == set()
    assert set(built_in()) <= set(re.findall(r"^### (\w+)$", GUIDE, re.MULTILINE))
    assert PLAIN.keys() - words == set()
    assert {name for name in sandbox().globals if name != "null"} <= words
