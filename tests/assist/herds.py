"""A small package with documentation of every kind, and how an assistant is given it."""

from __future__ import annotations

from pathlib import Path

INIT = '''"""Herds of animals.

Counting and feeding them.
"""

from herds._counting import count_giraffes, count_okapis
from herds.feeding import Feeder

__all__ = ["Feeder", "count_giraffes", "count_okapis"]
'''
COUNTING = '''"""How animals are counted."""


def count_giraffes(herd, *, grown=True):
    """Count the giraffes of a herd.

    Parameters
    ----------
    herd : list of str
        Names of kinds.
    grown : bool
        Only those that are grown.

    Examples
    --------
    >>> herd = ["giraffe", "okapi"]
    >>> count_giraffes(herd)
    1

    Calves are left out:

    >>> count_giraffes(["calf"])  # doctest: +SKIP
    0
    >>> count_giraffes(None)
    Traceback (most recent call last):
    TypeError: a herd is a list
    """
    if herd is None:
        raise TypeError("a herd is a list")
    return herd.count("giraffe")


def count_okapis(herd):
    """Count the okapis of a herd, shy as they are."""
    return herd.count("okapi")


def _secret(herd):
    """Nobody sees this."""
'''
FEEDING = '''"""What animals are fed."""


class _Kitchen:
    def weigh_leaves(self, grams):
        """Weigh acacia leaves on the scales."""


class Feeder(_Kitchen):
    """Feeds acacia leaves to animals."""

    def __init__(self, leaves=3, *, morning=True):
        self.leaves = leaves

    def feed(self, animal: str) -> bool:
        """Give an animal its leaves.

        >>> Feeder().feed("giraffe")
        True
        """
        return True

    def rest(self):
        return None
'''
SILENT = "def quiet(a, b=1):\n    return a\n\n\nclass Mute:\n    pass\n"


def write_herds(folder: Path, name: str = "herds") -> Path:
    """Write the package into a folder and return its own."""
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(INIT.replace("herds", name))
    (package / "_counting.py").write_text(COUNTING)
    (package / "feeding.py").write_text(FEEDING)
    (package / "broken.py").write_text("def (:\n")
    return package
