"""What an engine of words finds as it comes: `python quality_case.py STEM` prints the places for each question."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import engine

DEEP = 100

stem = sys.argv[1]
index = engine.build([json.loads(line) for line in Path(f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()])
queries = json.loads(Path(f"{stem}.queries.json").read_text())
print(json.dumps([index.search(query, DEEP) for query in queries]))
