"""Code cut along its syntax, in Python: what a file defines, and chunks that keep definitions whole.

1. One pass over the characters that knows strings, comments and brackets, and no full grammar: it is right for code
   that compiles, about right for code that does not, and it never fails. `accelerate/core/src/code` finds the same.
2. Lines end with `\\n` and are counted from 1.
"""

from __future__ import annotations

from victor_nb.retrieval.core.twin.code import braces, markdown, python, sql
from victor_nb.retrieval.core.twin.code.chunk import cut
from victor_nb.retrieval.core.types import ChunkSpan, Symbol

LANGUAGES = {
    "python": ("python", "py", "pyi"),
    "javascript": ("javascript", "typescript", "js", "jsx", "mjs", "cjs", "ts", "tsx"),
    "rust": ("rust", "rs"),
    "go": ("go",),
    "java": ("java",),
    "sql": ("sql",),
    "markdown": ("markdown", "md"),
}
_BY_NAME = {name: language for language, names in LANGUAGES.items() for name in names}


def symbols(text: str, language: str) -> list[Symbol]:
    """Return name, kind, first and last line of what a text defines, in the order of first lines.

    Args:
        language: a name (`python`, `typescript`, …) or the ending of a file; nothing is found in any other.
    """
    return _symbols(readable(text), _BY_NAME.get(language.lower(), ""))


def chunks(text: str, language: str) -> list[ChunkSpan]:
    """Return first line, last line and names of the chunks of a text; see `symbols`."""
    text = readable(text)
    return cut(text, _symbols(text, _BY_NAME.get(language.lower(), "")))


def _symbols(text: str, language: str) -> list[Symbol]:
    match language:
        case "python":
            return python.symbols(text)
        case "sql":
            return sql.symbols(text)
        case "markdown":
            return markdown.symbols(text)
        case "":
            return []
    return braces.symbols(text, language)


def readable(text: str) -> str:
    """Return the text with lone surrogates replaced, as the compiled core gets it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
