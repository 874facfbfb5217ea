"""The first page keeps its word: it is short, and its example is a program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_ten_lines_are_a_program(tmp_path):
    """Copied into a file and run where nothing is configured, it answers, and answers the same from the record."""
    (tmp_path / "ten.py").write_text(EXAMPLE, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VICTOR_")}
    homes = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "ten.py"], cwd=tmp_path, env=kept | homes, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("strong True\n")


def test_the_example_has_ten_lines():
    """Blank ones are not counted."""
    assert len([line for line in EXAMPLE.splitlines() if line]) <= 10


def test_the_page_is_two_screens_long():
    """Everything else has a guide."""
    assert len(PAGE.splitlines()) <= 120


def test_what_is_compared_by_numbers_was_measured():
    """Each figure of the table stands on the page of measurements, so that a new measurement changes both."""
    measured = set(re.findall(r"\d[\d.,]*\d|\d", (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")))
    rows = re.findall(r"^\| (?:processor time|twenty notebooks)[^|]*(\|.*)$", PAGE, re.MULTILINE)
    claimed = set(re.findall(r"\d[\d.,]*\d|\d", " ".join(rows)))

    assert len(rows) == 2
    assert claimed <= measured


def test_every_picture_is_there_in_both_themes():
    """Whoever reads at night is not blinded, and none is too heavy to wait for."""
    for picture in (ROOT / "docs" / "pictures").glob("*-light.png"):
        with Image.open(picture) as light, Image.open(str(picture).replace("-light", "-dark")) as dark:
            assert abs(light.width - dark.width) <= 2, picture.name
        assert picture.stat().st_size < 400_000, picture.name
