"""A first pipeline file for a folder of notebooks, guessed from reading them; a person corrects it.

folding.py (an expression -> the path that it stands for) -> file_uses.py (what a notebook reads and writes) ->
drafting.py (all notebooks together: parameters, ties, what cannot be) -> drawing_up.py (the text, with comments).
Nothing is run, and no file of the folder is changed.
"""

from __future__ import annotations

from victor_nb.pipelines.guessing.drafting import guessed

__all__ = ["guessed"]
