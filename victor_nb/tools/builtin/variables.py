"""The <variables> block: what a model is told about the variables that the user named, and nothing else.

One JSON object a line between two tags. `<` is escaped inside, so that no column name can close the block.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from victor_nb.tools.builtin.describing import brief
from victor_nb.tools.builtin.tables import variable_named


def describe_variables(namespace: Mapping[str, object], names: Iterable[str]) -> str:
    """Return the block for the named variables, in the order given; empty for no names.

    Raises:
        UnknownVariable: a name that is not in the namespace, with the nearest one.
    """
    described = [brief(name, variable_named(namespace, name)) for name in dict.fromkeys(names)]
    if not described:
        return ""
    return "\n".join(["<variables>", *map(_line, described), "</variables>"])


def _line(description: dict[str, Any]) -> str:
    return json.dumps(description, ensure_ascii=False, default=str).replace("<", "\\u003c")
