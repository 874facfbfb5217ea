"""Toolset: run Python in the user's kernel. Every call needs a person's agreement.

How code is executed belongs to the face that has a kernel; it hands in `execute`. This module says what a model
sees of the outcome, and keeps that short.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from victor_nb.journal import Effect
from victor_nb.tools.builtin.parameters import Code
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.errors import ToolRefused
from victor_nb.tools.methods import tool_method, tools_of
from victor_nb.tools.values import Artifact, cut

OUTPUT_CHARS: Final = 20_000
CODE_CHARS: Final = 100_000


@dataclass(frozen=True)
class CellOutcome:
    """What executing code in a kernel led to.

    Attributes:
        stdout: what it printed; likewise `stderr`.
        result: the text of the value of its last expression; empty if it has none.
        error: the exception with its traceback, as text; empty if there was none.
        artifacts: plots and other rich output.
    """

    stdout: str = ""
    stderr: str = ""
    result: str = ""
    error: str = ""
    artifacts: tuple[Artifact, ...] = ()


Execute = Callable[[str], Awaitable[CellOutcome]]


async def without_kernel(code: str) -> CellOutcome:
    """Stand in for a kernel where there is none.

    Raises:
        ToolRefused: always.
    """
    raise ToolRefused("there is no kernel to run code in", hint="ask in a notebook: %%victor --tools python_cell")


def python_cell(execute: Execute) -> Toolset:
    """Return the tool that runs code through `execute`."""
    return Toolset("python_cell", tools_of(PythonCell(execute)))


@dataclass(frozen=True, slots=True)
class PythonCell:
    """The tool, bound to a kernel."""

    execute: Execute

    @tool_method(
        category="kernel",
        cost="medium",
        effect=Effect.EFFECT,
        approval=True,
        keywords=("python", "run", "execute", "code", "compute", "calculate", "cell"),
    )
    async def run_python(self, code: Code) -> Any:
        """Run Python code in the user's kernel, where the user's variables are, and return what it printed and its
        last value. The user is asked before each call. An exception in the code is part of the answer.

        Args:
            code: complete Python statements; the value of the last expression is returned.
        """
        if len(code) > CODE_CHARS:
            raise ToolRefused(
                f"the code has {len(code):,} characters; {CODE_CHARS:,} are allowed", hint="run it in pieces"
            )
        outcome = await self.execute(code)
        texts = {"stdout": outcome.stdout, "stderr": outcome.stderr, "result": outcome.result, "error": outcome.error}
        answer: dict[str, Any] = {name: cut(text, OUTPUT_CHARS) for name, text in texts.items() if text}
        if outcome.artifacts:
            answer["artifacts"] = list(outcome.artifacts)
        return answer or {"result": "no output"}
