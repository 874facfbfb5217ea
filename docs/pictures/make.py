"""Make every picture of the documentation: real notebooks in a real JupyterLab, light and dark, and one short film.

`python docs/pictures/make.py` makes them all, `… make.py landing film` those that are named. It needs what the browser
tests need: the extra `test`, chromium, the built widgets. What is run is in `scenes.py`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from film import Film  # noqa: E402
from PIL import Image  # noqa: E402
from scenes import ACTS, SCENES, Scene  # noqa: E402

from tests.notebook.lab import Page, browser, jupyter_lab, write_notebook  # noqa: E402

WIDTH = 860
ALONE = """
.jp-Toolbar, .jp-NotebookPanel-toolbar, .jp-Notebook-footer, .jp-cell-toolbar { display: none !important }
.jp-WindowedPanel-outer { padding-top: 12px !important }
"""


@contextmanager
def notebook(cells: list[str], height: int, *, dark: bool, scale: float) -> Iterator[Page]:
    """Open a notebook of these cells, with nothing of Lab around it."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium, jupyter_lab(Path(folder), dark=dark) as server:
        write_notebook(server, "wine.ipynb", cells)
        context = chromium.new_context(viewport={"width": WIDTH, "height": height}, device_scale_factor=scale)
        try:
            page = Page(context.new_page(), server, "wine.ipynb")
            page.page.add_style_tag(content=ALONE)
            for command in ("application:set-mode", "application:toggle-left-area", "statusbar:toggle"):
                page.command(command)
            yield page
        finally:
            context.close()


def run(page: Page, number: int) -> None:
    """Run one cell without waiting for its end."""
    page.page.evaluate(
        "n => { const w = window.jupyterapp.shell.currentWidget; w.content.activeCellIndex = n;"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }",
        number,
    )


def show_only(page: Page, numbers: list[int]) -> None:
    """Leave all other cells out of the picture."""
    page.page.evaluate(
        "shown => document.querySelectorAll('.jp-Notebook .jp-Cell').forEach("
        "(cell, n) => { cell.style.display = shown.includes(n) ? '' : 'none' })",
        numbers,
    )


def around_cells(page: Page) -> dict[str, float]:
    """The part of the page that the cells fill."""
    edges: dict[str, float] = page.page.evaluate(
        "() => { const all = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].filter(c => c.offsetHeight);"
        " const [a, b] = [all[0].getBoundingClientRect(), all.at(-1).getBoundingClientRect()];"
        " return {x: a.x, y: a.y - 8, width: a.width, height: b.bottom - a.y + 16}; }"
    )
    return edges


def photograph(name: str, scene: Scene, *, dark: bool) -> Path:
    """Run a scene's cells and take the picture when it is ready, while its last cell may still run."""
    target = HERE / f"{name}-{'dark' if dark else 'light'}.png"
    with notebook(scene.cells, scene.height, dark=dark, scale=2) as page:
        for number in range(len(scene.cells)):
            run(page, number)
            if number not in scene.not_waited_for:
                page.wait_until_run(number)
        scene.ready(page)
        show_only(page, scene.shown)
        page.page.wait_for_timeout(500)  # until what was hidden is gone and what is left has its place
        page.page.screenshot(path=target, clip=around_cells(page))
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def record() -> Path:
    """Film the acts, one after the other: a cell is typed, run, and does what it does."""
    target = HERE / "film.webp"
    cells = [act.source if act.is_hidden else "" for act in ACTS]
    with notebook(cells, 740, dark=False, scale=1.25) as page:
        film = Film(page)
        for number, act in enumerate(ACTS):
            if act.is_hidden:
                run(page, number)
                page.wait_until_run(number)
                continue
            show_only(page, [number])
            film.type(number, act.source)
            run(page, number)
            act.play(page, film, number)
        film.write(target)
    return target


def main(names: list[str]) -> None:
    """Make the pictures that are named, or all."""
    for name in names or [*SCENES, "film"]:
        made = [record()] if name == "film" else [photograph(name, SCENES[name], dark=dark) for dark in (False, True)]
        for target in made:
            print(f"{target.relative_to(HERE.parents[1])}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
