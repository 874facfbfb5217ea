"""Makes the collection `pydoc`: which function does a sentence of a docstring describe.

`python benchmarks/pydoc_collection.py FOLDER [--packages pandas numpy …] [--documents 6000] [--queries 500]`

A document is a function of an installed package without its docstring; a query is the first sentence of one that was
taken out. What is installed decides what is in it, so figures compare within one run only. The folder gets
`docs.jsonl`, `queries.jsonl` and `qrels.tsv`.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("pandas", "numpy", "scipy", "sklearn")
SHORTEST, LONGEST = 25, 160


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", nargs="+", default=PACKAGES)
    parser.add_argument("--documents", type=int, default=6_000)
    parser.add_argument("--queries", type=int, default=500)
    chosen = parser.parse_args()
    print(make(chosen.folder, tuple(chosen.packages), chosen.documents, chosen.queries))


def make(
    folder: Path,
    packages: tuple[str, ...] = PACKAGES,
    documents: int = 6_000,
    queries: int = 500,
    within: Path | None = None,
) -> dict[str, int]:
    """Write the collection and say how large it is; the packages are those that are installed, or lie `within`."""
    found: dict[str, tuple[str, str, str]] = {}
    for package in packages:
        for name, sentence, code in functions(package, within):
            found.setdefault(sentence, (name, sentence, code))  # a sentence that two functions share has no answer
    chance = random.Random(11)
    chosen = chance.sample(sorted(found.values()), min(documents, len(found)))
    asked = sorted(chance.sample(range(len(chosen)), min(queries, len(chosen))))
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "docs.jsonl", ({"id": str(at), "title": one[0], "text": one[2]} for at, one in enumerate(chosen)))
    write(folder / "queries.jsonl", ({"id": f"q{at}", "text": chosen[at][1]} for at in asked))
    (folder / "qrels.tsv").write_text("".join(f"q{at}\t{at}\t1\n" for at in asked))
    return {"documents": len(chosen), "queries": len(asked)}


def write(path: Path, rows: Iterator[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def functions(package: str, within: Path | None = None) -> Iterator[tuple[str, str, str]]:
    """Names, first sentences and sources without docstring of a package's functions; its tests are left out."""
    spec = find_spec(package) if within is None else None
    for place in [within / package] if within else (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(place).rglob("*.py")):
            if "tests" in file.parts:
                continue
            try:
                tree = ast.parse(file.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
                    sentence = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
                    if SHORTEST <= len(sentence) <= LONGEST:
                        node.body = node.body[1:]
                        yield node.name, sentence, ast.unparse(node)


if __name__ == "__main__":
    main()
