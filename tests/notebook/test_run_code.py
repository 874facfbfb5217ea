"""Running approved code: what is kept, how much of it, and what becomes an artifact."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from victor_nb.notebook.python_cells import LIMIT, Kept, run_code, try_artifact

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell of its own."""
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, code: str) -> Kept:
    kept = run_code(shell, code)
    assert isinstance(kept, Kept)
    return kept


def test_output_is_echoed_and_kept(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """Both streams, each apart."""
    kept = run(shell, "import sys\nprint('out')\nprint('err', file=sys.stderr)")

    assert (kept.stdout, kept.stderr) == ("out\n", "err\n")
    assert capsys.readouterr() == ("out\n", "err\n")


def test_very_long_output_is_cut(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """The person sees all of it, the model is told how much is missing."""
    kept = run(shell, f"print('x' * {LIMIT + 99})")

    assert len(kept.stdout) < LIMIT + 100
    assert kept.stdout.endswith("100 characters more")
    assert len(capsys.readouterr().out) == LIMIT + 100


@pytest.mark.parametrize(("code", "value"), [("x = 3\nx + 1", "4"), ("x = 3", ""), ("3;", ""), ("None", ""), ("", "")])
def test_the_last_expression_is_the_value(shell: InteractiveShell, code: str, value: str) -> None:
    """As in a cell, a semicolon silences it."""
    assert run(shell, code).value == value


def test_magics_work_in_approved_code(shell: InteractiveShell) -> None:
    """The code is IPython's, as the user's own is."""
    assert run(shell, "x = %pwd\nlen(x) > 0").value == "True"


def test_code_that_leaves_does_not_end_the_kernel(shell: InteractiveShell) -> None:
    """sys.exit is an error of the code."""
    assert run(shell, "import sys\nsys.exit(3)").error == "SystemExit: 3"


def test_an_interrupt_leaves(shell: InteractiveShell) -> None:
    """It is meant for the run."""
    with pytest.raises(KeyboardInterrupt):
        run(shell, "raise KeyboardInterrupt")


def test_streams_and_displays_are_put_back(shell: InteractiveShell) -> None:
    """Whatever the code did."""
    before = (sys.stdout, sys.stderr, shell.display_pub.publish)

    run(shell, "1 / 0")

    assert (sys.stdout, sys.stderr, shell.display_pub.publish) == before
    assert "publish" not in vars(shell.display_pub)


def test_no_history_and_no_output_number(shell: InteractiveShell) -> None:
    """Approved code is the agent's doing, not a cell."""
    count = shell.execution_count

    run(shell, "41 + 1")

    assert shell.execution_count == count
    assert shell.user_ns["Out"] == {}


def test_pictures_become_artifacts() -> None:
    """With their text beside them, which is all that a model sees."""
    bundle = {"text/plain": "<Figure>", "image/png": base64.b64encode(PNG).decode()}

    artifact = try_artifact(bundle)

    assert artifact is not None
    assert (artifact.media_type, artifact.data, artifact.text) == ("image/png", PNG, "<Figure>")


@pytest.mark.parametrize(
    ("bundle", "kind"),
    [
        ({"text/plain": "t", "image/svg+xml": "<svg/>"}, "image/svg+xml"),
        ({"text/plain": "t", "text/html": "<b>t</b>"}, "text/html"),
        ({"text/plain": "t"}, "text/plain"),
        ({"text/plain": "t", "application/vnd.jupyter.widget-view+json": {}}, None),
        ({}, None),
    ],
)
def test_the_richest_form_is_kept(bundle: dict[str, object], kind: str | None) -> None:
    """What lives in a browser only is not kept."""
    artifact = try_artifact(bundle)

    assert (artifact.media_type if artifact else None) == kind


def test_a_picture_as_the_value_is_kept_once(shell: InteractiveShell) -> None:
    """The value's text is the result, its picture an artifact, and a table's HTML neither twice."""
    shell.user_ns["PNG"] = PNG
    outcome = run(shell, "from IPython.display import Image\nImage(PNG)").outcome()
    plain = run(shell, "[1, 2]").outcome()

    assert [artifact.media_type for artifact in outcome.artifacts] == ["image/png"]
    assert plain.artifacts == ()
    assert plain.result == "[1, 2]"
