"""Exceptions written down, and shown again in a replay as what they were where that is safe."""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Iterator
from typing import Any, Final

from ..errors import VictorError
from .errors import RecordedFailure

LONGEST_TRACE: Final = 8_000
_MARK: Final = "__victor_steps__"


def described(failure: BaseException) -> dict[str, Any]:
    """Return an exception as JSON values: type, what, where, hint and traceback."""
    what, where, hint = failure.args if isinstance(failure, VictorError) else (str(failure), "", "")
    trace = "".join(traceback.format_exception(failure))
    return {
        "type": type(failure).__name__,
        "what": what,
        "where": where,
        "hint": hint,
        "traceback": trace[-LONGEST_TRACE:],
    }


def rebuilt(error: dict[str, Any], *, step_id: str, run_id: str) -> Exception:
    """Return the recorded exception: of its own class if that is a built-in one or ours, else a RecordedFailure."""
    found = _known_classes().get(error["type"])
    failure: Exception
    if found is not None and issubclass(found, VictorError):
        failure = found(error["what"], error["where"], error["hint"])
    elif (
        found is not None and issubclass(found, Exception) and not issubclass(found, UnicodeError | BaseExceptionGroup)
    ):
        failure = found(error["what"])
    else:
        failure = RecordedFailure(f"{error['type']}: {error['what']}", where=f"run {run_id}, step {step_id}")
    tag(failure, step_id)
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


def _known_classes() -> dict[str, type]:
    ours = {cls.__name__: cls for cls in _descendants(VictorError)}
    known = {name: cls for name, cls in vars(builtins).items() if isinstance(cls, type)}
    return {**known, **ours}


def _descendants(cls: type[VictorError]) -> Iterator[type[VictorError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
