"""Make the picture of the landing page and the README: a real notebook in a real JupyterLab, light and dark.

`python docs/pictures/landing.py` runs every cell that is seen, waits until an agent asks for approval, and takes the
picture while the cell still runs. It needs what the browser tests need: the extra `test`, chromium, the built widget.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from PIL import Image  # noqa: E402

from tests.notebook.lab import WAIT_MS, Page, Server, browser, jupyter_lab, write_notebook  # noqa: E402

SET_UP = """%load_ext victor_nb
from sklearn.datasets import load_wine
wine = load_wine(as_frame=True).frame.rename(columns={"target": "cultivar"})
wine["cultivar"] = wine["cultivar"].map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})"""
WARM = "%%victor --with wine\nPlot alcohol by cultivar"
ASK = "%%victor --with wine -o answer\nPlot proline by cultivar"
STOPPED = "%%victor --with wine --max-steps 1\nWhat is the mean of alcohol by cultivar?"
RESUME = "%victor resume last --max-steps 20"
APPROVE = '%%victor --tools project_files\nwrite_file "findings.md" "Barolo has the most proline"'
CELLS = [(SET_UP, False), (WARM, False), (ASK, True), (STOPPED, False), (RESUME, True), (APPROVE, True)]
"""What is run, in order, and what of it is in the picture: not the data, and not the run that is stopped on purpose."""

SIZE = {"width": 860, "height": 1600}
ALONE = """
.jp-Toolbar, .jp-NotebookPanel-toolbar, .jp-Notebook-footer, .jp-cell-toolbar { display: none !important }
.jp-WindowedPanel-outer { padding-top: 12px !important }
"""


def taken(chromium: Any, server: Server, target: Path) -> None:
    """Run the cells and take the picture while the last one waits for an answer."""
    write_notebook(server, "wine.ipynb", [cell for cell, _ in CELLS])
    context = chromium.new_context(viewport=SIZE, device_scale_factor=2)
    try:
        page = Page(context.new_page(), server, "wine.ipynb")
        page.page.add_style_tag(content=ALONE)
        page.command("application:set-mode")
        for name in ("application:toggle-left-area", "statusbar:toggle"):
            page.command(name)
        last = len(CELLS) - 1
        for number in range(last):
            run(page, number)
            page.wait_until_run(number)
        run(page, last)
        page.outputs(last).get_by_role("button", name="Approve", exact=True).wait_for(timeout=WAIT_MS)
        hide(page, [number for number, (_, is_shown) in enumerate(CELLS) if not is_shown])
        page.page.wait_for_timeout(500)
        page.page.screenshot(path=target, clip=around_cells(page))
        with Image.open(target) as picture:
            picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    finally:
        context.close()


def run(page: Page, number: int) -> None:
    """Run one cell without waiting for its end."""
    page.page.evaluate(
        "n => { const w = window.jupyterapp.shell.currentWidget; w.content.activeCellIndex = n;"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }",
        number,
    )


def hide(page: Page, numbers: list[int]) -> None:
    """Leave cells out of the picture."""
    for number in numbers:
        page.page.locator(".jp-Notebook .jp-Cell").nth(number).evaluate("cell => { cell.style.display = 'none' }")


def around_cells(page: Page) -> dict[str, float]:
    """The part of the page that the cells fill."""
    edges: dict[str, float] = page.page.evaluate(
        "() => { const all = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].filter(c => c.offsetHeight);"
        " const [a, b] = [all[0].getBoundingClientRect(), all.at(-1).getBoundingClientRect()];"
        " return {x: a.x, y: a.y - 8, width: a.width, height: b.bottom - a.y + 16}; }"
    )
    return edges


def main() -> None:
    """Write both pictures beside this file."""
    for dark in (False, True):
        target = HERE / f"landing-{'dark' if dark else 'light'}.png"
        with (
            tempfile.TemporaryDirectory() as folder,
            browser() as chromium,
            jupyter_lab(Path(folder), dark=dark) as server,
        ):
            taken(chromium, server, target)
        print(f"{target.relative_to(HERE.parents[1])}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
