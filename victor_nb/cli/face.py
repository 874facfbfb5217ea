"""From words to an exit code: parse, run, print the view or the error."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from victor_nb.cli.streams import can_move, make_forgiving
from victor_nb.cli.terminating import Termination
from victor_nb.commands import Session, parse
from victor_nb.errors import Resumable, UsageError, VictorError

if TYPE_CHECKING:
    from victor_nb.cli.terminal import Terminal

WORKED, FAILED, MISUSED = 0, 1, 2
INTERRUPTED, TERMINATED = 130, 143  # 128 and the number of the signal, as shells tell it
_WIDEST = 140


def run(argv: Sequence[str]) -> int:
    """Run one verb and return the exit code."""
    as_json = "--json" in argv
    make_forgiving(sys.stdout, as_json=as_json)
    make_forgiving(sys.stderr)
    session, terminal = _session(as_json)
    with Termination() as termination:
        return _ended(argv, session, terminal, termination)


def _ended(argv: Sequence[str], session: Session, terminal: Terminal, termination: Termination) -> int:
    try:
        print(_shown(_result(argv, session)))
        sys.stdout.flush()
    except VictorError as error:
        _tell(error, argv)
        return MISUSED if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        _say_how_to_go_on(terminal, argv)
        return TERMINATED if termination.came else INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left; writing the rest would fail again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WORKED
    finally:
        session.close()
    return WORKED


def _result(argv: Sequence[str], session: Session) -> object:
    result = parse(argv, session).run()
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(result: Awaitable[object]) -> object:
    return await result


def _session(as_json: bool) -> tuple[Session, Terminal]:
    from victor_nb.cli.terminal import Terminal

    terminal = Terminal(live=can_move(sys.stderr) and not as_json, ask=sys.stdin is not None and sys.stdin.isatty())
    session = Session(
        person=terminal.person,
        watch=terminal.watch,
        display=lambda view: print(_shown(view), file=sys.stderr if as_json else sys.stdout, flush=True),
        detach=lambda words: _detach(session, words),
    )
    return session, terminal


def _detach(session: Session, words: Sequence[str]) -> str:
    from victor_nb.cli.detaching import detached

    return detached(words, session.settings().home / "background")


def _shown(view: Any) -> str:
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    return str(view.to_text(width)) if hasattr(view, "to_text") else str(view)


def _tell(error: VictorError, argv: Sequence[str]) -> None:
    if "--json" in argv:
        told = {"type": type(error).__name__, "what": error.what, "where": error.where, "hint": error.hint}
        # Where the work came to something all the same, as of a pipeline some of whose nodes failed, that is told, too.
        result: Any = getattr(error, "result", None)
        whole = {**result.to_json(), "error": told} if hasattr(result, "to_json") else {"error": told}
        print(json.dumps(whole, indent=2, ensure_ascii=False, default=str))
        return
    print(f"victor: {error}", file=sys.stderr)
    if isinstance(error, Resumable) and "victor" not in error.hint:
        print("the run is kept; go on with: victor resume last", file=sys.stderr)


def _say_how_to_go_on(terminal: Terminal, argv: Sequence[str]) -> None:
    if not terminal.run_id:
        print("victor: interrupted", file=sys.stderr)
        return
    # What the run looked at has to be named again; everything else the journal knows.
    data = [part for flag, value in pairwise(argv) if flag == "--data" for part in (flag, value)]
    words = shlex.join(["victor", "resume", terminal.run_id, *data])
    print(f"victor: stopped; what was done is kept. Go on with:\n  {words}", file=sys.stderr)
