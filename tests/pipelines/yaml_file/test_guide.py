"""The guide to pipeline files: every file that it shows loads or runs, its programs run, and it leaves out no key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.made import code, notebook
from victor_nb.pipelines import InvalidPipeline, load_pipeline
from victor_nb.pipelines.yaml_file import read_spec
from victor_nb.pipelines.yaml_file.fields import KINDS, ParameterFields, PipelineFields
from victor_nb.workflows.yaml_file.fields import RetryFields
from victor_nb.workflows.yaml_file.type_names import PLAIN

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "pipeline-yaml.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|python|text)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
FILES = {found[1]: block for _, block in BLOCKS if (found := re.match(r"# (\S+\.(?:yaml|py))\n", block))}
PROGRAMS = [block for language, block in BLOCKS if language == "python" and not block.startswith("# ")]
LINES = [line for language, block in BLOCKS if language == "text" for line in block.splitlines() if "victor " in line]

PREPARE = """\
import csv
from victor_nb import glue
rows = [float(row["x"]) for row in csv.DictReader(open(source)) if row["x"]]
open("clean.csv", "w").write("x\\n" + "\\n".join(map(str, rows)))
glue("rows", len(rows))
"""
TRAIN = """\
import json, statistics
from victor_nb import glue
xs = [float(line) for line in open("clean.csv").read().split()[1:]]
guess = getattr(statistics, model)(xs)
error = sum(abs(x - guess) for x in xs)
json.dump(guess, open(f"model-{model}.json", "w"))
glue("error", error)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all files of the guide, and the notebooks that it speaks of."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    write(tmp_path, "prepare", notebook(code("source = 'measurements.csv'", "parameters"), PREPARE))
    write(tmp_path, "train", notebook(code("model = 'mean'\nshare = 0.25\nseed = 0", "parameters"), TRAIN))
    write(tmp_path, "report", notebook(code("winner = ''\nrows = 0", "parameters"), "print(winner, rows)"))
    for name in ("one", "two", "three"):
        write(tmp_path, name, notebook(code("n = 0", "parameters"), "print(1)"))
    (tmp_path / "measurements.csv").write_text("x\n1\n2\n\n30\n")
    (tmp_path / "checks.yaml").write_text("state: {said: str}\nnodes: [{id: ok, handler: ok}]")
    (tmp_path / "checks.py").write_text("def ok(said):\n    return '2' in said\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, made: dict[str, object]) -> None:
    (folder / f"{name}.ipynb").write_text(json.dumps(made))


def test_its_programs_run_in_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each after those above it, in one folder."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for program in PROGRAMS:
        exec(compile(program, "pipeline-yaml.md", "exec", dont_inherit=True), namespace)

    assert "pipeline: made" in capsys.readouterr().out
    assert json.loads((project / "pipeline.schema.json").read_text())["title"] == "Pipeline of Victor NB"


def test_its_commands_run(project: Path) -> None:
    """As a reader types them."""
    commands = [line for line in LINES if "FOLDER" not in line]
    assert len(commands) == 3
    for line in commands:
        words = [sys.executable, "-m", "victor_nb.cli", *line.split()[1:]]
        done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("name", ["in-order.yaml", "matrix.yaml", "careful.yaml", "between.yaml"])
def test_its_files_run(project: Path, name: str) -> None:
    """And come to what the text says."""
    result = load_pipeline(project / name).run_sync(journal="memory:")

    assert result.status == "finished", result
    if name == "matrix.yaml":
        assert [one["value"] for one in result["each"]] == ["ADA", "BOB"]
    if name == "careful.yaml":
        assert result.nodes[1].status == "skipped"
    if name == "between.yaml":
        assert result["check"]["said"] == result["explain"]


def test_every_other_file_is_one_of_those() -> None:
    """No file of the guide is left untried."""
    known = {
        "training.yaml",
        "in-order.yaml",
        "matrix.yaml",
        "careful.yaml",
        "between.yaml",
        "wrong.yaml",
        "choosing.py",
    }
    assert set(FILES) == known


def test_the_mistakes_that_it_shows_are_told_so(project: Path) -> None:
    """Places and words as printed."""
    with pytest.raises(InvalidPipeline) as raised:
        read_spec("wrong.yaml")

    assert len(raised.value.problems) == int(re.findall(r"the pipeline has (\d+) problems", GUIDE)[0])
    (printed,) = re.findall(r"^  1\. (.*?\(wrong\.yaml:\d+:\d+\))", GUIDE, re.MULTILINE)
    assert printed in str(raised.value)


def test_it_leaves_out_no_key_and_no_type() -> None:
    """Whatever a file can say is in the guide."""
    keys = {
        key for model in (PipelineFields, ParameterFields, RetryFields, *KINDS.values()) for key in model.model_fields
    }
    prose = re.sub(r"^```.*?^```$", "", GUIDE, flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"`([^`]+)`", prose))

    assert keys - {"type"} - words == set()
    assert PLAIN.keys() - words == set()
