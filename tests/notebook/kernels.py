"""Real kernels of several releases, driven over the wire by a front end that follows a script.

1. Each environment is made once, under the user's cache folder, with the interpreter that runs the tests; where it
   cannot be made (no network) the test is skipped, or fails if everything is required.
2. The front end is one thread that reads all channels: nothing happens between two calls of `pump`.
3. It behaves like JupyterLab with its default settings (`subshells=True`), like front ends that know no subshells,
   or like papermill (`widgets=False, stdin=None`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.support.require import absent

ROOT = Path(__file__).parents[2]
COMMON = (
    "msgspec",
    "click>=8.1,<9",
    "pydantic-ai-slim>=2.62,<3",
    "psutil",
    "rich",
    "pydantic-settings>=2.7,<3",
    "tomli-w",
    "platformdirs",
)
RELEASES = {
    "6.17": (
        "ipykernel==6.17.1",
        "ipython==7.34.0",
        "ipywidgets==7.7.1",
        "anywidget==0.9.21",
        "traitlets==5.7.1",
        "setuptools<81",  # IPython 7 needs pkg_resources for its own extensions
    ),
    "6.31": ("ipykernel==6.31.0", "ipython>=8.20,<9", "ipywidgets>=8,<9", "anywidget"),
    "7.3": ("ipykernel==7.3.0", "ipython>=9,<10", "ipywidgets>=8,<9", "anywidget"),
    "7.4": ("ipykernel==7.4.0", "ipython>=9,<10", "ipywidgets>=8,<9", "anywidget"),
}
WAIT_S = 60.0


def interpreter(release: str) -> Path:
    """Return the Python of the environment with that ipykernel; makes it on first use."""
    requirements = (*RELEASES[release], *COMMON)
    key = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "victor-nb-tests" / "kernels"
    home = cache / f"{release}-{key}"
    if not home.exists():
        _make(home, requirements)
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(home: Path, requirements: tuple[str, ...]) -> None:
    """Build beside the final place and rename: another test process may be making the same one."""
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    python = draft / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if uv:
        commands = [
            [uv, "venv", "-q", "--no-python-downloads", "--python", sys.executable, str(draft)],
            [uv, "pip", "install", "-q", "--python", str(python), *requirements],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(draft)],
            [str(python), "-m", "pip", "install", "-q", *requirements],
        ]
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        draft.rename(home)
    except subprocess.SubprocessError as error:
        absent(f"cannot make the environment {home.name}: {getattr(error, 'stderr', '') or error}")
    except OSError:
        if not home.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def kernel(
    python: Path | str, folder: Path, *, arguments: tuple[str, ...] = (), **environment: str
) -> Iterator[KernelManager]:
    """Run a kernel in `folder` with private Jupyter and IPython folders; ends it by its process id."""
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}", *arguments],
        "display_name": "test",
        "language": "python",
    }
    specs = folder / "kernels"
    (specs / "test").mkdir(parents=True, exist_ok=True)
    (specs / "test" / "kernel.json").write_text(json.dumps(spec))
    manager = KernelManager(
        kernel_name="test", kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)], ensure_native_kernel=False)
    )
    manager.connection_file = str(folder / f"kernel-{os.getpid()}.json")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VICTOR_")}
    manager.start_kernel(
        cwd=str(folder),
        env={
            **clean,
            "PYTHONPATH": str(ROOT),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "VICTOR_NOTEBOOK__WARM": "0",
            **environment,
        },
    )
    try:
        yield manager
    finally:
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@dataclass
class Cell:
    """A cell that was sent, and what came back so far.

    Attributes:
        outputs: what a notebook would hold: displays updated in place, streams joined.
        reply: the content of the execute_reply; None while the cell runs.
        is_idle: all of its output has arrived.
    """

    msg_id: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] | None = None
    is_idle: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the reply and all output are here."""
        return self.reply is not None and self.is_idle

    @property
    def text(self) -> str:
        """All text of all outputs."""
        return "\n".join(
            output.get("text") or str(output.get("data", {}).get("text/plain", "")) for output in self.outputs
        )

    def html(self) -> str:
        """All HTML of all outputs."""
        return "\n".join(str(output.get("data", {}).get("text/html", "")) for output in self.outputs)


