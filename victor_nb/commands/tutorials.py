"""Where the tutorial's notebooks are: in the installed package, or in a source checkout beside it."""

from __future__ import annotations

from pathlib import Path

from victor_nb.errors import VictorError


def tutorial_folder() -> Path:
    """Return the folder that holds the tutorial.

    Raises: VictorError if neither place has it, which means that the installation is incomplete.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "tutorials", package.parent / "notebooks"):
        if any(folder.glob("0*.ipynb")):
            return folder
    raise VictorError("the tutorial's notebooks are missing", str(package), "pip install --force-reinstall victor-nb")
