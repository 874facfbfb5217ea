"""Toolset: run a shell command in the project folder. Every call needs a person's agreement.

1. The command runs in a process group of its own. When the call ends, however it ends (done, time-out,
   cancelled), that group and every process below the command is ended. Only a daemon, which cut itself off
   from both on purpose, stays.
2. It inherits no secrets: of the environment it gets the names in PASSED_ON and no others.
3. It starts inside the project folder. What it does from there is what the user agreed to: a shell cannot be
   confined, which is why each call is asked for.
4. Output is read while it runs and kept to a limit, first and last parts; the rest is read and dropped.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from annotated_types import Ge, Le

from victor_nb.journal import Effect
from victor_nb.tools.builtin.confinement import Confined
from victor_nb.tools.builtin.parameters import Code
from victor_nb.tools.builtin.parameters import Path as PathText
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.errors import ToolArgumentError, ToolTimeout
from victor_nb.tools.methods import tool_method, tools_of

OUTPUT_BYTES: Final = 100_000
LONGEST_S: Final = 600
GRACE_S: Final = 0.1
"""How long processes have to end after being asked to, before they are killed."""
POLL_S: Final = 0.01

PASSED_ON: Final = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP",
        "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR",
        "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMFILES",
    }
)  # fmt: skip


def shell(root: str | Path) -> Toolset:
    """Return the tool that runs commands in the folder `root` or below it."""
    return Toolset("shell", tools_of(Shell(Confined(root))))


@dataclass(frozen=True, slots=True)
class Shell:
    """The tool, bound to a folder."""

    confined: Confined

    @tool_method(
        category="shell",
        cost="medium",
        effect=Effect.EFFECT,
        approval=True,
        keywords=("shell", "command", "terminal", "bash", "run", "git", "pip"),
    )
    async def run_command(
        self,
        command: Code,
        folder: PathText = ".",
        timeout_s: Annotated[int, Ge(1), Le(LONGEST_S)] = 60,
    ) -> Any:
        """Run a shell command in the project folder and return its output. The user is asked before each call.

        Input is empty, so a command that asks questions fails. Background processes end with the command.

        Args:
            command: the command line.
            folder: where to run it, from the project folder.
            timeout_s: after this many seconds it is ended.
        """
        place = self.confined.resolve(folder)
        if not place.is_dir():
            raise ToolArgumentError.at("folder", f"{folder!r} is no folder")
        if "\0" in command or not command.strip():
            raise ToolArgumentError.at("command", "there is no command")
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=place,
            env=without_secrets(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        output = _Output()
        reading = asyncio.create_task(output.read(process.stdout))
        try:
            async with asyncio.timeout(timeout_s):
                code = await _exit_code(process)
                await _rest_of_output(process.pid, reading)
        except TimeoutError:
            raise ToolTimeout(
                f"the command took longer than {timeout_s} s and was ended",
                hint=f"its last output: {output.text()[-500:]!r}",
            ) from None
        finally:
            await _end(process, reading)
        return {"exit_code": code, "output": output.text()}


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a command needs and that holds no keys."""
    return {name: value for name, value in environment.items() if name.upper() in PASSED_ON or name.startswith("LC_")}


class _Output:
    """The first and the last bytes of a stream, and how many were between."""

    def __init__(self) -> None:
        self.head, self.tail, self.dropped = b"", b"", 0

    async def read(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None, "the process was started with a pipe"
        while chunk := await stream.read(65536):
            self.add(chunk)

    def add(self, chunk: bytes) -> None:
        half = OUTPUT_BYTES // 2
        room = half - len(self.head)
        self.head += chunk[:room]
        kept = self.tail + chunk[room:] if room < len(chunk) else self.tail
        self.dropped += max(0, len(kept) - half)
        self.tail = kept[-half:]

    def text(self) -> str:
        gap = f"\n… {self.dropped:,} bytes left out …\n".encode() if self.dropped else b""
        return (self.head + gap + self.tail).decode("utf-8", errors="replace")


async def _exit_code(process: asyncio.subprocess.Process) -> int:
    """Wait for the command itself; `Process.wait` also waits for every process that holds its output open."""
    while process.returncode is None:
        await asyncio.sleep(POLL_S)
    return process.returncode


async def _rest_of_output(pid: int, reading: asyncio.Task[None]) -> None:
    """Wait for what is still to be read; processes that hold the output open are ended, as nobody waits for them."""
    done, _ = await asyncio.wait({reading}, timeout=GRACE_S)
    if not done:
        _signal_group(pid, signal.SIGTERM)
        await asyncio.wait({reading}, timeout=GRACE_S)


async def _end(process: asyncio.subprocess.Process, reading: asyncio.Task[None]) -> None:
    """End whatever is left: ask, wait a moment, kill. Runs to its end even when the call is cancelled."""
    await asyncio.shield(asyncio.ensure_future(_kill(process, reading)))


async def _kill(process: asyncio.subprocess.Process, reading: asyncio.Task[None]) -> None:
    from psutil import Error as PsutilError

    descendants = _descendants(process.pid)
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(_exit_code(process), GRACE_S)
    _signal_group(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    for descendant in descendants:
        with suppress(PsutilError):
            descendant.kill()
    await _exit_code(process)
    await asyncio.wait({reading}, timeout=GRACE_S)
    reading.cancel()
    # asyncio closes it by itself only when nobody holds the output any more, and has no public name for it.
    process._transport.close()  # type: ignore[attr-defined]


def _descendants(pid: int) -> list[Any]:
    """Return the processes below one, also those that left its group."""
    import psutil

    try:
        found: list[Any] = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return found


def _signal_group(pid: int, number: int) -> None:
    if sys.platform == "win32":
        with suppress(OSError):
            os.kill(pid, number)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
