"""Completion, as IPython wants it: a matcher from 8.6 on, a command hook before.

1. Each hook returns what takes it away again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from victor_nb.notebook.completing import Sources, complete

Undo = Callable[[], None]


def hook_completion(shell: Any, sources: Sources) -> Undo:
    """Offer our words to the shell's completer, in the way it knows."""
    try:
        from IPython.core.completer import context_matcher
    except ImportError:
        return _add_command_hook(shell, sources)
    return _add_matcher(shell, sources, context_matcher)


def _add_matcher(shell: Any, sources: Sources, context_matcher: Callable[[], Any]) -> Undo:
    from IPython.core.completer import SimpleCompletion

    @context_matcher()  # type: ignore[untyped-decorator, unused-ignore]
    def victor_matcher(context: Any) -> Any:
        found = complete(_until_cursor(context), sources)
        if found is None:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(text=word, type="victor") for word in found.words],
            "matched_fragment": found.fragment,
            "suppress": bool(found.words),  # file names and variables fit nowhere else in such a line
        }

    matchers = shell.Completer.custom_matchers
    matchers.append(victor_matcher)

    def undo() -> None:
        if victor_matcher in matchers:
            matchers.remove(victor_matcher)

    return undo


def _until_cursor(context: Any) -> str:
    lines = context.full_text.split("\n")
    return "\n".join([*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]])


def _add_command_hook(shell: Any, sources: Sources) -> Undo:
    def complete_command(_: Any, event: Any) -> list[str]:
        found = complete(event.text_until_cursor, sources)
        if found is None:
            return []
        # IPython replaces `symbol`, which is shorter than our fragment where it splits words at more characters.
        ahead = len(found.fragment) - len(event.symbol)
        return [word[max(0, ahead) :] for word in found.words]

    table = shell.strdispatchers["complete_command"].strs
    keys = ("%victor", "%%victor")
    before = {key: table.get(key) for key in keys}
    for key in keys:
        shell.set_hook("complete_command", complete_command, str_key=key)

    def undo() -> None:
        for key, chain in before.items():
            if chain is None:
                table.pop(key, None)
            else:
                table[key] = chain

    return undo
