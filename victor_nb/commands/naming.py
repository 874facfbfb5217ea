"""What a word on a command line names: a file, or something in a module or a Python file."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from victor_nb.commands.session import Session
from victor_nb.errors import UsageError, nearest

YAML = (".yaml", ".yml")


def is_yaml(name: str) -> bool:
    """Return whether a word names a YAML file."""
    return name.lower().endswith(YAML)


def path_of(session: Session, name: str, hint: str) -> Path:
    """Return the file that a word names, whole.

    Raises:
        UsageError: there is none; the nearest is named.
    """
    path = Path(name).expanduser()
    path = path if path.is_absolute() else (session.start or Path.cwd()) / path
    if not path.is_file():
        folder = path.parent
        near = [one.name for one in folder.glob(f"*{path.suffix}")] if folder.is_dir() else []
        raise UsageError(f"there is no file {name}.{nearest(path.name, near)}", str(folder), hint)
    return path.resolve()


def module_of(session: Session, file: str, hint: str) -> ModuleType:
    """Return the module, or the Python file, that a word names; it is imported.

    Raises:
        UsageError: it cannot be.
    """
    from victor_nb.workflows.yaml_file.handlers import NotFound, imported_file

    try:
        if file.endswith(".py"):
            return imported_file(path_of(session, file, hint))
        folder = str(session.start or Path.cwd())
        if folder not in sys.path:
            sys.path.insert(0, folder)
        return import_module(file)
    except (NotFound, ImportError) as error:
        raise UsageError(f"{file} cannot be imported: {error}", hint=hint) from error
