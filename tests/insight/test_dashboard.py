"""The dashboard is a file that Grafana takes: its shape, without a Grafana. What its panels ask is tried elsewhere."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from victor_nb.commands.serve_metrics import DASHBOARDS

BOARD: dict[str, Any] = json.loads((DASHBOARDS / "grafana.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
VARIABLES = {one["name"]: one for one in BOARD["templating"]["list"]}
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


def test_it_says_what_it_is() -> None:
    """A version of the schema, a title, an id of its own that stays, and none of a database."""
    assert BOARD["schemaVersion"] == 38
    assert BOARD["title"] == "Victor NB"
    assert BOARD["uid"] == "victor-nb"
    assert BOARD["id"] is None
    assert {one["type"] for one in BOARD["__requires"]} == {"grafana", "datasource", "panel"}


def test_the_source_of_data_is_chosen_where_it_is_imported() -> None:
    """By a variable that every panel and every variable asks; no other is named."""
    assert VARIABLES["DS_PROMETHEUS"]["type"] == "datasource"
    assert VARIABLES["DS_PROMETHEUS"]["query"] == "prometheus"
    asking = [panel for panel in PANELS if panel["type"] != "row"]
    asking += [target for panel in asking for target in panel["targets"]]
    asking += [variable for variable in VARIABLES.values() if variable["type"] == "query"]
    assert all(one["datasource"] == SOURCE for one in asking)


def test_panels_have_ids_of_their_own() -> None:
    """Whole numbers above 0; targets have letters of their own within a panel."""
    ids = [panel["id"] for panel in PANELS]

    assert len(set(ids)) == len(ids)
    assert min(ids) > 0
    for panel in PANELS:
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)


def test_panels_fill_the_grid_and_lie_on_nobody() -> None:
    """Each cell belongs to one panel; every row of panels is full."""
    taken: dict[tuple[int, int], int] = {}
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        ):
            assert cell not in taken, f"panel {panel['id']} lies on panel {taken[cell]}"
            taken[cell] = panel["id"]
    height = max(y for _, y in taken) + 1
    assert len(taken) == COLUMNS * height


@pytest.mark.parametrize("panel", [one for one in PANELS if one["type"] != "row"], ids=lambda panel: panel["title"])
def test_every_panel_can_be_read(panel: dict[str, Any]) -> None:
    """A title, a sentence, a unit, a legend; and only variables that there are."""
    assert panel["type"] in {"stat", "timeseries"}
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    for target in panel["targets"]:
        assert target["legendFormat"]
        named = set(re.findall(r"\$(?!__)\{?(\w+)", target["expr"]))
        assert named <= VARIABLES.keys()
