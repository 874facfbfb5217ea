"""What an unquoted word means: YAML 1.2's core schema. `no`, `on` and `2026-01-01` are text, `true` and `0o17` not."""

from __future__ import annotations

import re
from typing import Final

LONGEST_INTEGER: Final = 1000
_WORDS: Final = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ODD_FLOAT: Final = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

Scalar = str | int | float | bool | None


def meaning(word: str) -> Scalar:
    """Return the value of an unquoted word.

    Raises: ValueError: an integer of more than LONGEST_INTEGER digits.
    """
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        if len(word) > LONGEST_INTEGER:
            raise ValueError(f"a number of {len(word):,} digits; {LONGEST_INTEGER:,} are allowed")
        return int(word, 0) if word[:2] in ("0o", "0x") else int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    if odd := _ODD_FLOAT.fullmatch(word):
        return float("nan") if odd["sign"] is None else float(f"{odd['sign']}inf")
    return word
