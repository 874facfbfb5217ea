"""Variables inside a prompt: `{{name}}`, and nothing else.

1. Single braces are text: prompts are full of JSON, LaTeX and code.
2. Only a name is looked up: no attribute, no index, no call, so a prompt cannot run code.
3. `\\{{` writes two braces. A marker whose inside is no name is text as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from victor_nb.errors import UsageError, nearest

_MARKER = re.compile(r"(\\?)\{\{\s*([^\W\d]\w*)\s*\}\}|\\(\{\{)")
_PLAIN = (str, int, float, bool, type(None))


def interpolated(prompt: str, variables: Mapping[str, object]) -> str:
    """Replace each `{{name}}` by the text of that variable.

    Raises: UsageError for a name that does not exist, or a value that is not plain text or a number.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] or match[3]:
            return match[0][1:]
        return _text(match[2], variables)

    return _MARKER.sub(value_of, prompt)


def _text(name: str, variables: Mapping[str, object]) -> str:
    if name not in variables:
        public = [key for key in variables if not key.startswith("_")]
        raise UsageError(
            f"the prompt has {{{{{name}}}}}, and there is no variable {name!r}.{nearest(name, public)}",
            hint=f"to write the braces themselves: \\{{{{{name}}}}}",
        )
    value = variables[name]
    if not isinstance(value, _PLAIN):
        raise UsageError(
            f"the prompt has {{{{{name}}}}}, and {name!r} is a {type(value).__name__}, not text or a number",
            hint=f"give it to the agent: --with {name}",
        )
    return str(value)
