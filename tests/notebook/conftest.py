"""Kernels of every release, each with a front end that follows a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notebook.kernels import RELEASES, FrontEnd, interpreter, kernel

SET_UP = """
from tests.notebook.in_kernel import *
stand_in_for_the_bundle()
%load_ext victor_nb
noter = scripted(("note", {"text": "a"}))
saver = scripted(("save", {"text": "b"}))
sheller = scripted(("run_command", {"command": "sleep 1000 & echo $! > child.txt; echo $$ > shell.txt; wait"}))
hanger = scripted(("note", {"text": "a"}), ("hang", {}))
"""


@pytest.fixture(scope="module", params=list(RELEASES))
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    """A kernel of each release with a front end that behaves like JupyterLab."""
    folder = tmp_path_factory.mktemp("kernel")
    with kernel(interpreter(request.param), folder) as manager:
        front_end = FrontEnd(manager)
        front_end.folder = folder
        front_end.release = request.param
        (folder / "victor.toml").write_text('allowlist = ["run_command"]')
        front_end.ok(SET_UP)
        yield front_end
        front_end.close()


@pytest.fixture
def front_end(lab: FrontEnd) -> FrontEnd:
    """The same front end, with nothing remembered and default manners."""
    for path in lab.folder.glob("*.txt"):
        path.unlink()
    lab.forget()
    lab.ok("pass")  # a test that sends without waiting must not fall into the moment in which cells are aborted
    return lab
