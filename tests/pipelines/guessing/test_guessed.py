"""A pipeline file for a folder of notebooks: it loads as it is, and says what was guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.errors import UsageError
from victor_nb.pipelines import PipelineParameter, PipelineSpec
from victor_nb.pipelines.guessing import guessed
from victor_nb.pipelines.inference import dependencies
from victor_nb.pipelines.spec import NotebookWork
from victor_nb.pipelines.yaml_file import spec_from_yaml


def write(folder: Path, name: str, *cells: str, parameters: str = "") -> None:
    """Write a notebook."""
    first = [{"cell_type": "code", "source": parameters, "metadata": {"tags": ["parameters"]}}] if parameters else []
    rest = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps({"cells": first + rest, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))


def read(folder: Path, beside: Path | None = None) -> tuple[str, PipelineSpec]:
    text = guessed(folder, beside or folder)
    return text, spec_from_yaml(text, folder=beside or folder)


def needs(spec: PipelineSpec) -> dict[str, list[str]]:
    return {name: list(others) for name, others in dependencies(spec).needs.items()}


def test_files_tie_notebooks_together(tmp_path: Path) -> None:
    """What one writes and another reads becomes an output and an input, with the call that says so."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw.csv").write_text("a\n")
    write(tmp_path, "prepare.ipynb", "df = pd.read_csv('data/raw.csv')", "df.to_parquet('data/clean.parquet')")
    write(tmp_path, "analyse.ipynb", "df = pd.read_parquet('data/clean.parquet')\nplt.savefig('roc.png')")

    text, spec = read(tmp_path)

    assert needs(spec) == {"analyse": ["prepare"], "prepare": []}
    assert "- data/clean.parquet  # guessed: df.to_parquet in cell 2" in text
    assert "- roc.png  # guessed: plt.savefig in cell 1" in text


def test_parameters_that_are_alike_become_one(tmp_path: Path) -> None:
    """Those with other defaults get a name of their own; types, choices and requirements are kept."""
    write(tmp_path, "a.ipynb", parameters="rows = 10\nseed: int = 1\nkind: Literal['x', 'y'] = 'x'\nneeded: float")
    write(tmp_path, "b.ipynb", parameters="rows = 10\nseed: int = 2\nwhen = date(2026, 1, 1)")

    text, spec = read(tmp_path)

    assert spec.parameters == (
        PipelineParameter("rows", "int", 10),
        PipelineParameter("seed", "int", 1),
        PipelineParameter("kind", "any", "x", ("x", "y")),
        PipelineParameter("needed", "float"),
        PipelineParameter("b_seed", "int", 2),
    )
    assert spec.nodes[1].parameters == {"rows": "{{ rows }}", "seed": "{{ b_seed }}"}
    assert "rows: {type: int, default: 10}  # of a, b" in text
    assert "# when keeps its default date(2026, 1, 1), which no file can say" in text


def test_paths_over_parameters_become_templates(tmp_path: Path) -> None:
    """With the names that the parameters have in the pipeline."""
    (tmp_path / "raw.csv").write_text("a\n")
    write(
        tmp_path,
        "a.ipynb",
        "pd.read_csv(source)\ndf.to_csv(f'{name}.csv')",
        parameters="source = 'raw.csv'\nname = 'x'",
    )
    write(tmp_path, "b.ipynb", "df.to_csv(f'{name}.txt')\npd.read_csv('x.csv')", parameters="name = 'y'")

    _, spec = read(tmp_path)

    assert (spec.nodes[0].inputs, spec.nodes[0].outputs) == (("{{ source }}",), ("{{ name }}.csv",))
    assert spec.nodes[1].outputs == ("{{ b_name }}.txt",)
    assert needs(spec) == {"a": [], "b": ["a"]}


def test_values_that_are_handed_on_reach_parameters_of_their_name(tmp_path: Path) -> None:
    """A guess, and marked as one."""
    write(tmp_path, "prepare.ipynb", "glue('rows', len(df))")
    write(tmp_path, "train.ipynb", parameters="rows = 0")

    text, spec = read(tmp_path)

    assert spec.nodes[1].parameters == {"rows": "{{ prepare.rows }}"}
    assert needs(spec) == {"prepare": [], "train": ["prepare"]}
    assert 'rows: "{{ prepare.rows }}"  # guessed' in text


def test_a_path_that_is_handed_on_stands_for_anything(tmp_path: Path) -> None:
    """It is known only in the run; where nothing else of a path is known, a comment says so."""
    write(tmp_path, "a.ipynb", "glue('name', 'x')")
    write(tmp_path, "b.ipynb", "df.to_csv(f'{name}.csv')\ndf.to_json(name)", parameters="name = ''")

    text, spec = read(tmp_path)

    assert spec.nodes[1].outputs == ("*.csv",)
    assert "# df.to_json in cell 2 writes a file whose name another notebook hands on" in text