class FrontEnd:
    """Opens comms, clicks, types and reads, as told.

    Args:
        subshells: send widget messages to a subshell of their own, as JupyterLab 4.4 and later do.
        widgets: show widgets at all, and greet them as the run view's front end does.
        stdin: lines to type when asked; None forbids input.
        click: "approve" or "deny" each question as soon as it has buttons; None leaves it.
    """

    def __init__(
        self,
        manager: KernelManager,
        *,
        subshells: bool = True,
        widgets: bool = True,
        stdin: list[str] | None = None,
        click: str | None = None,
    ) -> None:
        self.manager, self.subshells, self.widgets, self.stdin, self.click = manager, subshells, widgets, stdin, click
        self.folder, self.release = Path(), ""
        self.client = manager.client()
        self.client.start_channels(hb=False)
        self.cells: dict[str, Cell] = {}
        self.prompts: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.offers: list[dict[str, Any]] = []
        self.comms: set[str] = set()
        self._shown: dict[str, list[dict[str, Any]]] = {}
        self._replies: dict[str, dict[str, Any]] = {}
        self._subshell: str | None = None
        self._wants_subshell = False
        self.client.wait_for_ready(timeout=WAIT_S)
        self.supports_subshells = self._asks_features()

    def close(self) -> None:
        """Close the channels; the kernel goes on."""
        self.client.stop_channels()

    def forget(self) -> None:
        """Start a test: nothing seen, manners as JupyterLab's, nobody typing or clicking."""
        self.subshells, self.widgets, self.stdin, self.click = True, True, None, None
        self.prompts.clear()
        self.events.clear()
        self.offers.clear()

    def event_types(self) -> list[str]:
        """The types of the events that widgets got, in their order."""
        return [event["type"] for event in self.events]

    def complete(self, code: str) -> list[str]:
        """What the kernel offers at the end of `code`."""
        reply = self.client.complete(code, reply=True, timeout=WAIT_S)
        matches: list[str] = reply["content"]["matches"]
        return matches

    def run(self, code: str, *, timeout_s: float = WAIT_S) -> Cell:
        """Run a cell to its end.

        Sent again if it was aborted: for a moment after an error, kernels abort whatever arrives, and no person is
        as quick as this front end.
        """
        while True:
            cell = self.send(code)
            self.pump(lambda sent=cell: sent.is_over, timeout_s=timeout_s)
            if cell.reply is not None and cell.reply["status"] != "aborted":
                return cell

    def ok(self, code: str) -> Cell:
        """Run a cell that must succeed."""
        cell = self.run(code)
        assert cell.reply is not None
        assert cell.reply["status"] == "ok", "\n".join(cell.reply.get("traceback", [str(cell.reply)]))
        return cell

    def send(self, code: str) -> Cell:
        """Send a cell and return at once."""
        msg_id = self.client.execute(code, allow_stdin=self.stdin is not None, stop_on_error=True)
        self.cells[msg_id] = Cell(msg_id)
        return self.cells[msg_id]

    def interrupt(self) -> None:
        """SIGINT, as *Interrupt kernel* sends it."""
        self.manager.interrupt_kernel()

    def say(self, comm_id: str, content: dict[str, Any]) -> None:
        """Send a custom message to a widget."""
        data = {"comm_id": comm_id, "data": {"method": "custom", "content": content}}
        message = self.client.session.msg("comm_msg", data)
        if self._subshell is not None and self.subshells:
            message["header"]["subshell_id"] = self._subshell
        self.client.shell_channel.send(message)

    def pump(self, until: Callable[[], bool], *, timeout_s: float = WAIT_S) -> None:
        """Read all channels until something is true.

        Raises: TimeoutError with what was seen last.
        """
        poller = zmq.Poller()
        channels = {
            getattr(self.client, f"{name}_channel").socket: getattr(self, f"_on_{name}")
            for name in ("iopub", "shell", "stdin", "control")
        }
        for socket in channels:
            poller.register(socket, zmq.POLLIN)
        deadline = time.monotonic() + timeout_s
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout_s} s; the cells so far: {list(self.cells.values())}")
            for socket, _ in poller.poll(50):
                _, message = self.client.session.recv(socket, zmq.NOBLOCK)
                if message is not None:
                    channels[socket](message)

    # --- what arrives -------------------------------------------------------------------------------------------

    def _on_shell(self, message: dict[str, Any]) -> None:
        cell = self.cells.get(message["parent_header"].get("msg_id", ""))
        if cell is not None and message["msg_type"] == "execute_reply":
            cell.reply = message["content"]

    def _on_control(self, message: dict[str, Any]) -> None:
        self._replies[message["parent_header"].get("msg_id", "")] = message["content"]

    def _on_stdin(self, message: dict[str, Any]) -> None:
        self.prompts.append(message["content"]["prompt"])
        if self.stdin:
            self.client.input(self.stdin.pop(0))

    def _on_iopub(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind in ("comm_open", "comm_msg"):
            self._on_comm(kind, content)
        elif kind == "update_display_data":
            for output in self._shown.get(content["transient"]["display_id"], []):
                output["data"] = content["data"]
        elif cell := self.cells.get(message["parent_header"].get("msg_id", "")):
            self._on_output(cell, kind, content)

    def _on_output(self, cell: Cell, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            cell.outputs.append({"output_type": kind, "name": content["name"], "text": content["text"]})
        elif kind in ("display_data", "execute_result"):
            cell.outputs.append({"output_type": kind, "data": content["data"]})
            if display_id := content.get("transient", {}).get("display_id"):
                self._shown.setdefault(display_id, []).append(cell.outputs[-1])
            view = content["data"].get("application/vnd.jupyter.widget-view+json")
            if view and self.widgets:
                self._greet(view["model_id"])
        elif kind == "status":
            cell.is_idle = content["execution_state"] == "idle"
        elif kind == "error":
            cell.outputs.append({"output_type": kind, "text": "\n".join(content["traceback"])})

    def _on_comm(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "comm_open":
            self.comms.add(content["comm_id"])
            if self.subshells and self.widgets:
                self._want_subshell()
            return
        custom = content["data"].get("content", {}) if content["data"].get("method") == "custom" else {}
        if custom.get("kind") == "events" and self.widgets:
            self.events.extend(custom["events"])
        if custom.get("kind") == "offers" and self.widgets:
            for offer in custom["offers"]:
                self.offers.append(offer)
                if self.click:
                    self.say(content["comm_id"], {"kind": self.click, "run_id": self.events[-1]["run_id"], **offer})

    def _greet(self, comm_id: str) -> None:
        """Say hello as soon as the page has drawn the widget, which is after the subshell was made."""
        if self._wants_subshell and self._subshell is None:
            self._make_subshell()
        self.say(comm_id, {"kind": "hello", "have": 0})

    # --- subshells ----------------------------------------------------------------------------------------------

    def _asks_features(self) -> bool:
        reply = self.client.kernel_info(reply=True, timeout=WAIT_S)
        return "kernel subshells" in reply["content"].get("supported_features", [])

    def _want_subshell(self) -> None:
        self._wants_subshell = self.supports_subshells

    def _make_subshell(self) -> None:
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        msg_id = message["header"]["msg_id"]
        self.pump(lambda: msg_id in self._replies)
        self._subshell = self._replies[msg_id]["subshell_id"]
