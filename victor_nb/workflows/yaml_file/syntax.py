"""What libyaml says about a file that it cannot read, in words that help to mend it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from victor_nb.workflows.yaml_file.places import Place, lines_of

if TYPE_CHECKING:
    from yaml import YAMLError

_SAYINGS: Final = (
    ("mapping values are not allowed", "a `:` where no key can stand", 'quote a text that contains ": "'),
    ("found unexpected end of stream", "a quote that is never closed", ""),
    ("found unexpected document indicator", "a quote that is never closed", ""),
    ("could not find expected ':'", "a line that is neither `key: value` nor the text of the one above", ""),
    ("expected <block end>, but found '-'", "a list item that stands further right or left than its list", ""),
    ("did not find expected '-' indicator", "a line that stands further left than the list it is in", ""),
    ("did not find expected key", "a line that stands further right or left than its neighbours", ""),
    ("expected <block end>", "a line that stands further right or left than its neighbours", ""),
    ("<document start>", "the first line stands further right than those below it", ""),
    ("expected ',' or ']'", "a `[` that is never closed, or a missing comma", ""),
    ("expected ',' or '}'", "a `{` that is never closed, or a missing comma", ""),
    ("found unknown escape character", "an unknown escape in double quotes", "single quotes keep a backslash as it is"),
    ("cannot start any token", "a character that cannot begin a value", "put the text in quotes"),
    ("found undefined tag handle", "a `!` tag that is not defined", "put the text in quotes"),
    ("found duplicate anchor", "an anchor that is defined twice", ""),
)
_OPEN_BRACES: Final = re.compile(r"(:|-)\s+\{\{")
_ALIGN: Final = "keys of one mapping, and the dashes of one list, stand exactly below each other"


def explained(broken: YAMLError, text: str, file: str) -> tuple[str, Place, str]:
    """Return what is wrong, where, and what to do."""
    mark = getattr(broken, "problem_mark", None) or getattr(broken, "context_mark", None)
    if mark is None:  # ReaderError: a character that YAML forbids
        return _forbidden_character(text, file)
    lines = lines_of(text)
    place = Place(file, mark.line + 1, mark.column + 1)
    if tab := _tab(lines, mark.line):
        return "a tab in the indentation; YAML indents with spaces only", Place(file, *tab), "replace tabs by spaces"
    what, hint = _in_our_words(str(getattr(broken, "problem", None) or broken))
    if _OPEN_BRACES.search(lines[mark.line] if mark.line < len(lines) else ""):
        hint = 'a text that begins with {{ stands in quotes: "{{ … }} …"'
    opened = getattr(broken, "context_mark", None)
    if "never closed" in what and opened is not None:
        mark, place = opened, Place(file, opened.line + 1, opened.column + 1)
    return f"{what}{_shown(lines, mark.line)}", place, hint


def _in_our_words(said: str) -> tuple[str, str]:
    for words, what, hint in _SAYINGS:
        if words in said:
            return what, hint or (_ALIGN if "stands" in what else "")
    return f"this is no YAML: {said}", ""


def _tab(lines: list[str], line: int) -> tuple[int, int] | None:
    """Return line and column, from 1, of a tab that indents the line or the one before it."""
    for number in (line, line - 1):
        if 0 <= number < len(lines):
            indentation = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
            if "\t" in indentation:
                return number + 1, indentation.index("\t") + 1
    return None


def _shown(lines: list[str], line: int) -> str:
    written = lines[line].strip() if line < len(lines) else ""
    return f": {written[:60]!r}" if written else ""


def _forbidden_character(text: str, file: str) -> tuple[str, Place, str]:
    for number, line in enumerate(lines_of(text), 1):
        for column, character in enumerate(line, 1):
            if (
                not (character.isprintable() or character in "\t\u0085\u00a0\ufeff")
                or "\ud800" <= character <= "\udfff"
            ):
                what = f"the character {character!r} is not allowed in YAML"
                return what, Place(file, number, column), 'write it as an escape in double quotes, such as "\\x07"'
    return "the file holds a character that YAML does not allow", Place(file, 1, 1), "write it as an escape"
