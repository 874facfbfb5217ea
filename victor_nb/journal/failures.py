"""Exceptions written down, and shown again in a replay as what they were where that is safe."""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Iterator
from typing import Any, Final

from victor_nb.errors import VictorError
from victor_nb.journal.errors import RecordedFailure

LONGEST_TRACE: Final = 8_000
LONGEST_WORDS: Final = 10_000
"""Characters of a message, or of a traceback's end, that are kept."""

_MARK: Final = "__victor_steps__"
_ATOMS: Final = (str, int, float, bool, type(None))


def described(failure: BaseException) -> dict[str, Any]:
    """Return an exception as JSON values: type, what, where, hint and traceback; for built-in ones also `args`."""
    if isinstance(failure, VictorError):
        what, where, hint = failure.what, failure.where, failure.hint
    else:
        what, where, hint = _words_of(failure), "", ""
    error: dict[str, Any] = {"type": type(failure).__name__, "what": _shortened(what), "where": where, "hint": hint}
    if type(failure).__module__ == "builtins":
        error["args"] = _arguments(failure)
    return {**error, "traceback": "".join(traceback.format_exception(failure))[-LONGEST_TRACE:]}


def _words_of(failure: BaseException) -> str:
    try:
        return str(failure)
    except Exception as second:  # somebody's __str__ is broken, and that is not what we came to tell
        return f"(its message raised {type(second).__name__})"


def _arguments(failure: BaseException) -> list[Any]:
    """What to call the built-in class with, so that code which looks at the exception sees the same again."""
    given: tuple[Any, ...] = failure.args
    if isinstance(failure, OSError) and failure.errno is not None and failure.filename is not None:
        given = (failure.errno, failure.strerror, failure.filename)
    if all(isinstance(one, _ATOMS) for one in given) and len(repr(given)) <= LONGEST_WORDS:
        return list(given)
    return [_shortened(_words_of(failure))]


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}… ({len(words)} characters)"


def rebuilt(error: dict[str, Any], *, step_id: str, run_id: str) -> Exception:
    """Return the recorded exception: of its own class if that is a built-in one or ours, else a RecordedFailure."""
    failure = _built_in(error) if "args" in error else _of_ours(error)
    if failure is None:
        failure = RecordedFailure(f"{error['type']}: {error['what']}", where=f"run {run_id}, step {step_id}")
    tag(failure, step_id)
    return failure


def _built_in(error: dict[str, Any]) -> Exception | None:
    cls = getattr(builtins, error["type"], None)
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        return None
    try:
        return cls(*error["args"])
    except TypeError:  # a class such as UnicodeDecodeError, whose arguments were no plain values
        return None


def _of_ours(error: dict[str, Any]) -> Exception | None:
    cls = next((cls for cls in _descendants(VictorError) if cls.__name__ == error["type"]), None)
    if cls is None:
        return None
    failure = cls.__new__(cls)  # whatever its own constructor wants, these three are what every one of them keeps
    VictorError.__init__(failure, error["what"], error["where"], error["hint"])
    return failure


def tag(failure: BaseException, step_id: str) -> None:
    """Note on the exception which step it broke, so that the end of the run can tell."""
    steps = getattr(failure, _MARK, None)
    if steps is None:
        steps = []
        setattr(failure, _MARK, steps)
    steps.append(step_id)


def steps_failed_by(failure: BaseException) -> list[str]:
    """The steps that this exception, or one that led to it, broke."""
    return [step_id for one in _chain(failure) for step_id in getattr(one, _MARK, ())]


def _chain(failure: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [failure]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _descendants(cls: type[VictorError]) -> Iterator[type[VictorError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
