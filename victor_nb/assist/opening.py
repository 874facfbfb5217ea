"""The assistant that the settings describe, and the function that answers in Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from victor_nb.assist.assistant import Assistant
from victor_nb.assist.places import places_of
from victor_nb.assist.suggestions import Suggestions
from victor_nb.assist.surroundings import Surroundings, of_namespace, seen_error
from victor_nb.config import Settings
from victor_nb.journal import Redactor


def assistant_of(settings: Settings, *, local: bool = False) -> Assistant:
    """Return the assistant of a project.

    Args:
        local: keep everything in the project, whatever the settings say.
    Raises: NothingKept if nothing can be written anywhere.
    """
    root = settings.root.absolute()
    redactor = Redactor(settings.values_to_hide())
    return Assistant(
        places_of(settings.home.absolute(), shared=settings.docs.shared and not local),
        root if root not in (Path.home(), Path(root.anchor)) else None,
        packages=settings.docs.packages,
        cleaned=redactor.clean_text,
    )


def docs(
    question: str = "",
    *,
    k: int = 5,
    packages: Sequence[str] = (),
    namespace: Mapping[str, object] | None = None,
) -> Suggestions:
    """Search the documentation of packages and the project for passages with code that can be run.

    Args:
        question: what you want to do, a name, or an error message; if empty, the last error is looked up.
        k: how many suggestions at most.
        packages: only these; if empty, those that are imported and the usual ones of data science.
        namespace: the names around the question; those of the notebook if None.
    Raises: NoQuestion if nothing is asked and nothing failed; NothingThere for a package that is not installed.
    """
    known = _namespace() if namespace is None else namespace
    around = of_namespace(known)
    last = getattr(sys, "last_value", None)
    if isinstance(last, Exception):
        around = Surroundings(around.imports, around.types, seen_error(last, "", around))
    return assistant_of(Settings.load()).ask(question, k=k, packages=packages, around=around)


def _namespace() -> Mapping[str, object]:
    """The user's names in IPython, or those of the main module."""
    if "IPython" in sys.modules:
        from IPython import get_ipython

        if (shell := get_ipython()) is not None:
            names: Mapping[str, object] = shell.user_ns
            return names
    return vars(sys.modules["__main__"])
