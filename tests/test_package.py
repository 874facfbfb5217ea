"""The package as a whole: it is light to import, and its public names are real."""

from __future__ import annotations

import subprocess
import sys

import pytest

import victor_nb

HEAVY = (
    *("pandas", "numpy", "sklearn", "numexpr", "pyarrow", "matplotlib", "scipy"),
    *("pydantic", "pydantic_ai", "pydantic_settings", "httpx", "httpx2", "openai", "anthropic"),
    *("papermill", "nbclient", "anywidget", "ipywidgets", "click", "rich", "psutil", "yaml", "psycopg", "dask"),
)


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that a new interpreter has loaded after `code`."""
    question = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize(
    "code", ["import victor_nb", "import victor_nb.journal", "import victor_nb.tools", "import victor_nb.agents"]
)
def test_importing_loads_no_heavy_library(code):
    """A notebook that only imports the package does not wait for pandas, pydantic or a provider's client."""
    assert loaded_by(code) == set()


def test_loading_the_extension_loads_nothing_that_ipython_has_not():
    """`%load_ext victor_nb` costs little more than the magics it registers."""
    shell = "from IPython.core.interactiveshell import InteractiveShell as S\nshell = S.instance()\n"

    assert loaded_by(shell + "shell.run_line_magic('load_ext', 'victor_nb')") == loaded_by(shell)


@pytest.mark.parametrize("name", victor_nb.__all__)
def test_every_public_name_resolves(name):
    """What the package lists can be had from it."""
    assert getattr(victor_nb, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name fails as it does for any module."""
    with pytest.raises(AttributeError, match="no attribute 'Agnet'"):
        victor_nb.Agnet  # noqa: B018
