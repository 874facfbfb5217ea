"""Values go from node to node, into tables and to other processes with their types."""

from __future__ import annotations

import datetime
import subprocess
import sys

from tests.pipelines.made import code
from tests.pipelines.nodes import rows, statuses
from victor_nb.pipelines import compute, notebook


def test_parameters_reach_notebooks_with_their_types(place):
    """A template that is one expression keeps the type of its value, dates and lists included."""
    checks = "assert day == __import__('datetime').date(2026, 1, 2) and rows == [0, 1, 2] and text == 'n is 3', text"
    place.notebook("use.ipynb", code("day = None\nrows = None\ntext = ''", "parameters"), checks)
    given = {"day": "{{ rows.day }}", "rows": "{{ rows.rows }}", "text": "n is {{ rows.n }}"}

    assert place.run(compute(rows), notebook("use.ipynb", parameters=given)).status == "finished"


def test_results_are_a_table_over_runs_of_parameters_and_values(place):
    """Newest first; of a node with a matrix, a row for each member."""
    pipeline = place.pipeline(compute(rows, "r", parameters={"n": "{{ n }}"}), n=3)
    for n in (3, 4):
        pipeline.run_sync({"n": n}, journal=place.journal)

    table = pipeline.results(journal=place.journal)

    assert table[["n", "r.n", "status"]].to_dict("list") == {
        "n": [4, 3],
        "r.n": [4, 3],
        "status": ["finished", "finished"],
    }
    assert list(pipeline.results("r", journal=place.journal)["n"]) == [4, 3]


def test_what_a_notebook_glues_is_its_value_with_its_types(place):
    """Tables, dates and numbers arrive in the next notebook and in Python as what they were, also from the cache."""
    place.notebook(
        "make.ipynb",
        "import datetime, pandas\nfrom victor_nb import glue",
        "glue('table', pandas.DataFrame({'x': [1, 2]}))\nglue('day', datetime.date(2026, 1, 2))",
    )
    place.notebook(
        "use.ipynb", code("table = None", "parameters"), "from victor_nb import glue", "glue('sum', int(table.x.sum()))"
    )
    nodes = [notebook("make.ipynb"), notebook("use.ipynb", parameters={"table": "{{ make.table }}"})]

    for expected in ("finished", "cached"):
        result = place.run(*nodes)
        assert statuses(result) == {"make": expected, "use": expected}
        assert result["use"] == {"sum": 3}
        assert result["make"]["table"].x.tolist() == [1, 2]
        assert result["make"]["day"] == datetime.date(2026, 1, 2)
    assert list(place.pipeline(*nodes).results("use", journal=place.journal)["sum"]) == [3, 3]


PROGRAM = """\
import sys
from victor_nb import Pipeline, open_journal
from victor_nb.pipelines import notebook

with open_journal("sqlite:///classes.db") as journal:
    nodes = [notebook("make.ipynb"), notebook("use.ipynb", parameters={"split": "{{ make.split }}"})]
    result = Pipeline("classes", nodes).run_sync(journal=journal)
    value = Pipeline("classes", nodes).past(journal=journal)["make"]["split"]
    print([one.status for one in result.nodes], type(value).__name__, value.share)
"""


def test_instances_of_a_project_s_classes_are_handed_on_also_to_other_processes(place):
    """The pipeline's folder is where their modules are looked for, by the notebook and by whoever reads its values."""
    (place.path / "splits.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Split:\n    share: float\n"
    )
    place.notebook("make.ipynb", "from splits import Split\nfrom victor_nb import glue\nglue('split', Split(0.5))")
    place.notebook(
        "use.ipynb", code("split = None", "parameters"), "assert split.share == 0.5 and type(split).__name__ == 'Split'"
    )

    for expected in ("finished", "cached"):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=place.path, capture_output=True, text=True, check=False
        )
        assert ran.stdout.strip() == f"['{expected}', '{expected}'] Split 0.5", ran.stderr
