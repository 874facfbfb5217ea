"""Sphinx: guides in MyST, notebooks as they were saved, the API from docstrings; nothing is fetched at build time."""

from __future__ import annotations

from victor_nb.version import __version__

project = "Victor NB"
author = "The Victor NB developers"
release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # CI executes every notebook in its tests; here they are only shown
suppress_warnings = ["mystnb.unknown_mime_type"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Victor NB"
html_js_files: list[str] = []
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
