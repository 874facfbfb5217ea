"""A real JupyterLab, or Notebook 7, in a real browser, private and on loopback.

1. All of Jupyter's folders are the test's own; news and other pop-ups are off.
2. Every process is ended by its own id, the server with its group, because kernels are its children.
3. Waiting is for something to be seen on the page or on disk, never for a time to pass.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tests.notebook.kernels import ROOT
from tests.support.require import require

WAIT_MS = 60_000
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Server:
    """A running JupyterLab.

    Attributes:
        folder: where its notebooks are.
        path: of the page that shows a notebook, before its name.
    """

    url: str
    folder: Path
    path: str = "lab/tree"


@contextmanager
def jupyter_lab(
    folder: Path, *, dark: bool = False, application: str = "jupyterlab", **settings: Any
) -> Iterator[Server]:
    """Run JupyterLab on the notebooks below `folder`.

    Args:
        application: "notebook" runs Notebook 7 in its place; it has Lab's settings and commands.
        settings: overrides of Lab's settings by plug-in name, such as kernels_settings={"commsOverSubshells": …}.
    """
    work, port = folder / "work", _free_port()
    work.mkdir(parents=True, exist_ok=True)
    _write_settings(folder, dark, settings)
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", application, "--no-browser", "--allow-root", "--expose-app-in-browser"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
            f"--ServerApp.root_dir={work}",
        ],
        cwd=work,
        env=_environment(folder),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(f"{url}/api/status", server, folder / "lab.log")
        yield Server(url, work, "notebooks" if application == "notebook" else "lab/tree")
    finally:
        _end(server)
        log.close()


def offer_kernel(server: Server, name: str, python: Path) -> None:
    """Let notebooks of the server ask for a kernel of another interpreter."""
    folder = server.folder.parent / "data" / "kernels" / name
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))


def write_notebook(server: Server, name: str, cells: list[str], kernel: str = "python3") -> Path:
    """Put a notebook of code cells into the server's folder."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    nbformat.write(notebook, server.folder / name)
    return server.folder / name


class Page:
    """A notebook that is open in Lab."""

    def __init__(self, page: Any, server: Server, name: str) -> None:
        self.page, self.server, self.path = page, server, server.folder / name
        page.goto(f"{server.url}/{server.path}/{name}?reset", timeout=WAIT_MS)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=WAIT_MS)
        # The page shows the notebook before its kernel: a command that came now would ask which kernel to take.
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=WAIT_MS,
        )

    def command(self, name: str) -> None:
        """Run one of Lab's commands without waiting for its end."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name); }", name)

    def run_all(self) -> None:
        """Start *Run All Cells*; returns at once."""
        self.command("notebook:run-all-cells")

    def interrupt(self) -> None:
        """*Interrupt Kernel*."""
        self.command("notebook:interrupt-kernel")

    def outputs(self, cell: int) -> Any:
        """The output area of a cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea")

    def wait_until_run(self, cell: int) -> None:
        """Wait until a cell has its number."""
        self.page.wait_for_function(
            r"n => /\[\d+\]/.test(document.querySelectorAll('.jp-Notebook .jp-Cell')[n]"
            "?.querySelector('.jp-InputPrompt')?.textContent ?? '')",
            arg=cell,
            timeout=WAIT_MS,
        )

    def is_running(self, cell: int) -> bool:
        """Whether a cell shows [*]."""
        prompt = self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-InputPrompt")
        return "*" in (prompt.text_content() or "")

    def save(self) -> nbformat.NotebookNode:
        """Save, and return what is on disk."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return nbformat.read(self.path, 4)

    def screenshot(self, name: str) -> Path:
        """Take a picture; goes below $VICTOR_TEST_SCREENSHOTS, or beside the notebooks."""
        folder = Path(os.environ.get("VICTOR_TEST_SCREENSHOTS") or self.server.folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium; what it asks of other hosts than loopback is refused and remembered as `.foreign`."""
    program = require("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def notebook_page(chromium: Any, server: Server, name: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a notebook; the list fills with requests that went to other hosts, which are refused."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    foreign: list[str] = []

    def check(route: Any) -> None:
        if route.request.url.startswith(server.url) or not route.request.url.startswith("http"):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", check)
    try:
        yield Page(context.new_page(), server, name), foreign
    finally:
        context.close()


# --- the server --------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VICTOR_", "JUPYTER"))}
    private = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {**kept, "PYTHONPATH": str(ROOT), **{name: str(folder / place) for name, place in private.items()}}


def _write_settings(folder: Path, dark: bool, settings: dict[str, Any]) -> None:
    extension = folder / "settings" / "@jupyterlab" / "apputils-extension"
    extension.mkdir(parents=True, exist_ok=True)
    wanted = {
        "notification": {"fetchNews": "false", "checkForUpdates": False},
        "themes": {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"},
        **{name.replace("_", "-"): value for name, value in settings.items()},
    }
    for name, value in wanted.items():
        (extension / f"{name}.jupyterlab-settings").write_text(json.dumps(value))


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended: {log.read_text()[-2000:]}")
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"JupyterLab is not up: {log.read_text()[-2000:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server's group: first politely, so that it ends its kernels."""
    for number, patience_s in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(patience_s)
            break
