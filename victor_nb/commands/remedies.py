"""Remedies: rules from a failure to what may help, most likely first.

1. A rule is a pure function from the facts to proposals; it never changes or runs anything.
2. A proposal that is a change names the words to replace, so that it can be shown as a difference of the cell.
"""

from __future__ import annotations

import builtins
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from victor_nb.commands.failure import Failure
from victor_nb.errors import VictorError


class Remedy(NamedTuple):
    """A proposal.

    Attributes:
        score: from 0 to 1; how likely it is what the person meant.
        says: what to do, one sentence.
        change: what to write instead of what, if it is a change of the line.
    """

    score: float
    says: str
    change: tuple[str, str] | None = None


_USUAL_IMPORTS: Final = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "Path": "from pathlib import Path",
    "datetime": "from datetime import datetime",
    "Agent": "from victor_nb import Agent",
    "tool": "from victor_nb import tool",
}
_DISTRIBUTIONS: Final = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
}
# A message that is always the same mistake: pattern, score, remedy.
_KNOWN: Final = (
    (r"truth value of a .* is ambiguous", 0.9, "combine conditions with & and |, in parentheses; or .any(), .all()"),
    (r"could not convert string to float", 0.8, 'there is text: pd.to_numeric(column, errors="coerce") gives NaN'),
    (r"asyncio\.run\(\) cannot be called", 0.95, "a notebook has an event loop already: write `await …`"),
    (r"unsupported operand type\(s\).*'str'", 0.7, "convert one side first: int(…), float(…) or str(…)"),
    (r"can only concatenate str", 0.8, "convert the other side with str(…), or use an f-string"),
    (r"object is not subscriptable", 0.5, "the value is not a list, dict or table; look at its type first"),
    (r"'NoneType' object", 0.6, "a call before returned None; methods that change in place return nothing"),
    (r"shapes? .* not aligned|operands could not be broadcast", 0.6, "look at both .shape; one may need .T or reshape"),
    (r"No space left on device", 0.9, "free space on this disk"),
    (r"Permission denied", 0.7, "the file may be open elsewhere, or belongs to somebody else"),
)  # fmt: skip
_BY_TYPE: Final = {
    "ZeroDivisionError": "the divisor is zero here: check it first, or use numpy, which gives inf",
    "RecursionError": "a function calls itself without an end: check the case in which it should return",
    "MemoryError": "the data do not fit: read fewer columns (usecols=), or in pieces (chunksize=)",
    "UnicodeDecodeError": 'the file is in another encoding: try encoding="latin-1" or encoding="cp1252"',
    "TabError": "tabs and spaces are mixed: indent with four spaces",
    "IndentationError": "the line is indented otherwise than its block",
    "KeyboardInterrupt": "the cell was interrupted; an agent's run goes on with: %victor resume last",
}


_MOST_SHOWN: Final = 12


def remedies(failure: Failure) -> list[Remedy]:
    """Return the proposals for a failure, best first, each once."""
    found: dict[str, Remedy] = {}
    for rule in _RULES:
        for remedy in rule(failure):
            found.setdefault(remedy.says, remedy)
    return sorted(found.values(), key=lambda remedy: -remedy.score)


def changed(source: str, failure: Failure, remedy: Remedy) -> str:
    """Return the change as a unified difference of the cell; empty if it does not apply."""
    lines = source.splitlines()
    if remedy.change is None or not 0 < failure.line <= len(lines):
        return ""
    old, new = remedy.change
    line = lines[failure.line - 1]
    fixed = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, line, count=1)
    if fixed == line:
        return ""
    after = [*lines[: failure.line - 1], fixed, *lines[failure.line :]]
    return "\n".join(list(difflib.unified_diff(lines, after, "cell", "proposed", lineterm="", n=1)))


# --- rules -------------------------------------------------------------------------------------------------------


def _own_hint(failure: Failure) -> Iterator[Remedy]:
    advice = failure.error.hint if isinstance(failure.error, VictorError) else failure.advice
    if advice:
        yield Remedy(1.0, advice)


def _unknown_name(failure: Failure) -> Iterator[Remedy]:
    if failure.type not in ("NameError", "UnboundLocalError") or not (name := _quoted(failure.message)):
        return
    if name in _USUAL_IMPORTS:
        yield Remedy(0.95, f"import it first: {_USUAL_IMPORTS[name]}")
    for close, score in _close(name, {*failure.names, *dir(builtins)}):
        yield Remedy(score, f"did you mean {close!r}?", (name, close))
    if failure.type == "UnboundLocalError":
        yield Remedy(0.6, f"{name!r} is assigned later in this function; assign it before, or name it otherwise")
    else:
        yield Remedy(0.3, f"run the cell that defines {name!r} first")


def _missing_module(failure: Failure) -> Iterator[Remedy]:
    if failure.type != "ModuleNotFoundError" or not (name := _quoted(failure.message)):
        return
    top = name.partition(".")[0]
    yield Remedy(0.8, f"install it: %pip install {_DISTRIBUTIONS.get(top, top)}")
    for close, score in _close(top, _importable()):
        yield Remedy(score, f"did you mean {close!r}?", (top, close))


