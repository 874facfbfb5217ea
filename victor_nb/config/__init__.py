"""Settings: one validated schema for the files, the environment and the arguments.

1. `Settings.load()` is the only door through which a file or an environment variable reaches the project.
2. Nothing here knows journals, models or agents: other rooms receive the values they need.
3. Names resolve on first use: `glimpse` and the layers work without pydantic, for the kernel extension's sake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.config.layers import PROJECT_FILE, ConfigError, Origin, glimpse, project_file_above, user_file

if TYPE_CHECKING:
    from victor_nb.config.schema import (
        ApprovePolicy,
        BudgetSettings,
        NotebookSettings,
        OnDoubt,
        ReplayMode,
        Settings,
        setting_names,
    )
    from victor_nb.config.secrets import Secret
    from victor_nb.config.template import project_template

_HOME = {
    "ApprovePolicy": "schema",
    "BudgetSettings": "schema",
    "NotebookSettings": "schema",
    "OnDoubt": "schema",
    "ReplayMode": "schema",
    "Secret": "secrets",
    "Settings": "schema",
    "project_template": "template",
    "setting_names": "schema",
}

__all__ = [
    "PROJECT_FILE",
    "ApprovePolicy",
    "BudgetSettings",
    "ConfigError",
    "NotebookSettings",
    "OnDoubt",
    "Origin",
    "ReplayMode",
    "Secret",
    "Settings",
    "glimpse",
    "project_file_above",
    "project_template",
    "setting_names",
    "user_file",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.config' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
