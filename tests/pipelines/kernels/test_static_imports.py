"""What a notebook imports for certain is read from its code; nothing of it is run."""

from __future__ import annotations

import pytest

from victor_nb.pipelines.kernels.static_imports import Import, imports_of, notebook_imports

PANDAS, SKLEARN = Import("pandas"), Import("sklearn")


def test_imports_are_found_in_their_order_and_once():
    """Both forms of import, over all cells."""
    cells = ["import pandas as pd, os.path", "from sklearn.linear_model import Ridge, Lasso\nimport pandas"]

    assert imports_of(cells) == (PANDAS, Import("os.path"), Import("sklearn.linear_model", ("Ridge", "Lasso")))


def test_only_code_cells_of_a_notebook_are_read():
    """Text that looks like code is text; a cell's source may be a list of lines, as in the file."""
    cells = [
        {"cell_type": "markdown", "source": "import sklearn"},
        {"cell_type": "code", "source": ["import os\n", "import pandas"]},
    ]

    assert notebook_imports({"cells": cells}) == (Import("os"), PANDAS)
    assert notebook_imports({}) == ()


@pytest.mark.parametrize(
    "cell",
    [
        "try:\n    import pandas\nexcept ImportError:\n    pass",
        "if True:\n    import pandas",
        "with open('x') as f:\n    import pandas",
        "%%time\nimport pandas",
        "%matplotlib inline\nimport pandas",
        "!ls\nimport pandas",
        "files = !ls\nimport pandas",
        "for _ in range(2):\n    %timeit 1\nimport pandas",
        "import sys\nsys.path.append('..')\nimport pandas",
        "import os\nprint(os.environ['HOME'], os.environ.get('X'))\nimport pandas",
    ],
)
def test_blocks_magics_and_reading_do_not_hide_an_import(cell):
    """What runs whenever its cell does counts, and what cannot change an import does not stop the reading."""
    assert PANDAS in imports_of([cell])


@pytest.mark.parametrize(
    "cell",
    [
        "def later():\n    import pandas",
        "class Later:\n    import pandas",
        "%%bash\nimport pandas",
        "from . import pandas",
        "from pandas import",
        "import torch, grpc, mpi4py.MPI",
    ],
)
def test_what_may_not_run_or_may_not_be_forked_is_left_to_the_notebook(cell):
    """Functions, other languages, relative imports, code that does not parse, packages that start something."""
    assert imports_of([cell]) == ()


@pytest.mark.parametrize(
    "change",
    [
        "os.environ['OMP_NUM_THREADS'] = '1'",
        "os.environ.update(OMP_NUM_THREADS='1')",
        "os.environ.setdefault('A', 'b')",
        "environ['A'] = 'b'",
        "del os.environ['A']",
        "os.putenv('A', 'b')",
        "%env OMP_NUM_THREADS=1",
        "%set_env A=b",
        "!pip install pandas",
        "%pip install pandas",
        "output = !pip install pandas",
        "sys.path.insert(0, 'src')",
        "sys.path[0:0] = ['src']",
        "sys.path = ['src']",
        "sys.modules['pandas'] = None",
        "sys.meta_path.insert(0, finder)",
        "warnings.filterwarnings('error')",
        "warnings.simplefilter('error')",
        "load_dotenv()",
        "os.chdir('..')",
        "if x:\n    os.environ['A'] = 'b'",
        "this does not parse",
    ],
)
def test_reading_stops_where_an_import_may_come_to_mean_something_else(change):
    """What is imported before the change is certain; what comes after it is the notebook's own."""
    assert imports_of(["import sklearn", change, "import pandas"]) == (SKLEARN,)