def _missing_member(failure: Failure) -> Iterator[Remedy]:
    """AttributeError and "cannot import name": what the object or module has instead."""
    if failure.type == "AttributeError":
        owner, name = getattr(failure.error, "obj", None), getattr(failure.error, "name", None)
    elif failure.type == "ImportError" and isinstance(failure.error, ImportError):
        owner = sys.modules.get(failure.error.name or "")
        name = _quoted(failure.message)
    else:
        return
    if owner is None or not name:
        return
    known = {*dir(owner), *(str(column) for column in getattr(owner, "columns", ()))}
    for close, score in _close(name, (word for word in known if not word.startswith("_"))):
        yield Remedy(score, f"did you mean {close!r}?", (name, close))


def _missing_key(failure: Failure) -> Iterator[Remedy]:
    if failure.type != "KeyError":
        return
    key = failure.message.strip("'\"")
    for variable, keys in failure.keys.items():
        is_named = re.search(rf"\b{re.escape(variable)}\b", failure.text) is not None
        weight = 1.0 if is_named else 0.6
        if is_named:
            more = ", …" if len(keys) > _MOST_SHOWN else ""
            yield Remedy(0.3, f"{variable} has {', '.join(map(repr, keys[:_MOST_SHOWN]))}{more}")
        for close, score in _close(key, keys):
            yield Remedy(score * weight, f"{variable} has {close!r}; did you mean that?", (key, close))


def _missing_file(failure: Failure) -> Iterator[Remedy]:
    if failure.type != "FileNotFoundError":
        return
    name = getattr(failure.error, "filename", None) or _quoted(failure.message)
    if not name:
        return
    path = Path(str(name))
    folder = path.parent
    if not folder.is_dir():
        yield Remedy(0.7, f"there is no folder {str(folder)!r}; the working folder is {Path.cwd()}")
        return
    for close, score in _close(path.name, (entry.name for entry in folder.iterdir())):
        yield Remedy(score, f"did you mean {str(folder / close)!r}?", (path.name, close))
    yield Remedy(0.3, f"the working folder is {Path.cwd()}")


def _unknown_keyword(failure: Failure) -> Iterator[Remedy]:
    found = re.search(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'", failure.message)
    if found and (meant := re.search(r"Did you mean '(\w+)'", failure.message)):
        yield Remedy(0.9, f"did you mean {meant[1]!r}?", (found[2], meant[1]))
    elif found:
        yield Remedy(0.6, f"look at the parameters: help({found[1]})")


def _shadowed(failure: Failure) -> Iterator[Remedy]:
    if failure.type != "TypeError" or "object is not callable" not in failure.message:
        return
    called = re.findall(r"([A-Za-z_]\w*)\(", failure.text)
    for name in called:
        if hasattr(builtins, name) and name in failure.names:
            yield Remedy(0.9, f"a variable hides the built-in {name!r}; give the builtin back: del {name}")


def _syntax(failure: Failure) -> Iterator[Remedy]:
    if failure.type != "SyntaxError":
        return
    if failure.text.strip().startswith("print ") or "Missing parentheses" in failure.message:
        yield Remedy(0.95, "print is a function: print(…)")
    elif "was never closed" in failure.message or "unterminated" in failure.message:
        yield Remedy(0.9, f"{failure.message}: close it")
    else:
        yield Remedy(0.5, f"{failure.message}; the mistake may be at the end of the line before")


def _known_messages(failure: Failure) -> Iterator[Remedy]:
    for pattern, score, says in _KNOWN:
        if re.search(pattern, failure.message):
            yield Remedy(score, says)
    if failure.type in _BY_TYPE:
        yield Remedy(0.7, _BY_TYPE[failure.type])
    if failure.type == "IndexError":
        yield Remedy(0.6, "the position is past the end: positions count from 0 to len(…) - 1")


_RULES: Final[tuple[Callable[[Failure], Iterator[Remedy]], ...]] = (
    _own_hint,
    _unknown_name,
    _missing_module,
    _missing_member,
    _missing_key,
    _missing_file,
    _unknown_keyword,
    _shadowed,
    _syntax,
    _known_messages,
)


def _quoted(message: str) -> str:
    found = re.search(r"'([^']+)'", message)
    return found[1] if found else ""


def _close(word: str, known: Iterable[str]) -> list[tuple[str, float]]:
    """Return up to three known words like `word` with their likeness, best first; capitals make little difference."""
    folded: dict[str, str] = {}
    for one in sorted(set(known) - {word}):
        folded.setdefault(one.casefold(), one)
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    return [(folded[one], round(difflib.SequenceMatcher(None, word.casefold(), one).ratio(), 2)) for one in near]


def _importable() -> set[str]:
    from importlib.metadata import packages_distributions

    return set(packages_distributions())