def test_plain_notebooks_stay_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Ten comes after two; in subfolders they run where they are."""
    for name in ("10_last.ipynb", "2_second.ipynb", "1_first.ipynb", "more/3 third.ipynb"):
        write(tmp_path, name, "print(1)")
    write(tmp_path, ".ipynb_checkpoints/1_first-checkpoint.ipynb", "print(1)")

    _, spec = read(tmp_path)

    assert [node.id for node in spec.nodes] == ["first", "second", "last", "third"]
    assert isinstance(spec.nodes[3].work, NotebookWork)
    assert (spec.nodes[3].work.path, spec.nodes[3].work.folder) == ("more/3 third.ipynb", "more")
    assert needs(spec)["third"] == ["last"]


def test_numbered_notebooks_that_nothing_ties_follow_the_one_before(tmp_path: Path) -> None:
    """Where others are tied, the order of the numbers has to be said."""
    write(tmp_path, "01_a.ipynb", "df.to_csv('a.csv')")
    write(tmp_path, "02_b.ipynb", "pd.read_csv('a.csv')")
    write(tmp_path, "03_c.ipynb", "print('deployed')")

    text, spec = read(tmp_path)

    assert needs(spec) == {"a": [], "b": ["a"], "c": ["b"]}
    assert "after: [b]  # guessed from the file names" in text


def test_what_cannot_be_stands_in_comments(tmp_path: Path) -> None:
    """Missing inputs, second writers, circles and unknown names leave a file that loads."""
    write(tmp_path, "a.ipynb", "pd.read_csv('nowhere.csv')\ndf.to_csv('x.csv')\npd.read_csv('y.csv')")
    write(tmp_path, "b.ipynb", "pd.read_csv('x.csv')\ndf.to_csv('y.csv')\ndf.to_csv('x.csv')\ndf.to_csv(name())")
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "list.ipynb").write_text("[]")

    text, spec = read(tmp_path)

    assert needs(spec) in ({"a": [], "b": ["a"]}, {"a": ["b"], "b": []})
    assert "# reads nowhere.csv (pd.read_csv in cell 1), which is not there, and no notebook writes it" in text
    assert "# writes x.csv (df.to_csv in cell 1), as a does: only one of them can" in text
    assert "# df.to_csv in cell 1 writes a file whose name is only known when it runs" in text
    assert "# broken.ipynb was left out: it is no JSON" in text
    assert "# list.ipynb was left out: it is JSON, but no notebook of format 4" in text


def test_a_notebook_reads_what_it_wrote_itself(tmp_path: Path) -> None:
    """That is no input; what it reads and then writes is both."""
    (tmp_path / "state.json").write_text("{}")
    write(
        tmp_path,
        "a.ipynb",
        "df.to_csv('x.csv')\npd.read_csv('x.csv')",
        "pd.read_json('state.json')\ndf.to_json('state.json')",
    )

    _, spec = read(tmp_path)

    assert (spec.nodes[0].inputs, spec.nodes[0].outputs) == (("state.json",), ("x.csv", "state.json"))


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    """Notebooks run in their own folder then, and paths are those from the file."""
    write(tmp_path / "work" / "notebooks", "a.ipynb", "df.to_csv('../out/x.csv')")
    write(tmp_path / "work" / "notebooks", "b.ipynb", "pd.read_csv('../out/x.csv')")

    _, spec = read(tmp_path / "work" / "notebooks", tmp_path / "work")

    assert isinstance(spec.nodes[0].work, NotebookWork)
    assert (spec.nodes[0].work.path, spec.nodes[0].work.folder) == ("notebooks/a.ipynb", "notebooks")
    assert spec.nodes[0].outputs == ("out/x.csv",)
    assert needs(spec) == {"a": [], "b": ["a"]}


def test_a_folder_without_notebooks_is_told(tmp_path: Path) -> None:
    """And so is one that is not there."""
    (tmp_path / "notes").mkdir()
    with pytest.raises(UsageError, match="there is no notebook in"):
        guessed(tmp_path, tmp_path)
    with pytest.raises(UsageError, match="Did you mean 'notes'"):
        guessed(tmp_path / "nots", tmp_path)


lines = st.sampled_from(
    [
        "pd.read_csv('a.csv')",
        "df.to_csv('a.csv')",
        "pd.read_csv('b.csv')",
        "df.to_csv('b.csv')",
        "df.to_csv(f'{p}.csv')",
        "pd.read_csv(f'{p}-{q}.csv')",
        "Path('out').glob('*.csv')",
        "df.to_csv('out/c.csv')",
        "glue('p', 1)",
        "glue('q', 1)",
        "open(x, 'w')",
        "pd.read_csv(p)",
        "df.to_csv(p)",
        "open('out')",
        "def (",
    ]
)
parameter_cells = st.sampled_from(
    [
        "",
        "p = 'a'",
        "p = 'b'\nq: int = 3",
        "q: int",
        "q = [1, {'a': None}]",
        "p = ['a.csv', 'b.csv']",
        "p = 'é: \"x\" #'",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(lines, max_size=4), parameter_cells), min_size=1, max_size=4), st.booleans())
def test_whatever_the_notebooks_say_the_file_loads(
    tmp_path: Path, notebooks: list[tuple[list[str], str]], numbered: bool
) -> None:
    """No combination of files, parameters and values makes a file with mistakes."""
    for old in tmp_path.glob("*.ipynb"):
        old.unlink()
    for number, (cells, parameters) in enumerate(notebooks):
        write(tmp_path, f"{number if numbered else ''}n{number}.ipynb", *cells, parameters=parameters)

    _, spec = read(tmp_path)

    assert len(spec.nodes) == len(notebooks)
