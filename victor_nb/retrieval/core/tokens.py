"""Words as the transformer's tokenizer sees them: the half of it that asks what Unicode says of a letter.

It is Python's half in both cores, because the compiled one's tables belong to another version of Unicode.
"""

from __future__ import annotations

import re
import unicodedata

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+|[^\w\s]|_")


def tokens(text: str) -> list[str]:
    """Return runs of letters and digits, and every other letter that is no space, small and without accents."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(letter) != "Mn"
    )
    return _TOKEN.findall(plain)


def spaced(text: str) -> str:
    """Return a text that has the same tokens when it is taken apart at ASCII's spaces and around its punctuation."""
    return text if text.isascii() else " ".join(tokens(text))
