"""What a notebook reads and writes, told from its code alone."""

from __future__ import annotations

import pytest

from victor_nb.pipelines.guessing.file_uses import NotebookUses, uses_of


def uses(*cells: str, parameters: tuple[str, ...] = ()) -> NotebookUses:
    return uses_of({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}, parameters)


def told(*cells: str, parameters: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    return [(one.way, one.path) for one in uses(*cells, parameters=parameters).uses]


@pytest.mark.parametrize(
    ("code", "way", "path"),
    [
        ("pd.read_csv('data/raw.csv', sep=';')", "reads", "data/raw.csv"),
        ("pd.read_parquet(path='a.parquet')", "reads", "a.parquet"),
        ("pl.scan_csv('a.csv')", "reads", "a.csv"),
        ("frame.to_csv('out.csv', index=False)", "writes", "out.csv"),
        ("frame.groupby('x').sum().to_parquet('out.parquet')", "writes", "out.parquet"),
        ("frame.write_parquet('out.parquet')", "writes", "out.parquet"),
        ("np.load('x.npy')", "reads", "x.npy"),
        ("np.save('x', array)", "writes", "x.npy"),
        ("np.savez('x', a=1)", "writes", "x.npz"),
        ("np.loadtxt('x.txt')", "reads", "x.txt"),
        ("joblib.load('model.pkl')", "reads", "model.pkl"),
        ("joblib.dump(model, 'model.pkl')", "writes", "model.pkl"),
        ("torch.save(model.state_dict(), 'm.pt')", "writes", "m.pt"),
        ("plt.savefig('figures/roc.png', dpi=200)", "writes", "figures/roc.png"),
        ("fig.savefig('roc')", "writes", "roc.png"),
        ("figure.write_html('plot.html')", "writes", "plot.html"),
        ("open('a.txt').read()", "reads", "a.txt"),
        ("open('a.txt', 'w').write('x')", "writes", "a.txt"),
        ("open('a.txt', mode='ab')", "writes", "a.txt"),
        ("gzip.open('a.gz', 'wt')", "writes", "a.gz"),
        ("Path('a.txt').open('w')", "writes", "a.txt"),
        ("Path('a.json').read_text()", "reads", "a.json"),
        ("(Path('out') / 'a.json').write_text('{}')", "writes", "out/a.json"),
        ("pathlib.Path('out', 'b').joinpath('a.json').read_bytes()", "reads", "out/b/a.json"),
        ("pd.read_csv(os.path.join('data', 'x', 'raw.csv'))", "reads", "data/x/raw.csv"),
        ("pd.read_csv(Path.cwd() / 'raw.csv')", "reads", "raw.csv"),
        ("json.load(open('a.json'))", "reads", "a.json"),
        ("pickle.dump(model, open('m.pkl', 'wb'))", "writes", "m.pkl"),
        ("json.dump(scores, open('scores.json', 'w'))", "writes", "scores.json"),
        ("glob.glob('data/*.csv')", "reads", "data/*.csv"),
        ("sorted(Path('data').glob('*.csv'))", "reads", "data/*.csv"),
        ("list(Path('data').rglob('*.csv'))", "reads", "data/**/*.csv"),
        ("pd.read_csv(f'data/part-{n}.csv')", "reads", "data/part-*.csv"),
        ("frame.to_csv('data/' + name + '.csv')", "writes", "data/*.csv"),
        ("x = !ls\npd.read_csv('after_magic.csv')", "reads", "after_magic.csv"),
        ("%%time\npd.read_csv('timed.csv')", "reads", "timed.csv"),
        ("Path('a/b.csv').with_suffix('.png').write_bytes(b'')", "writes", "a/b.png"),
    ],
)
def test_common_calls_are_known(code: str, way: str, path: str) -> None:
    """By their names, whatever they are called on."""
    assert told(code) == [(way, path)]


@pytest.mark.parametrize(
    "code",
    [
        "model.save(1)",
        "np.load(stream)",
        "json.dump(scores, stream)",
        "pd.read_csv('https://example.org/a.csv')",
        "pd.read_csv(io.StringIO('a,b'))",
        "'a'.join(['b'])",
        "frame.to_csv()",
        "d.glob('')",
        "load('x.csv')",
        "this is not python",
    ],
)
def test_what_is_no_file_of_the_folder_is_left_alone(code: str) -> None:
    """Streams, addresses, and calls that only look alike."""
    assert told(code) == []


def test_names_stand_for_what_they_were_given_last() -> None:
    """Across cells, in the order of the code."""
    assert told(
        "DATA = Path('data')", "raw = DATA / 'raw.csv'\npd.read_csv(raw)", "raw = 'x.csv'\npd.read_csv(raw)"
    ) == [
        ("reads", "data/raw.csv"),
        ("reads", "x.csv"),
    ]


def test_parameters_become_templates() -> None:
    """A path made of parameters changes with them."""
    assert told(
        "source = 'data/raw.csv'\nmodel: str = 'ridge'",
        "pd.read_csv(source)\njoblib.dump(m, f'models/{model}-{fold}.pkl')",
        parameters=("source", "model"),
    ) == [("reads", "{{ source }}"), ("writes", "models/{{ model }}-*.pkl")]


def test_a_file_whose_name_only_running_tells_is_told_as_such() -> None:
    """A person has to look there."""
    assert told("frame.to_csv(target())") == [("writes", None)]


def test_glued_values_are_what_a_notebook_hands_on() -> None:
    """Each name once, in their order."""
    assert uses("glue('rows', 3)\nvictor_nb.glue('auc', a)", "sb.glue('rows', 4)\nglue(name, 5)").handed == [
        "rows",
        "auc",
    ]


def test_cells_and_calls_are_named_for_people() -> None:
    """With the number of the cell among all cells."""
    found = uses_of(
        {
            "cells": [
                {"cell_type": "markdown", "source": "# x"},
                {"cell_type": "code", "source": "pd.read_csv('a.csv')"},
            ]
        },
        (),
    ).uses[0]

    assert (found.call, found.cell) == ("pd.read_csv", 2)
