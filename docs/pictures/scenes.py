"""What the pictures and the film show: cells, and when it is time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from film import Film

    from tests.notebook.lab import Page

WAIT_MS = 60_000

WINE = """%load_ext victor_nb
from sklearn.datasets import load_wine
wine = load_wine(as_frame=True).frame.rename(columns={"target": "cultivar"})
wine["cultivar"] = wine["cultivar"].map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})"""
WARM = "%%victor --with wine\nPlot alcohol by cultivar"
ASK = "%%victor --with wine -o answer\nPlot proline by cultivar"
STOPPED = "%%victor --with wine --max-steps 1\nWhat is the mean of alcohol by cultivar?"
RESUME = "%victor resume last --max-steps 20"
APPROVE = '%%victor --tools project_files\nwrite_file "findings.md" "Barolo has the most proline"'

SEARCH = """%load_ext victor_nb
import asyncio, operator
from typing import Annotated, TypedDict
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier
from victor_nb import END, START, Workflow, send

X, y = load_wine(return_X_y=True)

class State(TypedDict, total=False):
    depths: list[int]
    trials: Annotated[list[dict], operator.add]
    best: dict

async def check(state):
    "Look whether the table is fit to be learned from"
    await asyncio.sleep(SLOWLY)

async def trial(depth):
    "Cross-validate a tree of one depth"
    await asyncio.sleep(SLOWLY * depth)
    score = cross_val_score(DecisionTreeClassifier(max_depth=depth), X, y).mean()
    return {"trials": [{"depth": depth, "score": float(score)}]}

def compare(state):
    "Find the best of the trials"
    return {"best": max(state["trials"], key=lambda one: one["score"])}

async def report(state):
    "Write it down"
    await asyncio.sleep(SLOWLY)

search = Workflow(State, name="search").add_node(check).add_node(trial).add_node(compare).add_node(report)
search.add_edge(START, "check").add_conditional_edges("check", lambda s: send("trial", s["depths"]), ["trial"])
search.add_edge("trial", "compare").add_edge("compare", "report").add_edge("report", END)"""
RUN_SEARCH = """%victor workflow run search --input '{"depths": [1, 2, 3]}'"""

TELL = "import os, pathlib; pathlib.Path('pid').write_text(str(os.getpid()))"

GEOGRAPHERS = """%load_ext victor_nb
import time
from victor_nb import Agent, tool

@tool(effect="read")
def population(city: str) -> int:
    "Look up how many people live in a city."
    time.sleep(0.02 * len(city))
    return {"Bern": 137_000, "Basel": 178_000, "Lausanne": 141_000}[city]

@tool(effect="read")
def capital(country: str) -> str:
    "Look up the capital of a country."
    return {"Switzerland": "Bern", "Italy": "Rome", "France": "Paris"}[country]

geographer, diplomat = Agent("geographer", tools=[population]), Agent("diplomat", tools=[capital])"""
LIVE = "%victor metrics --live --since 60s"
ASK_OFTEN = """for n in range(60):
    geographer.run_sync(f"population of {['Bern', 'Basel', 'Bern', 'Lausanne', 'Rome'][n % 5]}")
    if n % 3 == 0:
        diplomat.run_sync(f"capital of {['Switzerland', 'Italy', 'France'][n % 9 // 3]}")
    time.sleep(abs(n % 20 - 10) / 10)"""


@dataclass(frozen=True)
class Scene:
    """A picture.

    Attributes:
        shown: the cells that are in it, counted from 0.
        not_waited_for: cells that need not have ended when the next one is run or the picture is taken.
    """

    cells: list[str]
    shown: list[int]
    ready: Callable[[Page], None]
    not_waited_for: tuple[int, ...] = ()
    height: int = 1600


@dataclass(frozen=True)
class Act:
    """A part of the film: a cell, and what happens while and after it runs."""

    source: str
    play: Callable[[Page, Film, int], None] = field(default=lambda page, film, number: None)
    is_hidden: bool = False


def approval_is_asked(page: Page) -> None:
    """The last cell waits, with buttons."""
    page.page.get_by_role("button", name="Approve", exact=True).wait_for(timeout=WAIT_MS)


def some_trials_are_done(page: Page) -> None:
    """The graph shows what is done, what is being done, and what is to come."""
    page.page.locator('.vng-node[data-path="check"][data-tone="good"]').wait_for(timeout=WAIT_MS)
    page.page.locator('.vng-node[data-path="trial"][data-tone="busy"]').wait_for(timeout=WAIT_MS)


def everything_is_counted(page: Page) -> None:
    """The charts have caught up with the runs."""
    page.outputs(1).locator('[data-key="tools"]').get_by_text("20 capital").wait_for(timeout=WAIT_MS)


def has_ended(page: Page, number: int) -> bool:
    """Whether a cell has its number."""
    prompt = page.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputPrompt")
    return any(character.isdigit() for character in prompt.text_content() or "")


def finishes(page: Page, film: Film, number: int) -> None:
    """Watch a cell until it has ended, and look at what it gave."""
    film.until(lambda: has_ended(page, number))
    film.hold(2.4)


def is_approved(page: Page, film: Film, number: int) -> None:
    """Watch until somebody is asked, say yes, and watch on."""
    button = page.page.get_by_role("button", name="Approve", exact=True)
    film.until(button.is_visible)
    film.hold(2.0)
    button.click()
    finishes(page, film, number)


def is_killed(page: Page, film: Film, number: int) -> None:
    """Kill the kernel when some trials are done; Lab says so."""
    trial = page.outputs(number).locator('.vng-node[data-path="trial"]')
    film.until(lambda: trial.count() > 0 and "2 at once" in (trial.text_content() or ""))
    os.kill(int((page.server.folder / "pid").read_text()), signal.SIGKILL)
    dialog = page.page.get_by_role("button", name="Ok", exact=True)
    film.until(dialog.is_visible)
    film.hold(2.4)
    dialog.click()
    page.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel?.status === 'idle'", timeout=WAIT_MS
    )


SCENES = {
    "landing": Scene([WINE, WARM, ASK, STOPPED, RESUME, APPROVE], [2, 4, 5], approval_is_asked, (5,)),
    "workflow": Scene([SEARCH.replace("SLOWLY", "2"), RUN_SEARCH], [1], some_trials_are_done, (1,), 1100),
    "metrics": Scene([GEOGRAPHERS, LIVE, ASK_OFTEN], [1], everything_is_counted, (), 1700),
}
ACTS = [
    Act(WINE, is_hidden=True),
    Act(WARM, is_hidden=True),
    Act(ASK, finishes),
    Act(f"{SEARCH.replace('SLOWLY', '1.2')}\n{TELL}", is_hidden=True),
    Act(RUN_SEARCH, is_killed),
    Act(f"{WINE}\n{SEARCH.replace('SLOWLY', '1.2')}", is_hidden=True),
    Act("%victor resume last", finishes),
    Act(APPROVE, is_approved),
    Act(ASK.replace("-o answer", "--replay strict"), finishes),
]
