"""Examples become code that can be run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.assist.examples import code_in_docstring, code_in_text, with_imports


def test_prompts_and_outputs_go_and_remarks_stay_as_comments() -> None:
    """What is left is what somebody would type, with what was said between."""
    said = ".\n\n>>> a = 1\n>>> a + 1\n2\n\nLarger numbers work too:\n\n>>> a + 10**9\n1000000001\n\nNotes\n-----\n."

    assert code_in_docstring(said) == "a = 1\na + 1\n\n# Larger numbers work too:\na + 10**9"


def test_statements_of_several_lines_stay_whole() -> None:
    """Continuation prompts are no text of the code."""
    assert code_in_docstring(">>> for each in range(2):\n...     print(each)\n0\n1\n") == (
        "for each in range(2):\n    print(each)"
    )


def test_examples_that_fail_on_purpose_or_do_not_parse_are_left_out() -> None:
    """The code runs from its first line to its last."""
    said = ">>> int('a')\nTraceback (most recent call last):\nValueError: a\n>>> f(...,\n>>> x = 1  # doctest: +SKIP\n"

    assert code_in_docstring(said) == "x = 1"


def test_prompts_that_are_not_aligned_are_read_line_by_line() -> None:
    """What doctest refuses is still worth something."""
    assert code_in_docstring(">>> a = 1\n>>>b = 2\n") in ("a = 1\n = 2", "a = 1")
    assert code_in_docstring("  >>> a = 1\n output\n >>> c = [\n ...  3]\n") == "a = 1\nc = [\n 3]"


def test_names_that_everybody_knows_are_imported() -> None:
    """Only those that the code uses and does not define."""
    assert with_imports("pd.DataFrame(np.ones(3))") == (
        "import numpy as np\nimport pandas as pd\n\npd.DataFrame(np.ones(3))"
    )
    assert with_imports("np = 3\nnp + 1") == "np = 3\nnp + 1"
    assert with_imports("import pandas as pd\npd.NA") == "import pandas as pd\npd.NA"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("herds.count", "from herds import count"),
        ("herds.feeding.Feeder.feed", "from herds.feeding import Feeder"),
        ("herds.other.thing", "import herds"),
    ],
)
def test_the_documented_name_is_imported(name: str, line: str) -> None:
    """A function from its module, a method's class from its own, and the package where the code names that."""
    code = {"herds.count": "count([])", "herds.feeding.Feeder.feed": "Feeder().feed('a')"}.get(name, "herds.f()")

    assert with_imports(code, name).splitlines()[0] == line


def test_a_text_gives_its_fences_of_python() -> None:
    """Sessions in them become code, other languages are passed over."""
    text = "# How\n\n```python\nx = 1\n```\n\n```bash\nls\n```\n\n~~~ {code} pycon\n>>> x + 1\n2\n~~~\n"

    assert code_in_text(text) == "x = 1\n\nx + 1"


@given(st.text(alphabet=">. \nab=1'#():\t", max_size=120))
def test_whatever_a_docstring_says_the_code_parses(said: str) -> None:
    """There is no docstring whose code is none."""
    code = code_in_docstring(said)

    compile(code, "example", "exec")
