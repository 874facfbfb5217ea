"""Settings: one validated schema for the files, the environment and the arguments.

1. `Settings.load()` is the only door through which a file or an environment variable reaches the project.
2. Nothing here knows journals, models or agents: other rooms receive the values they need.
3. Importing this package imports pydantic; the kernel extension therefore imports it on first use.
"""

from victor_nb.config.layers import PROJECT_FILE, ConfigError, Origin, project_file_above, user_file
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
    "project_file_above",
    "project_template",
    "setting_names",
    "user_file",
]
