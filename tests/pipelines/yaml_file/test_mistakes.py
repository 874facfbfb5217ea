"""Everything that is wrong with a pipeline file is told at once, each mistake with its line, column and what to do."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.yaml_file.conftest import Write, Wrong
from victor_nb.pipelines.errors import InvalidPipeline
from victor_nb.pipelines.yaml_file import read_spec, spec_from_yaml
from victor_nb.workflows.errors import Problem
from victor_nb.workflows.yaml_file.errors import FileUnreadable


def test_every_mistake_of_a_file_is_told_at_once(wrong: Wrong) -> None:
    """Keys, types, references, templates, files and choices: one reading, all of them, in the order of the file."""
    told = wrong(
        """\
        pipelin: p
        parameters:
          kind: {type: str, default: c, choices: [a, b]}
          n: itn
        notebooks:
          - id: prepare
            notebook: prepre.ipynb
            timeout: soon
          - notebok: train.ipynb
          - id: train
            notebook: train.ipynb
            after: [prepar]
            parameters: {x: "{{ prepare.rows", y: "{{ knid }}"}
            inputs: data/rwa.csv
            environment: {N: "{{ n }}"}
            matrix: {model: []}
          - id: train
            notebook: report.ipynb
            compute: m:f
          - 3
          - {kernel: python3}
        """
    )

    wanted = [
        ("1:1", "there is no key 'pipelin' here. Did you mean 'pipeline'?"),
        ("3:30", "the default of 'kind' is 'c', which is none of its choices"),
        ("4:6", "there is no type 'itn'. Did you mean 'int'?"),
        ("7:15", "there is no notebook 'prepre.ipynb'. Did you mean 'prepare.ipynb'?"),
        ("8:14", "'timeout' is 'soon'; it should be a number of seconds"),
        ("9:5", "there is no key 'notebok' here. Did you mean 'notebook'?"),
        ("12:13", "there is no node 'prepar'. Did you mean 'prepare'?"),
        ("13:21", "`{{ prepare.rows`"),
        ("13:43", "there is no parameter, matrix value or node 'knid'. Did you mean 'kind'?"),
        ("14:13", "'train' reads 'data/rwa.csv', which is not there, and no node writes it."),
        ("15:22", "'N' is the same in every run, so '{{ n }}' cannot hold a template"),
        ("16:14", "'model' has no values, so the node 'train' would have no members"),
        ("17:9", "the id 'train' is given twice"),
        ("19:5", "a node is one thing, and this one has 'notebook' and 'compute'"),
        ("20:5", "a node is a mapping of keys or the path of a notebook, and this is 3"),
        ("21:5", "the node does not say what it runs"),
    ]
    for place, what in wanted:
        assert any(one.startswith(f"{place} ") and what in one for one in told), (place, what, told)
    places = [tuple(map(int, one.partition(" ")[0].split(":"))) for one in told]
    assert places == sorted(places)


def test_a_node_that_does_not_fit_is_told_once(wrong: Wrong) -> None:
    """What refers to it, or reads what it writes, is no further mistake."""
    told = wrong(
        """\
        notebooks:
          - {id: prepare, notebok: prepare.ipynb, outputs: data/clean.csv}
          - {notebook: train.ipynb, inputs: data/clean.csv, after: prepare, parameters: {n: "{{ prepare.n }}"}}
        """
    )

    assert len(told) == 1
    assert "'notebok'" in told[0]


def test_two_writers_and_cycles_have_places(wrong: Wrong) -> None:
    """The second of two writers, and the first node of a circle, are pointed at."""
    told = wrong(
        """\
        notebooks:
          - {notebook: prepare.ipynb, outputs: [a.csv, b.csv], after: train}
          - notebook: train.ipynb
            outputs:
              - c.csv
              - b.csv
            inputs: a.csv
        """
    )

    assert any(one.startswith("6:9 nodes 'prepare' and 'train' both write 'b.csv'") for one in told)
    assert any(one.startswith("2:5 nodes wait for each other: prepare ← train ← prepare") for one in told)
    assert any("train needs prepare (reads a.csv)" in one for one in told)


def test_a_template_over_several_lines_has_its_line(wrong: Wrong) -> None:
    """A name inside of a block is pointed at where it stands."""
    told = wrong(
        """\
        notebooks:
          - id: explain
            agent: offline
            goal: |
              Explain the results.
              The best was {{ bset }}.
        """
    )

    assert told[0].startswith("6:7 there is no parameter, matrix value or node 'bset'.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("notebooks: []", "the pipeline has no notebooks"),
        ("pipeline: p", "'notebooks' is missing"),
        ("notebooks: train.ipynb", "'notebooks' is 'train.ipynb'; it should be a valid list"),
        ("- train.ipynb", "the file is no mapping of keys"),
        ("notebooks: [train.ipynb", "never closed"),
        ("notebooks: [train.ipynb]\n---\nnotebooks: []", "a second document"),
        ("notebooks: [!!python/object:os.system x]", "the tag"),
        ("notebooks:\n\t- train.ipynb", "a tab in the indentation"),
        ("notebooks: [{notebook: train.ipynb, notebook: report.ipynb}]", "given twice"),
        ("parameters: {x: iris}\nnotebooks: [train.ipynb]", "there is no type 'iris'"),
        ("notebooks: [{notebook: train.ipynb, retry: 0}]", "'retry' is 0"),
        ("notebooks: [{notebook: train.ipynb, matrix: {m: ridge}}]", "'m' is the text 'ridge'; a matrix has lists"),
        (
            "notebooks: [{id: a, agent: offline, goal: g, tools: [sqll]}]",
            "there is no tool 'sqll'. Did you mean 'sql'?",
        ),
        ("notebooks: [{id: a, agent: offline, goal: g, answer: itn}]", "there is no type 'itn'. Did you mean 'int'?"),
        ("notebooks: [{id: a, agent: offline}]", "'goal' is missing"),
    ],
)
def test_what_is_no_pipeline_is_told(wrong: Wrong, text: str, said: str) -> None:
    """Each with its place."""
    assert any(said in one for one in wrong(text)), wrong(text)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    """With the place of the first byte that is not."""
    (tmp_path / "p.yaml").write_bytes(b"pipeline: caf\xe9\nnotebooks: [a.ipynb]")

    with pytest.raises(InvalidPipeline, match="the byte 0xe9 is not UTF-8") as raised:
        read_spec(tmp_path / "p.yaml")
    assert raised.value.where.endswith("p.yaml:1:14")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """And is told so."""
    with pytest.raises(FileUnreadable, match="the pipeline file cannot be read"):
        read_spec(tmp_path)


def test_a_bomb_of_aliases_is_refused(write: Write) -> None:
    """A few lines that stand for millions of values are not expanded."""
    lines = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = write("\n".join([*lines, "notebooks: [train.ipynb]"]))

    with pytest.raises(InvalidPipeline, match="stands for more than 500,000 values"):
        read_spec(path)


def test_nesting_without_end_is_refused() -> None:
    """A file cannot exhaust the stack."""
    with pytest.raises(InvalidPipeline, match="nest deeper than"):
        spec_from_yaml("notebooks: " + "[" * 5000)


def test_a_megabyte_is_read_with_all_its_mistakes(tmp_path: Path) -> None:
    """Thousands of nodes, each of them wrong, are told in the order of the file."""
    about = "x" * 300
    nodes = "".join(
        f"  - {{id: n{n}, notebook: no_{n}.ipynb, aftr: [n{n - 1}], inputs: [x{n}.csv], description: {about}}}\n"
        for n in range(3000)
    )
    text = f"notebooks:\n{nodes}"
    assert len(text) > 1_000_000

    with pytest.raises(InvalidPipeline) as raised:
        spec_from_yaml(text, folder=tmp_path)

    assert len(raised.value.problems) == 9000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_to_a_file_is_more_than_a_mistake(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is cut out of a file or put into it, the answer is a spec or what is wrong with the file."""
    text = textwrap.dedent(
        """\
        pipeline: p
        parameters: {n: {type: int, default: 3}}
        notebooks:
          - {id: a, compute: m:f, outputs: [a.csv], retry: {attempts: 2}}
          - {id: b, agent: offline, goal: "{{ a }}", matrix: {k: [1, 2]}, when: n > 2}
        """
    )
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    put = data.draw(
        st.sampled_from(["", "{", "}", "[", "- ", ": ", "{{", "*a", "&a ", "!", "null", "\n", "'", "[]", "é"])
    )

    problems: tuple[Problem, ...] = ()
    try:
        spec_from_yaml(text[:start] + put + text[end:], folder=tmp_path)
    except InvalidPipeline as invalid:
        problems = invalid.problems or pytest.fail("an error without a mistake")
    assert all(one.where.startswith("<text>:") for one in problems)
