"""What is wrong with a pipeline or with what it is given is told before anything runs."""

from __future__ import annotations

import datetime
import json

import pytest

from tests.pipelines.made import code
from tests.pipelines.nodes import fail, rows
from victor_nb.pipelines import InvalidPipeline, Pipeline, PipelineParameter, WrongValue, compute, notebook


def test_all_that_is_wrong_is_told_at_once_and_nothing_runs(place):
    """Unknown nodes, cycles, outputs written twice, notebooks that are not there."""
    began = []
    with pytest.raises(InvalidPipeline) as wrong:
        place.run(
            compute(lambda: began.append(1), "a", after="c", outputs="x.csv"),
            compute(fail, "b", after="nobody", outputs="x.csv"),
            compute(fail, "c", after="a"),
            notebook("gone.ipynb"),
        )

    told = str(wrong.value)
    assert all(part in told for part in ("nobody", "x.csv", "gone.ipynb", "a ← c ← a"))
    assert len(wrong.value.problems) >= 4
    assert began == []
    assert place.journal.runs() == []


def test_parameters_are_checked_before_anything_runs(place):
    """Types, choices, unknown and missing names: all at once, each with what to do."""
    declared = [
        PipelineParameter("rows", "int", 10),
        PipelineParameter("model", "str", "ridge", choices=("ridge", "lasso")),
        PipelineParameter("day", "date"),
    ]
    pipeline = Pipeline("demo", [compute(rows)], declared, folder=place.path)

    with pytest.raises(WrongValue) as wrong:
        pipeline.run_sync({"rows": "many", "model": "rigde", "rosw": 1}, journal=place.journal)

    told = str(wrong.value)
    assert "has no parameter 'rosw'. Did you mean 'rows'?" in told
    assert "rows is 'many'" in told
    assert "Did you mean 'ridge'?" in told
    assert "'day' was given no value" in told
    assert place.journal.runs() == []


def test_words_of_a_command_line_become_values_of_the_declared_types(place):
    """ "5" is 5 for an int, and a date is a date."""
    declared = [PipelineParameter("n", "int"), PipelineParameter("day", "date")]
    given = {"n": "{{ n }}"}
    pipeline = Pipeline("demo", [compute(rows, parameters=given)], declared, folder=place.path)

    result = pipeline.run_sync({"n": "5", "day": "2026-03-04"}, journal=place.journal)

    assert result["rows"]["n"] == 5
    assert result.parameters["day"] == datetime.date(2026, 3, 4)


def test_an_option_that_there_is_not_is_a_programming_error(place):
    """As with any function."""
    with pytest.raises(TypeError, match="no option 'worker'"):
        place.run(compute(rows), worker=2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe", "byte 0 is no text in UTF-8"),
        (b'{"cells": [', "line 1 column"),
        (b"[" * 100_000, "recursion"),
        (b"[1, 2]", "it has no cells"),
        (b'{"cells": [5]}', "cell 1 is none"),
        (b'{"cells": [{"cell_type": "code"}]}', "cell 1 has no source"),
        (b'{"cells": [{"cell_type": "code", "source": "", "metadata": 1}]}', "metadata of cell 1"),
        (b'{"cells": [], "metadata": {"kernelspec": "python3"}}', "metadata"),
        (b'{"worksheets": 3, "nbformat": 3}', "old format"),
    ],
)
def test_a_file_that_is_no_notebook_is_told_before_anything_runs(place, content, words):
    """Whatever it is; never with a traceback."""
    (place.path / "bad.ipynb").write_bytes(content)

    with pytest.raises(InvalidPipeline, match=words) as wrong:
        place.run(notebook("bad.ipynb"))

    assert "bad.ipynb" in wrong.value.where


def test_a_notebook_of_an_old_format_runs(place):
    """As with papermill."""
    cell = {
        "cell_type": "code",
        "input": "from victor_nb import glue\nglue('n', 3)",
        "outputs": [],
        "language": "python",
    }
    old = {"worksheets": [{"cells": [cell]}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    (place.path / "old.ipynb").write_text(json.dumps(old))

    assert place.run(notebook("old.ipynb", kernel="python3"))["old"]["n"] == 3


def test_folders_and_broken_links_are_no_notebooks(place):
    """Said as what they are."""
    (place.path / "folder.ipynb").mkdir()
    (place.path / "link.ipynb").symlink_to("gone.ipynb")

    problems = place.pipeline(notebook("folder.ipynb"), notebook("link.ipynb")).validate()

    assert [one.what for one in problems] == [
        "the notebook 'folder.ipynb' is a folder",
        "the notebook 'link.ipynb' is a link to 'gone.ipynb', which is not there",
    ]


def test_parameters_of_notebooks_are_checked_before_any_kernel_starts(place):
    """Unknown names with the nearest, wrong types, missing values, files that are no notebooks: all at once."""
    place.notebook("typed.ipynb", code("alpha: float = 1.0\ndays: int", "parameters"))
    (place.path / "torn.ipynb").write_text('{"cells": [')
    began = []
    pipeline = place.pipeline(
        compute(lambda: began.append(1), "first"),
        notebook("typed.ipynb", parameters={"alhpa": 1, "alpha": "{{ text }}"}),
        notebook("typed.ipynb", "later", parameters={"days": "{{ first }}"}),
        notebook("torn.ipynb"),
        text="much",
    )

    with pytest.raises(InvalidPipeline) as wrong:
        pipeline.run_sync(journal=place.journal)

    unknown, not_a_float, missing, torn = [problem.what for problem in wrong.value.problems]
    assert unknown == "there is no parameter 'alhpa'. Did you mean 'alpha'?"
    assert "alpha" in not_a_float
    assert "'much'" in not_a_float
    assert missing == "parameter 'days' has no default and was not given"
    assert torn.startswith("this is no notebook")
    assert began == []
