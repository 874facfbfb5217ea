"""Loading and unloading: `%load_ext victor_nb`, `%unload_ext victor_nb`.

1. Silent, idempotent, and imports no heavy library: those are warmed by a thread, in kernels only.
2. Everything that loading changes is put on a stack together with what puts it back; unloading unwinds the stack.
3. What was there before comes back as the very same object.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from weakref import WeakKeyDictionary

from victor_nb.notebook.completing import Sources
from victor_nb.notebook.completion_hooks import hook_completion
from victor_nb.notebook.face import Face
from victor_nb.notebook.magic import magic_for
from victor_nb.notebook.transforming import AwaitVictor
from victor_nb.notebook.warming import Warming

_loaded: WeakKeyDictionary[Any, ExitStack] = WeakKeyDictionary()


def load_ipython_extension(shell: Any) -> None:
    """Give `shell` the magics; does nothing if it has them."""
    if shell in _loaded:
        return
    undo = ExitStack()
    face = Face(shell)
    undo.callback(face.close)
    _register_magic(shell, face, undo)
    _register_transformer(shell, undo)
    _listen(shell, "post_run_cell", face.last_failure.note, undo)
    undo.callback(hook_completion(shell, Sources(variables=shell.user_ns, runs=face.displays.recent)))
    if _has_kernel(shell):
        _warm(shell, undo)
    _loaded[shell] = undo


def unload_ipython_extension(shell: Any) -> None:
    """Put back what loading replaced; does nothing if nothing is loaded."""
    undo = _loaded.pop(shell, None)
    if undo is not None:
        undo.close()


def _has_kernel(shell: Any) -> bool:
    return getattr(shell, "kernel", None) is not None


def _warm(shell: Any, undo: ExitStack) -> None:
    warming = Warming()
    _listen(shell, "pre_execute", warming.give_way, undo)
    _listen(shell, "post_execute", warming.go_on, undo)
    undo.callback(warming.stop)
    if _is_in_cell():
        warming.give_way()  # this cell was announced before anybody listened, and its end will be
    warming.start()


def _is_in_cell() -> bool:
    """Kernels run cells inside their event loop, and load extensions at their start before it runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _register_magic(shell: Any, face: Face, undo: ExitStack) -> None:
    magic = magic_for(face)
    for kind in ("line", "cell"):
        magics = shell.magics_manager.magics[kind]
        _set(magics, "victor", magic, undo)


def _register_transformer(shell: Any, undo: ExitStack) -> None:
    transform = AwaitVictor(lambda: _has_kernel(shell) and bool(shell.autoawait))
    transformers = shell.input_transformers_cleanup
    names = [getattr(one, "__name__", "") for one in transformers]
    # Before IPython turns cell magics into blocking calls, and after it has removed prompts and blank lines.
    transformers.insert(names.index("cell_magic") if "cell_magic" in names else len(names), transform)
    undo.callback(_remove, transformers, transform)
    _listen(shell, "pre_run_cell", transform.enter, undo)
    _listen(shell, "post_run_cell", transform.leave, undo)


def _listen(shell: Any, event: str, listener: Callable[..., None], undo: ExitStack) -> None:
    shell.events.register(event, listener)
    undo.callback(_remove, shell.events.callbacks[event], listener)


def _set(table: dict[str, Any], key: str, value: object, undo: ExitStack) -> None:
    if key in table:
        undo.callback(table.__setitem__, key, table[key])
    else:
        undo.callback(table.pop, key, None)
    table[key] = value


def _remove(entries: list[Any], entry: object) -> None:
    """Remove one entry; somebody else may have done so."""
    if entry in entries:
        entries.remove(entry)
