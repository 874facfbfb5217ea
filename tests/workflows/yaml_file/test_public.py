"""What others import: light until it is used, and listed as it is."""

from __future__ import annotations

import subprocess
import sys

from victor_nb.workflows import yaml_file


def test_importing_the_room_loads_no_yaml_and_no_templates() -> None:
    """A notebook that only draws or runs a workflow made in Python does not wait for them."""
    code = (
        "import sys, victor_nb.workflows, victor_nb.workflows.yaml_file\n"
        "from victor_nb import Workflow\nWorkflow\n"
        "print([name for name in ('yaml', 'jinja2', 'pydantic', 'pandas') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout == "[]\n"


def test_its_public_names_are_real() -> None:
    """Each resolves, and the list is sorted as elsewhere."""
    assert all(getattr(yaml_file, name) is not None for name in yaml_file.__all__)
    assert dir(yaml_file) == yaml_file.__all__
    assert yaml_file.__all__ == sorted(yaml_file.__all__, key=lambda name: (name[0].islower(), name))
