"""Sphinx: guides in MyST, notebooks executed and shown with what they gave, reference pages from the code.

Nothing is fetched at build time or by a reader's browser; notebooks are answered by the offline model.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "extensions"))

from victor_nb.version import __version__  # noqa: E402

project = "Victor NB"
author = "The Victor NB developers"
copyright = f"{author}; Apache License 2.0"
release = __version__
extensions = ["outside", "myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "extensions", "**/.victor"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

# A cached execution is used again while a notebook's code is the same; remove docs/_build to execute everything anew.
nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "_build" / "executed")
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # runs are saved as HTML; no page needs a widget manager
nb_merge_streams = True
for name in [name for name in os.environ if name.startswith("VICTOR_")]:
    del os.environ[name]  # the builder's own settings must not answer, or be shown
os.environ["XDG_CONFIG_HOME"] = str(DOCS / "_build" / "no-settings")

html_theme = "furo"
html_title = "Victor NB"
html_static_path = ["style"]
html_css_files = ["victor.css"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
default_role = "code"  # what stands between single backticks in a docstring
python_maximum_signature_line_length = 88
autodoc_default_options = {"members": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # signatures use short names, and two rooms may have the same one
