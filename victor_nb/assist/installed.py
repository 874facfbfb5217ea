"""Which packages a question is about: those that the work imports, and the usual ones of data science."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from victor_nb.assist.reading import files_of
from victor_nb.retrieval.errors import NothingThere
from victor_nb.retrieval.sources.packages import Package, installed

USUAL: Final = (
    "numpy",
    "pandas",
    "sklearn",
    "matplotlib",
    "scipy",
    "polars",
    "seaborn",
    "statsmodels",
    "xgboost",
    "lightgbm",
    "plotly",
    "pyarrow",
    "duckdb",
)
"""What questions in a notebook are mostly about, as far as it is installed."""

_SETTLED: Final = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An installed package whose documentation is wanted.

    Attributes:
        stamp: what its passages are known to be of: the version, and for a package that is being worked on a
            fingerprint of its files.
    """

    package: Package
    stamp: str

    @property
    def name(self) -> str:
        """As it is imported."""
        return self.package.name

    @property
    def version(self) -> str:
        """Its version; that of Python for the standard library."""
        return self.package.version

    @property
    def key(self) -> str:
        """What it is known by: `pandas 2.2.3`."""
        return f"{self.name} {self.version}".strip()


def wanted(name: str) -> Wanted:
    """Find a package by the name that is imported or installed.

    Raises: NothingThere, with the nearest name; also for one without files that say anything.
    """
    found = installed(name if "-" in name else name.partition(".")[0])
    top = found.inside.partition("/")[0].removesuffix(".py").removesuffix(".pyi")
    if not (found.root / found.inside).exists() or found.inside.endswith((".so", ".pyd")):
        raise NothingThere(f"the package {name!r} is compiled: its files say nothing", hint=f"help({name})")
    is_of_python = not found.version and top in sys.stdlib_module_names
    version = ".".join(map(str, sys.version_info[:3])) if is_of_python else found.version
    package = Package(top, version, found.root, found.inside)
    is_settled = bool(set(_SETTLED) & set(found.root.parts)) or is_of_python
    return Wanted(package, version if is_settled else f"{version} {_fingerprint(package)}")


def _fingerprint(package: Package) -> str:
    told = sorted(f"{file.path} {file.size} {file.mtime}" for file in files_of(package))
    return blake2b("\n".join([str(package.root), *told]).encode(), digest_size=8).hexdigest()


def wanted_if_there(names: Iterable[str]) -> list[Wanted]:
    """Return those packages that are installed and say something, each once, in their order."""
    found: dict[str, Wanted] = {}
    for name in names:
        try:
            each = wanted(name)
        except NothingThere:
            continue
        found.setdefault(each.key, each)
    return list(found.values())
