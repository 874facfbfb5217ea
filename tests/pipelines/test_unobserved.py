"""A node whose cache is off is not observed: its kernel has no audit hook, and nothing claims that it was seen."""

from __future__ import annotations

import pytest

from victor_nb.pipelines import notebook

LOOK = """
import gc
from victor_nb import glue
code = [getattr(one, '__code__', None) for one in gc.get_objects()]
glue('observers', sum(getattr(one, 'co_filename', '') == 'victor_observer' for one in code))
open('data.txt').read()
"""


@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_no_observer_is_in_the_kernel_of_a_node_whose_cache_is_off(place, kernels):
    """It would make `id` and the opening of files slower, for nothing that anybody asks for."""
    (place.path / "data.txt").write_text("3")
    place.notebook("look.ipynb", LOOK)

    nodes = [notebook("look.ipynb", "observed"), notebook("look.ipynb", "alone", cache=False, after=[])]
    result = place.run(*nodes, kernels=kernels)

    assert result["observed"]["observers"] > 0
    assert result["alone"]["observers"] == 0


def test_what_was_not_observed_is_not_claimed_to_be_known(place):
    """It runs each time, and says why; with its cache on again it runs once more, for nothing was seen before."""
    (place.path / "data.txt").write_text("3")
    place.notebook("read.ipynb", "open('data.txt').read()")
    off, on = notebook("read.ipynb", cache=False), notebook("read.ipynb")

    place.run(off)
    assert place.run(off).nodes[0].why == "its cache is off"
    assert place.pipeline(off).why() == {"read": "its cache is off"}
    assert place.pipeline(on).why() == {"read": "its cache was off when it ran last"}

    assert place.run(on).nodes[0].why == "its cache was off when it ran last"
    assert place.run(on).nodes[0].status == "cached"
