"""Approved code, run in the kernel's main thread in the user's namespace; what it shows is seen and kept.

1. Not `run_cell`: no history entry, no cell events, no Out number of its own.
2. Output is echoed to the cell as it comes, and kept up to a limit for the model.
3. Errors of the code are part of the outcome; only an interrupt leaves as one.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import inspect
import io
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from victor_nb.tools import Artifact
    from victor_nb.tools.builtin.python_cell import CellOutcome

LIMIT: Final = 100_000
"""Characters of each stream, and of the value, that are kept for the model."""
_RICH: Final = ("image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown")


@dataclass(slots=True)
class Kept:
    """What was seen while the code ran."""

    stdout: str = ""
    stderr: str = ""
    value: str = ""
    error: str = ""
    displays: list[dict[str, Any]] = field(default_factory=list)

    def outcome(self) -> CellOutcome:
        """The same as the tools take it."""
        from victor_nb.tools.builtin.python_cell import CellOutcome

        shown = tuple(artifact for bundle in self.displays if (artifact := try_artifact(bundle)) is not None)
        return CellOutcome(self.stdout, self.stderr, self.value, self.error, shown)


def try_artifact(bundle: dict[str, Any]) -> Artifact | None:
    """Turn what was displayed into an artifact; None for what lives in a browser only, such as widgets."""
    from victor_nb.tools import Artifact

    text = str(bundle.get("text/plain", ""))[:LIMIT]
    for kind in _RICH:
        if kind in bundle:
            return Artifact("display", kind, _decoded(kind, bundle[kind]), text)
    return Artifact("display", "text/plain", text, text) if text and len(bundle) == 1 else None


def _decoded(kind: str, data: Any) -> Any:
    """IPython hands over pictures as base64 text, except SVG."""
    if kind.startswith("image/") and kind != "image/svg+xml" and isinstance(data, str):
        return base64.b64decode(data)
    return data.encode() if isinstance(data, str) else data


def run_code(shell: Any, code: str) -> Kept | Awaitable[Kept]:
    """Run `code`; returns an awaitable if it awaits at its top level.

    Raises: KeyboardInterrupt if it was interrupted.
    """
    kept = Kept()
    try:
        body, last = compiled(shell, code)
    except (SyntaxError, ValueError, OverflowError) as error:
        kept.error = "".join(traceback.format_exception_only(error)).strip()
        return kept
    if any(part is not None and part.co_flags & inspect.CO_COROUTINE for part in (body, last)):
        return _run_awaiting(shell, body, last, kept)
    with _watched(shell, kept):
        if body is not None:
            eval(body, shell.user_ns)
        if last is not None:
            _show(eval(last, shell.user_ns), kept)
    return kept


async def _run_awaiting(shell: Any, body: CodeType | None, last: CodeType | None, kept: Kept) -> Kept:
    with _watched(shell, kept):
        if body is not None:
            await _value_of(body, shell)
        if last is not None:
            _show(await _value_of(last, shell), kept)
    return kept


async def _value_of(code: CodeType, shell: Any) -> Any:
    value = eval(code, shell.user_ns)
    return await value if code.co_flags & inspect.CO_COROUTINE else value


def compiled(shell: Any, code: str) -> tuple[CodeType | None, CodeType | None]:
    """Compile all but the last expression, and the last expression, if the code ends in one."""
    source = shell.transform_cell(code)
    name = shell.compile.cache(source)  # so that tracebacks and inspect find the source
    tree = ast.parse(source, name)
    last: CodeType | None = None
    if tree.body and isinstance(end := tree.body[-1], ast.Expr):
        tree.body.pop()
        if not source.rstrip().endswith(";"):
            last = _compiled(ast.Expression(end.value), name, "eval")
        else:
            tree.body.append(end)
    return (_compiled(tree, name, "exec") if tree.body else None), last


def _compiled(tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
    code: CodeType = compile(tree, name, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


def _show(value: Any, kept: Kept) -> None:
    if value is None:
        return
    from IPython.display import display

    kept.value = repr(value)[:LIMIT]
    before = len(kept.displays)
    display(value)  # type: ignore[no-untyped-call]
    # The value is kept as text already; a picture says more than its text.
    kept.displays[before:] = [
        bundle for bundle in kept.displays[before:] if any(k.startswith("image/") for k in bundle)
    ]


@contextlib.contextmanager
def _watched(shell: Any, kept: Kept) -> Iterator[None]:
    """Keep output and displays while passing them on, and turn an error into part of the outcome."""
    out, err = _Tee(sys.stdout), _Tee(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _displays(shell, kept.displays.append):
        try:
            yield
            _flush_figures()
        except Exception as error:
            kept.error = told(error)
            err.write(kept.error + "\n")
        except SystemExit as error:
            kept.error = f"SystemExit: {error}"
        finally:
            kept.stdout, kept.stderr = out.kept(), err.kept()


def told(error: BaseException) -> str:
    """The traceback from the approved code on: our own frames say nothing to anybody."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__") == __name__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))[-LIMIT:].strip()


def _flush_figures() -> None:
    """Show open matplotlib figures now, as the end of a cell would, so that they belong to this code."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:
        inline.flush_figures()


@contextlib.contextmanager
def _displays(shell: Any, take: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Copy what is displayed. An attribute of the one publisher, because IPython's own capture would not echo."""
    publisher = shell.display_pub
    publish, own = publisher.publish, vars(publisher).get("publish")

    def both(data: dict[str, Any], *args: Any, **more: Any) -> Any:
        take(dict(data))
        return publish(data, *args, **more)

    publisher.publish = both
    try:
        yield
    finally:
        if own is None:
            del publisher.publish
        else:
            publisher.publish = own


class _Tee(io.TextIOBase):
    """Writes on, and keeps the first `LIMIT` characters."""

    def __init__(self, through: TextIO) -> None:
        self._through, self._kept, self._room, self._lost = through, io.StringIO(), LIMIT, 0

    def write(self, text: str) -> int:
        self._kept.write(text[: self._room])
        self._lost += max(0, len(text) - self._room)
        self._room = max(0, self._room - len(text))
        return self._through.write(text)

    def flush(self) -> None:
        self._through.flush()

    def kept(self) -> str:
        """What was written, and how much of it is missing."""
        lost = f"\n… {self._lost} characters more" if self._lost else ""
        return self._kept.getvalue() + lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._through, name)
