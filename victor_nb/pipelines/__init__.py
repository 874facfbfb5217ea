"""Many notebooks: pipelines of notebooks that run as workflows.

Names resolve on first use, so that a kernel's processes import nothing of the rest.
"""

from __future__ import annotations

__all__: list[str] = []
