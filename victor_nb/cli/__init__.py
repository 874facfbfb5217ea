"""The terminal face: `victor VERB …`.

1. A face parses words and shows views; what a verb does is decided in `commands`.
2. Exit codes: 0 it worked, 1 it failed, 2 the words made no sense, 130 interrupted.
3. `victor --help` and `victor version` import no heavy library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from victor_nb.cli.face import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; without `argv`, the words of the command line."""
    return run(list(sys.argv[1:] if argv is None else argv))
