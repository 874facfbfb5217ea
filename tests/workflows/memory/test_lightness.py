"""A memory of words needs no library of numbers."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from victor_nb.journal import open_journal
from victor_nb.workflows import Memory
memory = Memory(open_journal("memory:"))
memory.put(("a",), "k", {"text": "tea"})
assert memory.search(query="tea")
print([name for name in ("numpy", "pandas", "pydantic", "pydantic_ai", "psycopg", "yaml") if name in sys.modules])
"""


def test_words_are_found_without_importing_what_only_meaning_needs():
    """Nothing heavy is loaded before an embedder is used."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)

    assert (done.stderr, done.stdout.strip()) == ("", "[]")
